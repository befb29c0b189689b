internal import CLuaShim

/// What a host function tells Lua to do after it has returned.
public enum LuaResult: Sendable {
    /// Return the last `count` pushed values.
    case values(Int)
    /// Suspend the task: made by ``LuaCall/wait(_:)``.
    case wait
    /// Call the function that was pushed below the last `arguments` values; its results are the results.
    case call(arguments: Int)

    /// Return nothing.
    public static let none = LuaResult.values(0)

    var verdict: shim_verdict {
        switch self {
        case .values(let count): shim_verdict(kind: Int32(SHIM_RETURN.rawValue), count: Int32(count))
        case .wait: shim_verdict(kind: Int32(SHIM_WAIT.rawValue), count: 0)
        case .call(let count): shim_verdict(kind: Int32(SHIM_CALL.rawValue), count: Int32(count))
        }
    }
}

/// A host function as the trampoline finds it by number.
final class HostFunction {
    let name: String
    /// Stack slots before argument 1: one for a method's instance.
    let base: Int32
    let parameters: [LuaParameter]
    let body: (LuaCall) throws(LuaFault) -> LuaResult

    init(
        name: String, base: Int32 = 0, parameters: [LuaParameter] = [],
        body: @escaping (LuaCall) throws(LuaFault) -> LuaResult
    ) {
        self.name = name
        self.base = base
        self.parameters = parameters
        self.body = body
    }
}

/// One call of a host function: its arguments, and ways to answer. Valid only inside the call.
///
/// Arguments are numbered from 1 as declared; the instance of a method is not counted. They were checked against the
/// declaration before, so the plain accessors give what the declaration promises.
public struct LuaCall {
    /// The runtime that is being called from. Not counted, as the function: neither goes while it is called.
    public unowned(unsafe) let runtime: LuaRuntime
    /// Where results are pushed.
    public let stack: LuaStack
    unowned(unsafe) let function: HostFunction

    private var base: Int32 { function.base }
    private var name: String { function.name }

    private func slot(_ argument: Int) -> Int32 { base + Int32(argument) }

    /// The number of declared arguments, given or not.
    public var count: Int { Int(shim_top(stack.L) - base) }

    /// The value of a parameter.
    public subscript<Value>(_ parameter: Parameter<Value>) -> Value { parameter.read(self.argument(for: parameter)) }

    /// The values of a parameter that may be given any number of times, without those that are `nil` where its type is not
    /// ``ParameterType/any``.
    public subscript<Value>(_ parameter: RepeatedParameter<Value>) -> [Value] {
        let first = parameter.first.position
        return (first..<max(count + 1, first)).compactMap { parameter.first.read(argument(at: $0)) }
    }

    /// What was given for a parameter, as it is in Lua.
    public func argument<Value>(for parameter: Parameter<Value>) -> LuaArgument {
        assert(
            function.parameters.count >= parameter.position
                && function.parameters[parameter.position - 1].name == parameter.name,
            "'\(parameter.name)' is no parameter of \(name)")
        return argument(at: parameter.position)
    }

    func argument(at position: Int) -> LuaArgument { LuaArgument(runtime: runtime, stack: stack, slot: slot(position)) }

    /// True when the argument was left out or is `nil`.
    public func isNil(_ argument: Int) -> Bool { shim_type(stack.L, slot(argument)) <= Int32(SHIM_TNIL.rawValue) }

    /// A boolean; `nil` counts as false.
    public func boolean(_ argument: Int) -> Bool { shim_to_boolean(stack.L, slot(argument)) }

    /// A number; nil when left out.
    public func number(_ argument: Int) -> Double? {
        var ok = false
        let value = shim_to_number(stack.L, slot(argument), &ok)
        return ok ? value : nil
    }

    /// A whole number; nil when left out.
    public func integer(_ argument: Int) -> Int? {
        var ok = false
        let value = shim_to_integer(stack.L, slot(argument), &ok)
        return ok ? Int(value) : nil
    }

    /// A string, decoded as UTF-8; bytes that are not are kept (see `ByteText`). Nil when left out.
    public func string(_ argument: Int) -> String? { stack.string(at: slot(argument)) }

    /// The bytes of a string, valid inside `body`; nil is handed in when it was left out.
    public func withBytes<R>(
        _ argument: Int, _ body: (UnsafeRawBufferPointer?) throws(LuaFault) -> R
    ) throws(LuaFault) -> R {
        var length = 0
        guard let bytes = shim_to_bytes(stack.L, slot(argument), &length) else { return try body(nil) }
        return try body(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// The bytes of a string as an array; nil when left out.
    public func bytes(_ argument: Int) -> [UInt8]? {
        var length = 0
        guard let bytes = shim_to_bytes(stack.L, slot(argument), &length) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// The value, held beyond the call; nil when left out.
    public func reference(_ argument: Int) -> LuaReference? {
        if isNil(argument) { return nil }
        shim_push_value(stack.L, slot(argument))
        return LuaReference(popping: stack, runtime: runtime)
    }

    /// The instance; nil when the argument is none.
    public func instance(_ argument: Int) -> LuaInstance? { runtime.instance(at: slot(argument), stack.L) }

    /// The method's own instance.
    public var selfInstance: LuaInstance? { base == 1 ? runtime.instance(at: 1, stack.L) : nil }

    /// Pushes the method's own instance.
    public func pushSelf() { shim_push_value(stack.L, 1) }

    /// Pushes what the method's own instance, or the one that a function got first, keeps in `slot`, or `nil`.
    public func pushKept(_ slot: LuaEvent) { shim_push_handler_at(stack.L, 1, Int32(slot.index)) }

    /// Lua's name of the argument's type.
    public func typeName(_ argument: Int) -> String { runtime.typeName(at: slot(argument), stack.L) }

    /// True for a function and anything else that can be called.
    public func isCallable(_ argument: Int) -> Bool { shim_is_callable(stack.L, slot(argument)) }

    /// True for a string.
    public func isString(_ argument: Int) -> Bool { shim_type(stack.L, slot(argument)) == Int32(SHIM_TSTRING.rawValue) }

    /// True for a table, instances included.
    public func isTable(_ argument: Int) -> Bool { shim_type(stack.L, slot(argument)) == Int32(SHIM_TTABLE.rawValue) }

    /// The strings of a list of strings; nil when it is something else.
    public func strings(_ argument: Int) -> [String]? {
        let table = slot(argument)
        guard shim_type(stack.L, table) == Int32(SHIM_TTABLE.rawValue) else { return nil }
        var strings: [String] = []
        for index in 0..<shim_raw_length(stack.L, table) {
            shim_raw_get_index(stack.L, table, Int64(index) + 1)
            defer { shim_pop(stack.L, 1) }
            guard let string = stack.string(at: -1) else { return nil }
            strings.append(string)
        }
        return strings
    }

    /// The bytes of each string of a list of strings; nil when it is something else.
    public func byteStrings(_ argument: Int) -> [[UInt8]]? {
        let table = slot(argument)
        guard shim_type(stack.L, table) == Int32(SHIM_TTABLE.rawValue) else { return nil }
        var strings: [[UInt8]] = []
        for index in 0..<shim_raw_length(stack.L, table) {
            shim_raw_get_index(stack.L, table, Int64(index) + 1)
            defer { shim_pop(stack.L, 1) }
            var length = 0
            guard let bytes = shim_to_bytes(stack.L, -1, &length) else { return nil }
            strings.append([UInt8](UnsafeRawBufferPointer(start: bytes, count: length)))
        }
        return strings
    }

    /// The first in alphabetical order of the names that are keys of the table argument; nil when it is no table or has none
    /// among its first thousand keys.
    public func firstName(ofTable argument: Int) -> String? {
        let table = slot(argument)
        guard shim_type(stack.L, table) == Int32(SHIM_TTABLE.rawValue) else { return nil }
        var first: String?
        var left = 1_000
        shim_push_nil(stack.L)
        while shim_next(stack.L, table) {
            shim_pop(stack.L, 1)
            if let name = stack.string(at: -1), first.map({ name < $0 }) ?? true { first = name }
            left -= 1
            guard left > 0 else {
                shim_pop(stack.L, 1)
                break
            }
        }
        return first
    }

    /// The string in field `name` of the table argument; nil when it is no table or the field no string.
    public func field(_ argument: Int, _ name: String) -> String? {
        let table = slot(argument)
        guard shim_type(stack.L, table) == Int32(SHIM_TTABLE.rawValue) else { return nil }
        stack.getRaw(table, name)
        defer { shim_pop(stack.L, 1) }
        return stack.string(at: -1)
    }

    /// The number in field `name` of the table argument; nil when it is no table or the field no number.
    public func numberField(_ argument: Int, _ name: String) -> Double? {
        let table = slot(argument)
        guard shim_type(stack.L, table) == Int32(SHIM_TTABLE.rawValue) else { return nil }
        stack.getRaw(table, name)
        defer { shim_pop(stack.L, 1) }
        var ok = false
        let value = shim_to_number(stack.L, -1, &ok)
        return ok ? value : nil
    }

    /// Pushes argument `argument` again.
    public func push(argument: Int) { shim_push_value(stack.L, slot(argument)) }

    /// `tostring` of the argument.
    public func text(_ argument: Int) -> String { stack.text(at: slot(argument)) }

    /// Where the program called this function: "main.lua:12", or "" when that is unknown.
    public var location: String {
        shim_push_where(stack.L, 1)
        defer { shim_pop(stack.L, 1) }
        return String((stack.string(at: -1) ?? "").dropLast(2))
    }

    /// Where the program called this function, and where the functions were called that led there, innermost first: at most
    /// `limit` places.
    public func locations(_ limit: Int32) -> [String] {
        var places: [String] = []
        for level in 1...max(limit, 1) {
            shim_push_where(stack.L, level)
            let place = String((stack.string(at: -1) ?? "").dropLast(2))
            shim_pop(stack.L, 1)
            guard !place.isEmpty else { break }
            // Levels of C and of the host give that of the next one.
            if place != places.last { places.append(place) }
        }
        return places
    }

    /// Whether the calling task can be suspended here; see ``wait(_:)``.
    public var canWait: Bool { shim_can_wait(stack.L) && runtime.running != nil }

    /// The bytes of all arguments that are strings: what an object that keeps them holds more.
    public var stringBytes: Int {
        var bytes = 0
        for argument in 0..<max(count, 0) where isString(argument + 1) {
            bytes += shim_raw_length(stack.L, slot(argument + 1))
        }
        return bytes
    }

    /// The bytes of a string in slices, for work that takes long for a long one: the task's time is looked at before each.
    /// - Parameters:
    ///   - argument: a string; without one `body` is not called.
    ///   - body: gets the slices in order, each of ``sliceBytes`` but the last. Valid inside the call only.
    /// - Throws: ``LuaFault`` when the task has run too long and ends, or what `body` throws.
    public func withSlices(
        _ argument: Int, _ body: (UnsafeRawBufferPointer) throws(LuaFault) -> Void
    ) throws(LuaFault) {
        try withBytes(argument) { (bytes) throws(LuaFault) in
            guard let bytes else { return }
            var start = 0
            while start < bytes.count {
                try checkTime()
                let end = min(start + Self.sliceBytes, bytes.count)
                try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end
            }
        }
    }

    /// The size of a slice of ``withSlices(_:_:)``.
    public static let sliceBytes = 64 << 10

    /// Ends the task when it has run too long: to be called again and again by work that takes long for its arguments.
    /// - Throws: ``LuaFault`` when the task ends. No `pcall` of the program stops it.
    public func checkTime() throws(LuaFault) {
        guard shim_is_over(stack.L) else { return }
        let milliseconds = runtime.limits.taskBurst / .milliseconds(1)
        throw LuaFault(
            .runtimeError,
            "the task ran for \(Int(milliseconds)) ms without a wait and was ended in '\(name)'")
    }

    /// Refuses a result that is larger than a string may be, before it is made: for functions whose result can be larger than
    /// their arguments.
    /// - Parameter bytes: the size that the result would have.
    /// - Throws: ``LuaFault`` of kind ``LuaFault/Kind/valueError`` that names the function, the size and the limit.
    public func checkSize(ofResult bytes: Int) throws(LuaFault) {
        let limit = runtime.limits.stringBytes
        guard limit > 0, bytes > limit else { return }
        throw LuaFault(
            .valueError,
            "resulting string too large: '\(name)' would make \(bytes == .max ? "countless" : "\(bytes)") bytes, the limit is \(limit)"
        )
    }

    // MARK: - Answers

    /// Returns one value.
    public func returning(_ value: some LuaPushable) -> LuaResult {
        stack.push(value)
        return .values(1)
    }

    /// Suspends the calling task until the waiter is resumed.
    /// - Parameter begin: starts what is waited for, and returns how to call it off. It may resume the waiter at once.
    /// - Returns: what the host function must return.
    /// - Throws: ``LuaFault`` when the task cannot wait here: inside a `string.gsub` function, a sort comparator, a
    ///   metamethod that C called, or a finalizer that is being closed.
    public func wait(_ begin: (LuaWaiter) throws(LuaFault) -> (() -> Void)?) throws(LuaFault) -> LuaResult {
        guard shim_can_wait(stack.L), let slot = runtime.running else {
            throw LuaFault(
                .runtimeError,
                "\(name) cannot wait here: inside a function that string.gsub, table.sort or another C function calls, "
                    + "a task cannot be suspended; collect the values first and call \(name) after it")
        }
        slot.waitGeneration += 1
        slot.waitThread = stack.L
        slot.early = nil
        slot.isStartingWait = true
        defer { slot.isStartingWait = false }
        slot.cancelWait = try begin(LuaWaiter(slot: slot, generation: slot.waitGeneration))
        guard let early = slot.early else { return .wait }
        slot.early = nil
        slot.waitGeneration += 1
        slot.waitThread = nil
        slot.cancelWait = nil
        switch early(stack) {
        case .values(let count): return .values(count)
        case .fault(let fault): throw fault
        }
    }
}

extension LuaRuntime {
    func call(_ function: UInt32, _ L: OpaquePointer) -> shim_verdict {
        let declared = functions[Int(function)]
        let call = LuaCall(runtime: self, stack: LuaStack(L), function: declared)
        do throws(LuaFault) {
            return try declared.body(call).verdict
        } catch {
            return fault(error, L)
        }
    }

    func fault(_ fault: LuaFault, _ L: OpaquePointer) -> shim_verdict {
        _ = shim_reserve(L, 8)
        let stack = LuaStack(L)
        stack.push(fault.kind.rawValue)
        stack.push(fault.message)
        return shim_verdict(kind: Int32(SHIM_FAULT.rawValue), count: 2)
    }

    func typeName(at index: Int32, _ L: OpaquePointer) -> String {
        if let instance = instance(at: index, L) { return instance.record.name }
        switch shim_type(L, index) {
        case Int32(SHIM_TNONE.rawValue): return "no value"
        case Int32(SHIM_TNIL.rawValue): return "nil"
        case Int32(SHIM_TBOOLEAN.rawValue): return "boolean"
        case Int32(SHIM_TNUMBER.rawValue): return "number"
        case Int32(SHIM_TSTRING.rawValue): return "string"
        case Int32(SHIM_TTABLE.rawValue): return "table"
        case Int32(SHIM_TFUNCTION.rawValue): return "function"
        case Int32(SHIM_TTHREAD.rawValue): return "coroutine"
        default: return "userdata"
        }
    }

    func instance(at index: Int32, _ L: OpaquePointer) -> LuaInstance? {
        guard let object = shim_object(L, index, nil) else { return nil }
        return Unmanaged<LuaInstance>.fromOpaque(object).takeUnretainedValue()
    }
}
