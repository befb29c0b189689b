internal import ByteText
internal import CLuaShim

extension LuaRuntime {
    /// The text by which a table is stored; see `StoredText`. Nothing of the program runs meanwhile.
    /// - Parameters:
    ///   - table: the table.
    ///   - limit: how many bytes the text may have.
    /// - Throws: ``UnstorableValue`` for the first value that cannot be stored.
    package func storedText(of table: LuaReference, limit: Int) throws(UnstorableValue) -> [UInt8] {
        guard shim_reserve(L, 8) else { return [] }
        let level = StackLevel(L)
        table.push(onto: LuaStack(L))
        let top = shim_top(L)
        defer {
            shim_set_top(L, top - 1)
            level.expect(0)
        }
        var writer = StoredTextWriter(L, limit: limit)
        do throws(StoredTextWriter.Failure) {
            try writer.writeValue()
            return writer.text
        } catch {
            throw UnstorableValue(path: error.shownPath, problem: error.problem)
        }
    }
}

/// Writes the value on top of a Lua stack, which stays there. All tables are read raw.
private struct StoredTextWriter {
    /// What is wrong, and the way there, from the inside to the outside.
    struct Failure: Error {
        let problem: String
        var way: [String] = []

        init(_ problem: String) { self.problem = problem }

        func inside(_ part: String) -> Failure {
            var failure = self
            failure.way.append(part)
            return failure
        }

        var shownPath: String {
            let path = way.reversed().joined()
            return path.hasPrefix(".") ? String(path.dropFirst()) : path
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private let L: OpaquePointer
    private let limit: Int
    private(set) var text: [UInt8] = []
    /// The tables that are being written.
    private var open: [UnsafeRawPointer] = []

    init(_ L: OpaquePointer, limit: Int) {
        self.L = L
        self.limit = limit
    }

    mutating func writeValue() throws(Failure) {
        switch UInt32(bitPattern: shim_type(L, -1)) {
        case UInt32(SHIM_TBOOLEAN.rawValue): add(shim_to_boolean(L, -1) ? "true" : "false")
        case UInt32(SHIM_TNUMBER.rawValue): writeNumber()
        case UInt32(SHIM_TSTRING.rawValue): try writeString()
        case UInt32(SHIM_TTABLE.rawValue): try writeTable()
        case UInt32(SHIM_TFUNCTION.rawValue): throw Failure("is a function, which cannot be stored")
        case UInt32(SHIM_TTHREAD.rawValue): throw Failure("is a coroutine, which cannot be stored")
        default:
            guard shim_is_json_null(L, -1) else { throw Failure("is userdata, which cannot be stored") }
            add("null")
        }
        guard text.count <= limit else { throw tooLarge }
    }

    private var tooLarge: Failure { Failure("is too large to be stored") }

    private mutating func add(_ word: StaticString) {
        text.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    // MARK: - Numbers and strings

    private mutating func writeNumber() {
        var ok = false
        if shim_is_integer(L, -1) {
            text += String(shim_to_integer(L, -1, &ok)).utf8
            return
        }
        let value = shim_to_number(L, -1, &ok)
        if value.isFinite {
            // The shortest digits that give the number back, always with a point or an exponent.
            text += value.description.utf8
            return
        }
        add("{\"$float\":")
        text += (value.isNaN ? "\"nan\"" : value < 0 ? "\"-inf\"" : "\"inf\"").utf8
        add("}")
    }

    private mutating func writeString() throws(Failure) {
        var length = 0
        guard let start = shim_to_bytes(L, -1, &length) else { return }
        // Nothing becomes shorter.
        guard length <= limit - text.count else { throw tooLarge }
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        if Self.isUTF8(bytes) {
            write(bytes)
        } else {
            add("{\"$bytes\":")
            // As the characters of the same numbers.
            var characters: [UInt8] = []
            characters.reserveCapacity(2 * length)
            for byte in bytes {
                if byte < 0x80 {
                    characters.append(byte)
                } else {
                    characters.append(0xC0 | byte >> 6)
                    characters.append(0x80 | byte & 0x3F)
                }
            }
            characters.withUnsafeBytes { write($0) }
            add("}")
        }
    }

    /// Writes UTF-8 in quotes.
    private mutating func write(_ bytes: UnsafeRawBufferPointer) {
        text.append(UInt8(ascii: "\""))
        var from = 0
        for (index, byte) in bytes.enumerated()
        where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F {
            text += bytes[from..<index]
            from = index + 1
            text.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
            case UInt8(ascii: "\n"): text.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\r"): text.append(UInt8(ascii: "r"))
            case UInt8(ascii: "\t"): text.append(UInt8(ascii: "t"))
            default:
                text += [
                    UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), Self.digits[Int(byte >> 4)],
                    Self.digits[Int(byte & 15)],
                ]
            }
        }
        text += bytes[from...]
        text.append(UInt8(ascii: "\""))
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return true }
        return String(validating: bytes, as: UTF8.self) != nil
    }

    // MARK: - Tables

    private mutating func writeTable() throws(Failure) {
        guard let identity = shim_identity(L, -1) else { return }
        guard !open.contains(identity) else { throw Failure("is a table that holds itself, which cannot be stored") }
        guard open.count < StoredBounds.depth, shim_reserve(L, 8) else {
            throw Failure("is more than \(StoredBounds.depth) tables deep, which cannot be stored")
        }
        open.append(identity)
        defer { open.removeLast() }
        let kind = UInt32(bitPattern: shim_table_kind(L, -1))
        switch kind {
        case SHIM_JSON_ARRAY.rawValue: add("{\"$array\":")
        case SHIM_JSON_OBJECT.rawValue: add("{\"$object\":")
        case SHIM_PLAIN_TABLE.rawValue: break
        default:
            throw Failure(
                shim_object(L, -1, nil) != nil
                    ? "is an object of Lectern, which cannot be stored"
                    : "is a table with a metatable, which cannot be stored")
        }
        try writeContent()
        if kind != SHIM_PLAIN_TABLE.rawValue { add("}") }
    }

    private enum Shape { case list, names, pairs }

    private mutating func writeContent() throws(Failure) {
        let count = shim_raw_length(L, -1)
        switch try shape(count) {
        case .list: try writeList(count)
        case .names: try writeMembers { (writer) throws(Failure) in try writer.writeMember() }
        case .pairs:
            add("{\"$table\":")
            try writeMembers(list: true) { (writer) throws(Failure) in try writer.writePair() }
            add("}")
        }
    }

    /// What the table on top, of that length, can be written as.
    private func shape(_ count: Int) throws(Failure) -> Shape {
        var indexes = 0
        var names = 0
        var all = 0
        let table = shim_top(L)
        shim_push_nil(L)
        while shim_next(L, table) {
            shim_pop(L, 1)
            all += 1
            // Each takes two bytes and more: a large table is not gone through to its end.
            guard 2 * all <= limit - text.count else {
                shim_pop(L, 1)
                throw tooLarge
            }
            var ok = false
            if shim_is_integer(L, -1) {
                let index = shim_to_integer(L, -1, &ok)
                if index >= 1 && index <= count { indexes += 1 }
            } else {
                var length = 0
                guard let start = shim_to_bytes(L, -1, &length) else { continue }
                let bytes = UnsafeRawBufferPointer(start: start, count: length)
                if bytes.first != StoredMark.sign, Self.isUTF8(bytes) { names += 1 }
            }
        }
        if all == names { return .names }
        return all == indexes && all == count ? .list : .pairs
    }

    private mutating func writeList(_ count: Int) throws(Failure) {
        let table = shim_top(L)
        text.append(UInt8(ascii: "["))
        for index in 1...max(count, 1) where index <= count {
            if index > 1 { text.append(UInt8(ascii: ",")) }
            shim_raw_get_index(L, table, Int64(index))
            do throws(Failure) { try writeValue() } catch { throw error.inside("[\(index)]") }
            shim_pop(L, 1)
        }
        text.append(UInt8(ascii: "]"))
    }

    /// Writes each member of the table on top by `write`, which finds key and value on top, in order of their texts.
    private mutating func writeMembers(
        list: Bool = false, _ write: (inout StoredTextWriter) throws(Failure) -> Void
    ) throws(Failure) {
        let table = shim_top(L)
        text.append(list ? UInt8(ascii: "[") : UInt8(ascii: "{"))
        let first = text.count
        var members: [Range<Int>] = []
        var isSorted = true
        shim_push_nil(L)
        while shim_next(L, table) {
            let start = text.count
            try write(&self)
            shim_pop(L, 1)
            if isSorted, let last = members.last { isSorted = isBefore(last, start..<text.count) }
            members.append(start..<text.count)
        }
        if !isSorted { members.sort { isBefore($0, $1) } }
        let written = Array(text[first...])
        text.removeSubrange(first...)
        for (index, member) in members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += written[(member.lowerBound - first)..<(member.upperBound - first)]
        }
        text.append(list ? UInt8(ascii: "]") : UInt8(ascii: "}"))
    }

    private func isBefore(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        text.withUnsafeBytes { text in
            let a = UnsafeRawBufferPointer(rebasing: text[a])
            let b = UnsafeRawBufferPointer(rebasing: text[b])
            return a.lexicographicallyPrecedes(b)
        }
    }

    private mutating func writeMember() throws(Failure) {
        // An error leaves what is being written on the stack: the key is found by its place.
        let key = shim_top(L) - 1
        shim_push_value(L, key)
        try writeString()
        shim_pop(L, 1)
        text.append(UInt8(ascii: ":"))
        do throws(Failure) { try writeValue() } catch { throw error.inside(keyPath(key)) }
    }

    private mutating func writePair() throws(Failure) {
        let key = shim_top(L) - 1
        text.append(UInt8(ascii: "["))
        shim_push_value(L, key)
        do throws(Failure) { try writeKey() } catch { throw error.inside(keyPath(key)) }
        shim_pop(L, 1)
        text.append(UInt8(ascii: ","))
        do throws(Failure) { try writeValue() } catch { throw error.inside(keyPath(key)) }
        text.append(UInt8(ascii: "]"))
    }

    private mutating func writeKey() throws(Failure) {
        guard shim_identity(L, -1) == nil, !shim_is_callable(L, -1) else {
            throw Failure("is a key that cannot be stored: keys are strings, numbers and booleans")
        }
        try writeValue()
    }

    /// The step to the member whose key is at `index`, as a program would write it.
    private func keyPath(_ index: Int32) -> String {
        var length = 0
        if let start = shim_to_bytes(L, index, &length) {
            let name = String(rawBytes: UnsafeRawBufferPointer(start: start, count: min(length, 60))).showingRawBytes
            if length <= 60, name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil { return "." + name }
            let shown = name.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : String($0) }.joined()
            return "['\(shown)\(length > 60 ? "…" : "")']"
        }
        let stack = LuaStack(L)
        switch UInt32(bitPattern: shim_type(L, index)) {
        case UInt32(SHIM_TNUMBER.rawValue), UInt32(SHIM_TBOOLEAN.rawValue): return "[\(stack.text(at: index))]"
        case UInt32(SHIM_TTABLE.rawValue): return "[a table]"
        case UInt32(SHIM_TFUNCTION.rawValue): return "[a function]"
        default: return "[an object]"
        }
    }
}
