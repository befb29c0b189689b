public import HSMS
public import LuaRuntime

// The types of the Lua language server for what the calls of HSMS and GEM take and give.

/// A value that becomes an item, or that an item is given as: one too large to be a value stays an item.
let secsValueType = "string|number|boolean|table|SecsItem"
/// An identifier of GEM.
let secsIdentifierType = "integer|string"
/// Identifiers of GEM, or one.
let secsIdentifierListType = "integer|string|(integer|string)[]"

// Values of SECS-II from and to Lua.

extension SecsItem {
    /// The item that a program's value is.
    /// - Parameter format: the item's format; without it the value decides.
    /// - Throws: ``LuaFault`` when the value has no place in SECS-II or in the format, or is nested too deep for it.
    init(_ value: LuaValue, as format: SecsFormat? = nil) throws(LuaFault) {
        if case .instance(let instance) = value, let item = (instance.object as? LuaSecsItem)?.item {
            guard let format, format != item.format else {
                self = item
                return
            }
            try self.init(plain: try item.plainValue(), as: format)
        } else if case .list(let values) = value, format == nil || format == .list {
            // Each entry may be an item with a format of its own.
            var items: [SecsItem] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try SecsItem(value)) }
            guard items.allSatisfy({ $0.depth < SecsLimits.deepest }) else {
                throw LuaFault(.valueError, "SECS-II: \(SecsEncodingError.tooDeep)")
            }
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

    /// The content without its format, unless it is too large for that.
    fileprivate func plainValue() throws(LuaFault) -> SecsValue {
        try checked { () throws(SecsEncodingError) in try checkValues() }
        return value
    }

    /// Does something that the item may be too large for.
    func checked<Value>(_ body: () throws(SecsEncodingError) -> Value) throws(LuaFault) -> Value {
        do throws(SecsEncodingError) {
            return try body()
        } catch {
            throw LuaFault(.valueError, "SecsItem \(format.name): \(error)")
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
            self = try item.plainValue()
        case .none: throw LuaFault(.typeError, "SECS-II has no place for nil")
        case .fields: throw LuaFault(.typeError, "SECS-II has no place for a table that is no list: its keys have gaps")
        case .other(let type): throw LuaFault(.typeError, "SECS-II has no place for a \(type)")
        }
    }
}

/// An item as a value of Lua: a string, number, boolean or list. An integer beyond those of Lua becomes a float.
///
/// One with more values than a table should have (``SecsLimits/mostItems``) stays a SecsItem, so that nothing of what
/// a peer sends is lost.
struct PlainItem: LuaPushable {
    let item: SecsItem?
    let runtime: LuaRuntime

    init(_ item: SecsItem?, _ runtime: LuaRuntime) {
        self.item = item
        self.runtime = runtime
    }

    func push(onto stack: LuaStack) {
        guard let item else { return stack.pushNil() }
        do throws(SecsEncodingError) {
            try item.checkValues()
        } catch {
            runtime.instance(for: LuaSecsItem(item, of: runtime), class: "SecsItem").push(onto: stack)
            return
        }
        Self.push(item, onto: stack)
    }

    /// The recursion has an end: the depth was checked.
    private static func push(_ item: SecsItem, onto stack: LuaStack) {
        switch item.content {
        case .list(let items):
            // Lua's stack has room for a million values; an item has at most 256 lists inside one another.
            guard stack.reserve(4) else { return stack.pushNil() }
            stack.push(list: items) { push($0, onto: $1) }
        case .binary(let bytes), .ascii(let bytes), .jis8(let bytes): stack.push(bytes)
        case .localized(let text): stack.push(text?.bytes ?? [])
        case .boolean(let values): push(values, onto: stack) { $1.push($0) }
        case .f4(let values): push(values, onto: stack) { $1.push(Double($0)) }
        case .f8(let values): push(values, onto: stack) { $1.push($0) }
        case .u8(let values):
            push(values, onto: stack) { value, stack in
                Int(exactly: value).map(stack.push) ?? stack.push(Double(value))
            }
        case .u1(let values): push(values, onto: stack) { $1.push(Int($0)) }
        case .u2(let values): push(values, onto: stack) { $1.push(Int($0)) }
        case .u4(let values): push(values, onto: stack) { $1.push(Int($0)) }
        case .i1(let values): push(values, onto: stack) { $1.push(Int($0)) }
        case .i2(let values): push(values, onto: stack) { $1.push(Int($0)) }
        case .i4(let values): push(values, onto: stack) { $1.push(Int($0)) }
        case .i8(let values): push(values, onto: stack) { $1.push(Int($0)) }
        }
    }

    /// One value stands for itself; none or several are a list.
    private static func push<Value>(_ values: [Value], onto stack: LuaStack, each: (Value, LuaStack) -> Void) {
        if values.count == 1 { each(values[0], stack) } else { stack.push(list: values, each: each) }
    }
}

extension LuaCall {
    /// An item as a value of Lua, for a program that asks for exactly that.
    /// - Throws: ``LuaFault`` when it has too many values.
    func plain(_ item: SecsItem?) throws(LuaFault) -> PlainItem {
        if let item { try item.checked { () throws(SecsEncodingError) in try item.checkValues() } }
        return PlainItem(item, runtime)
    }
}

extension SecsText: LuaPushable {
    /// Pushes the bytes.
    public func push(onto stack: LuaStack) { stack.push(bytes) }
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
        case .string(let bytes): self = .text(SecsText(bytes))
        default:
            throw LuaFault(
                .valueError, "argument '\(parameter)' must be an identifier: a whole number from 0, or a string")
        }
    }
}

extension LuaCall {
    /// A string as the bytes of a text; empty when left out.
    func secsText(_ argument: Int) -> SecsText { SecsText(bytes(argument) ?? []) }

    /// A list of strings; nil when it is something else.
    func secsTexts(_ argument: Int) -> [SecsText]? { byteStrings(argument)?.map { SecsText($0) } }

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
