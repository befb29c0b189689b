internal import CLuaShim

/// One argument of a call, as it is in Lua. Valid only inside the call.
public struct LuaArgument: LuaPushable {
    /// Not counted: it does not go while it is called. Not `unowned(unsafe)`, which counts each time that it is copied.
    let uncountedRuntime: Unmanaged<LuaRuntime>
    let stack: LuaStack
    /// Where it is on the stack.
    let slot: Int32

    private var runtime: LuaRuntime { uncountedRuntime.takeUnretainedValue() }
    private var L: OpaquePointer { stack.L }
    private var type: Int32 { shim_type(L, slot) }

    // MARK: - What it is

    /// True when it was left out or is `nil`.
    public var isNil: Bool { type <= Int32(SHIM_TNIL.rawValue) }

    /// True for a function and anything else that can be called.
    public var isCallable: Bool { shim_is_callable(L, slot) }

    /// True for a string.
    public var isString: Bool { type == Int32(SHIM_TSTRING.rawValue) }

    /// True for a table, instances included.
    public var isTable: Bool { type == Int32(SHIM_TTABLE.rawValue) }

    /// Lua's name of its type; for an instance, that of its class.
    public var typeName: String { runtime.typeName(at: slot, L) }

    // MARK: - Its value

    /// A boolean; `nil` counts as false.
    public var boolean: Bool { shim_to_boolean(L, slot) }

    /// A number; nil when it is none.
    public var number: Double? {
        var ok = false
        let value = shim_to_number(L, slot, &ok)
        return ok ? value : nil
    }

    /// A whole number; nil when it is none.
    public var integer: Int? {
        var ok = false
        let value = shim_to_integer(L, slot, &ok)
        return ok ? Int(value) : nil
    }

    /// A string, decoded as UTF-8; bytes that are not are kept (see `ByteText`). Nil when it is none.
    public var string: String? { stack.string(at: slot) }

    /// The bytes of a string as an array; nil when it is none.
    public var bytes: [UInt8]? {
        var length = 0
        guard let bytes = shim_to_bytes(L, slot, &length) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// The bytes of a string, valid inside `body`; nil is handed in when it is none.
    public func withBytes<R, Failure: Error>(
        _ body: (UnsafeRawBufferPointer?) throws(Failure) -> R
    ) throws(Failure) -> R {
        var length = 0
        guard let bytes = shim_to_bytes(L, slot, &length) else { return try body(nil) }
        return try body(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// How many bytes a string has; 0 for anything else.
    public var byteCount: Int { isString ? shim_raw_length(L, slot) : 0 }

    /// The value, held beyond the call; nil when it was left out.
    public var reference: LuaReference? {
        if isNil { return nil }
        shim_push_value(L, slot)
        return LuaReference(popping: stack, runtime: runtime)
    }

    /// The instance; nil when it is none.
    public var instance: LuaInstance? { runtime.instance(at: slot, L) }

    /// What `tostring` gives.
    public var text: String { stack.text(at: slot) }

    /// Pushes it again, onto the stack of its call.
    public func push(onto stack: LuaStack) {
        assert(stack.L == self.stack.L, "an argument is pushed onto the stack of another call")
        shim_push_value(L, slot)
    }

    // MARK: - Tables

    /// The strings of a list of strings; nil when it is something else.
    public var strings: [String]? { list { $0.string(at: -1) } }

    /// The bytes of each string of a list of strings; nil when it is something else.
    public var byteStrings: [[UInt8]]? {
        list { stack in stack.withBytes(at: -1) { $0.map { [UInt8]($0) } } }
    }

    private func list<Element>(_ element: (LuaStack) -> Element?) -> [Element]? {
        guard isTable else { return nil }
        let level = StackLevel(L)
        defer { level.expect(0) }
        var elements: [Element] = []
        for index in 0..<shim_raw_length(L, slot) {
            shim_raw_get_index(L, slot, Int64(index) + 1)
            defer { shim_pop(L, 1) }
            guard let next = element(stack) else { return nil }
            elements.append(next)
        }
        return elements
    }

    /// The string in field `name` of a table; nil when it is no table or the field no string.
    public func stringField(_ name: String) -> String? {
        guard isTable else { return nil }
        stack.getRaw(slot, name)
        defer { shim_pop(L, 1) }
        return stack.string(at: -1)
    }

    /// The first in alphabetical order of the names that are keys of a table; nil when it is no table or has none among
    /// its first thousand keys.
    public var firstName: String? {
        guard isTable else { return nil }
        let level = StackLevel(L)
        defer { level.expect(0) }
        var first: String?
        var left = 1_000
        shim_push_nil(L)
        while shim_next(L, slot) {
            shim_pop(L, 1)
            if let name = stack.string(at: -1), first.map({ name < $0 }) ?? true { first = name }
            left -= 1
            guard left > 0 else {
                shim_pop(L, 1)
                break
            }
        }
        return first
    }
}
