internal import CLuaShim

/// A value that a program handed in, read in one go: numbers, texts, and lists of them.
public enum LuaValue {
    /// `nil`.
    case none
    /// `true` or `false`.
    case boolean(Bool)
    /// An integer.
    case integer(Int)
    /// A float.
    case number(Double)
    /// A string's bytes.
    case string([UInt8])
    /// A table whose keys are 1, 2, … without a gap.
    case list([LuaValue])
    /// A table with other keys; in no particular order.
    case fields([(key: LuaValue, value: LuaValue)])
    /// An instance of a declared class.
    case instance(LuaInstance)
    /// Anything else: the name of its type.
    case other(String)
}

extension LuaCall {
    /// The most tables inside one another that ``value(of:)`` reads.
    public static var deepestValue: Int { 64 }

    /// The most values that ``value(of:)`` reads, tables included.
    public static var mostValues: Int { 1_000_000 }

    /// The most bytes of strings inside tables that ``value(of:)`` reads: 64 MiB.
    public static var mostValueBytes: Int { 64 << 20 }

    /// What ``value(of:)`` may still read: a table that is in others many times is read each time anew.
    private struct Room {
        var values = LuaCall.mostValues
        var bytes = LuaCall.mostValueBytes
    }

    /// What was given for a parameter, with everything in it.
    /// - Throws: ``LuaFault`` when tables are nested deeper than ``deepestValue``, as those that contain themselves
    ///   are, or hold more than ``mostValues`` or ``mostValueBytes``, or the task has run too long and ends.
    public func value<Value>(of parameter: Parameter<Value>) throws(LuaFault) -> LuaValue {
        try value(of: argument(for: parameter))
    }

    private func value(of argument: LuaArgument) throws(LuaFault) -> LuaValue {
        stack.push(argument)
        defer { stack.pop() }
        var room = Room()
        return try topValue(depth: 0, &room)
    }

    private func topValue(depth: Int, _ room: inout Room) throws(LuaFault) -> LuaValue {
        room.values -= 1
        if room.values & 0x3FF == 0 { try checkTime() }
        guard room.values >= 0 else {
            throw LuaFault(.valueError, "tables hold more than \(Self.mostValues) values")
        }
        let L = stack.L
        let index = shim_top(L)
        switch shim_type(L, index) {
        case Int32(SHIM_TNONE.rawValue), Int32(SHIM_TNIL.rawValue): return .none
        case Int32(SHIM_TBOOLEAN.rawValue): return .boolean(shim_to_boolean(L, index))
        case Int32(SHIM_TNUMBER.rawValue): return number(at: index)
        case Int32(SHIM_TSTRING.rawValue):
            if depth > 0 {
                room.bytes -= shim_raw_length(L, index)
                guard room.bytes >= 0 else {
                    throw LuaFault(.valueError, "tables hold strings of more than \(Self.mostValueBytes) bytes")
                }
            }
            return .string(bytes(at: index))
        case Int32(SHIM_TTABLE.rawValue):
            if let instance = runtime.instance(at: index, L) { return .instance(instance) }
            guard depth < Self.deepestValue, stack.reserve(8) else {
                throw LuaFault(
                    .valueError, "tables are nested deeper than \(Self.deepestValue); does one contain itself?")
            }
            let level = StackLevel(stack)
            let value = try table(at: index, depth: depth + 1, &room)
            level.expect(0, by: "table(at:depth:_:)")
            return value
        default: return .other(runtime.typeName(at: index, L))
        }
    }

    /// Lua keeps whole floats apart from integers.
    private func number(at index: Int32) -> LuaValue {
        var ok = false
        let number = shim_to_number(stack.L, index, &ok)
        return shim_is_integer(stack.L, index)
            ? .integer(Int(shim_to_integer(stack.L, index, &ok))) : .number(number)
    }

    private func bytes(at index: Int32) -> [UInt8] {
        stack.withBytes(at: index) { bytes in bytes.map { [UInt8]($0) } ?? [] }
    }

    private func table(at index: Int32, depth: Int, _ room: inout Room) throws(LuaFault) -> LuaValue {
        let L = stack.L
        let length = shim_raw_length(L, index)
        var listed = 0
        var others = 0
        shim_push_nil(L)
        while shim_next(L, index) {
            shim_pop(L, 1)
            var isInteger = false
            let key = shim_to_integer(L, -1, &isInteger)
            if isInteger, (1...Int64(max(length, 1))).contains(key) { listed += 1 } else { others += 1 }
        }
        guard room.values >= listed + others else {
            throw LuaFault(.valueError, "tables hold more than \(Self.mostValues) values")
        }
        guard others == 0, listed == length else { return .fields(try fields(at: index, depth: depth, &room)) }
        var values: [LuaValue] = []
        values.reserveCapacity(length)
        for position in 0..<length {
            shim_raw_get_index(L, index, Int64(position) + 1)
            defer { shim_pop(L, 1) }
            values.append(try topValue(depth: depth, &room))
        }
        return .list(values)
    }

    private func fields(
        at index: Int32, depth: Int, _ room: inout Room
    ) throws(LuaFault) -> [(key: LuaValue, value: LuaValue)] {
        let L = stack.L
        var fields: [(key: LuaValue, value: LuaValue)] = []
        shim_push_nil(L)
        while shim_next(L, index) {
            let value = try topValue(depth: depth, &room)
            shim_pop(L, 1)
            fields.append((try topValue(depth: depth, &room), value))
        }
        return fields
    }
}
