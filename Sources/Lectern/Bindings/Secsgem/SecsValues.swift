public import HSMS
public import LuaRuntime

// Values of SECS-II from and to Lua.

extension SecsItem {
    /// The item that a program's value is.
    /// - Parameter format: the item's format; without it the value decides.
    /// - Throws: ``LuaFault`` when the value has no place in SECS-II or in the format.
    init(_ value: LuaValue, as format: SecsFormat? = nil) throws(LuaFault) {
        if case .instance(let instance) = value, let item = (instance.object as? LuaSecsItem)?.item {
            guard let format, format != item.format else {
                self = item
                return
            }
            try self.init(plain: item.value, as: format)
        } else if case .list(let values) = value, format == nil || format == .list {
            // Each entry may be an item with a format of its own.
            var items: [SecsItem] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try SecsItem(value)) }
            self = .list(items)
        } else {
            try self.init(plain: try SecsValue(value), as: format)
        }
    }

    private init(plain value: SecsValue, as format: SecsFormat?) throws(LuaFault) {
        do throws(SecsValueError) {
            try self.init(value, as: format)
        } catch {
            throw LuaFault(.valueError, "SECS-II: \(error)")
        }
    }
}

extension SecsValue {
    init(_ value: LuaValue) throws(LuaFault) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(Int64(value))
        case .number(let value): self = .number(value)
        case .string(let bytes): self = .bytes(bytes)
        case .list(let values):
            var list: [SecsValue] = []
            list.reserveCapacity(values.count)
            for value in values { list.append(try SecsValue(value)) }
            self = .list(list)
        case .instance(let instance):
            guard let item = (instance.object as? LuaSecsItem)?.item else {
                throw LuaFault(.typeError, "SECS-II has no place for a \(instance.describe())")
            }
            self = item.value
        case .none: throw LuaFault(.typeError, "SECS-II has no place for nil")
        case .fields: throw LuaFault(.typeError, "SECS-II has no place for a table that is no list: its keys have gaps")
        case .other(let type): throw LuaFault(.typeError, "SECS-II has no place for a \(type)")
        }
    }
}

extension SecsValue: LuaPushable {
    /// Pushes a string, number, boolean or list. An integer beyond those of Lua becomes a float.
    public func push(onto stack: LuaStack) {
        switch self {
        case .bytes(let bytes): stack.push(bytes)
        case .boolean(let value): stack.push(value)
        case .integer(let value): stack.push(Int(value))
        case .unsigned(let value): stack.push(Double(value))
        case .number(let value): stack.push(value)
        case .list(let values):
            // Decoded items are at most 64 lists deep, so there always is room in fact.
            guard stack.reserve(4) else { return stack.pushNil() }
            stack.push(list: values) { $1.push($0) }
        }
    }
}

extension GemID: LuaPushable {
    /// Pushes a number or a string.
    public func push(onto stack: LuaStack) {
        switch self {
        case .number(let number): Int(exactly: number).map(stack.push) ?? stack.push(Double(number))
        case .text(let text): stack.push(text)
        }
    }

    /// The identifier that a program gave.
    init(_ value: LuaValue, _ parameter: String) throws(LuaFault) {
        switch value {
        case .integer(let number) where number >= 0: self = .number(UInt64(number))
        case .string(let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
        default:
            throw LuaFault(
                .valueError, "argument '\(parameter)' must be an identifier: a whole number from 0, or a string")
        }
    }
}

extension LuaCall {
    /// An identifier; nil when left out.
    func identifier(_ argument: Int, _ parameter: String) throws(LuaFault) -> GemID? {
        isNil(argument) ? nil : try GemID(try value(argument), parameter)
    }

    /// A list of identifiers, or one alone; none when left out.
    func identifiers(_ argument: Int, _ parameter: String) throws(LuaFault) -> [GemID] {
        switch try value(argument) {
        case .none: return []
        case .list(let values):
            var ids: [GemID] = []
            for value in values { ids.append(try GemID(value, parameter)) }
            return ids
        case let value: return [try GemID(value, parameter)]
        }
    }

    /// An item; nil when left out.
    func item(_ argument: Int) throws(LuaFault) -> SecsItem? {
        isNil(argument) ? nil : try SecsItem(try value(argument))
    }
}

extension LuaFault {
    /// A declaration that equipment refused.
    init(_ error: GemDeclarationError) { self.init(.valueError, error.description) }
}
