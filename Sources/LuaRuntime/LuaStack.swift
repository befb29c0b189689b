internal import ByteText
internal import CLuaShim

/// The Lua stack of one coroutine, as host code sees it: values can be pushed, nothing can raise.
///
/// Valid only inside the call that handed it out.
public struct LuaStack {
    package let L: OpaquePointer

    package init(_ L: OpaquePointer) { self.L = L }

    /// Makes room for `count` more values; false when there is none. A call begins with room for 20.
    package func reserve(_ count: Int) -> Bool { shim_reserve(L, Int32(clamping: count)) }

    /// Removes the top `count` values.
    package func pop(_ count: Int = 1) { shim_pop(L, Int32(count)) }

    /// Removes the value at `index`.
    package func remove(at index: Int32) { shim_remove(L, index) }

    /// The bytes of the string at `index`, valid inside `body`; nil is handed in for any other type.
    package func withBytes<R>(at index: Int32, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        var length = 0
        guard let bytes = shim_to_bytes(L, index, &length) else { return body(nil) }
        return body(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// Pushes `nil`.
    public func pushNil() { shim_push_nil(L) }

    /// Pushes a boolean.
    public func push(_ value: Bool) { shim_push_boolean(L, value) }

    /// Pushes an integer.
    public func push(_ value: Int) { shim_push_integer(L, Int64(value)) }

    /// Pushes a float.
    public func push(_ value: Double) { shim_push_number(L, value) }

    /// Pushes the bytes of a string: its UTF-8, and those that it keeps as they are (see `ByteText`).
    public func push(_ value: String) {
        value.withRawBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { shim_push_bytes(L, $0.baseAddress ?? Self.noBytes, $0.count) }
        }
    }

    /// Pushes a string of these bytes.
    public func push(_ bytes: UnsafeRawBufferPointer) {
        bytes.withMemoryRebound(to: CChar.self) { shim_push_bytes(L, $0.baseAddress ?? Self.noBytes, $0.count) }
    }

    /// Pushes a string of these bytes.
    public func push(_ bytes: [UInt8]) { bytes.withUnsafeBytes { push($0) } }

    /// Pushes what `value` pushes: always exactly one value.
    public func push(_ value: some LuaPushable) {
        let level = StackLevel(self)
        value.push(onto: self)
        level.expect(1, by: "\(type(of: value)).push(onto:)")
    }

    /// Pushes a list of what the elements push.
    public func push<Elements: Sequence>(list elements: Elements, each: (Elements.Element, LuaStack) -> Void) {
        shim_push_table(L, 0, 0)
        let level = StackLevel(self)
        var index: Int64 = 0
        for element in elements {
            index += 1
            each(element, self)
            level.expect(1, by: "what pushes an element of a list")
            shim_raw_set_index(L, -2, index)
        }
    }

    /// Sets a field of the table on top to the value that `value` pushes.
    public func set(_ name: String, _ value: some LuaPushable) {
        push(value)
        setTop(name)
    }

    /// Pushes an empty table with room for `fields` fields.
    public func pushTable(fields: Int = 0) { shim_push_table(L, 0, Int32(fields)) }

    /// Sets field `name` of the table below the top to the value on top, which it pops.
    package func setTop(_ name: String) {
        name.withRawBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                shim_raw_set_name(L, -2, $0.baseAddress ?? Self.noBytes, $0.count)
            }
        }
    }

    /// Sets the field of the table on top whose name has these bytes to the value that `value` pushes.
    public func set(_ name: [UInt8], _ value: some LuaPushable) {
        push(value)
        name.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                shim_raw_set_name(L, -2, $0.baseAddress ?? Self.noBytes, $0.count)
            }
        }
    }

    /// Pushes field `name` of the table at `index`, without metamethods; returns its type.
    @discardableResult
    package func getRaw(_ index: Int32, _ name: String) -> Int32 {
        name.withRawBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                shim_raw_get_name(L, index, $0.baseAddress ?? Self.noBytes, $0.count)
            }
        }
    }

    /// The string at `index`, decoded as UTF-8; bytes that are not are kept (see `ByteText`). Nil for any other type.
    package func string(at index: Int32) -> String? {
        var length = 0
        guard let bytes = shim_to_bytes(L, index, &length) else { return nil }
        return String(rawBytes: UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// `tostring` of the value at `index`.
    package func text(at index: Int32) -> String {
        shim_to_text(L, index)
        defer { shim_pop(L, 1) }
        return string(at: -1) ?? ""
    }

    /// The content of the table at `index` as text for people; nil for what has a text of its own.
    package func content(at index: Int32) -> String? {
        guard shim_show_table(L, index) else { return nil }
        defer { shim_pop(L, 1) }
        return string(at: -1)
    }

    /// Lua wants an address even for no bytes.
    static var noBytes: UnsafePointer<CChar> { emptyBytes }
}

/// One readable byte, for the empty string's address.
private nonisolated(unsafe) let emptyBytes: UnsafePointer<CChar> = {
    // Allocated once for the life of the process and never written again.
    let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    byte.initialize(to: 0)
    return UnsafePointer(byte)
}()

/// A Swift value that can become one Lua value.
public protocol LuaPushable {
    /// Pushes exactly one value.
    func push(onto stack: LuaStack)
    /// Bytes of memory that the value keeps while it waits to be pushed, beside its own few; 0 unless said otherwise.
    var heldBytes: Int { get }
}

extension LuaPushable {
    /// Nothing worth counting.
    public var heldBytes: Int { 0 }
}

extension Bool: LuaPushable {
    /// Pushes a boolean.
    public func push(onto stack: LuaStack) { stack.push(self) }
}

extension Int: LuaPushable {
    /// Pushes an integer.
    public func push(onto stack: LuaStack) { stack.push(self) }
}

extension Double: LuaPushable {
    /// Pushes a float.
    public func push(onto stack: LuaStack) { stack.push(self) }
}

extension String: LuaPushable {
    /// Its UTF-8 bytes.
    public var heldBytes: Int { utf8.count }

    /// Pushes the bytes.
    public func push(onto stack: LuaStack) { stack.push(self) }
}

extension Array: LuaPushable where Element: LuaPushable {
    /// What its elements keep.
    public var heldBytes: Int { reduce(0) { $0 + 16 + $1.heldBytes } }

    /// Pushes a list.
    public func push(onto stack: LuaStack) { stack.push(list: self) { $1.push($0) } }
}

extension Optional: LuaPushable where Wrapped: LuaPushable {
    /// What the value keeps.
    public var heldBytes: Int { self?.heldBytes ?? 0 }

    /// Pushes the value, or `nil`.
    public func push(onto stack: LuaStack) {
        if let value = self { value.push(onto: stack) } else { stack.pushNil() }
    }
}

/// Lua's `nil`.
public struct LuaNil: LuaPushable {
    /// The one `nil`.
    public init() {}

    /// Pushes `nil`.
    public func push(onto stack: LuaStack) { stack.pushNil() }
}
