internal import CLuaShim

extension LuaRuntime {
    /// The table that a text stands for; see `StoredText`.
    /// - Throws: ``StoredTextDamage`` when it is no such text.
    package func table(fromStored text: [UInt8]) throws(StoredTextDamage) -> LuaReference {
        let stack = LuaStack(L)
        guard shim_reserve(L, 8) else { throw StoredTextDamage("there is no room for it", at: 0) }
        let level = StackLevel(L)
        let top = shim_top(L)
        var reader = StoredTextReader(stack, text)
        do throws(StoredTextDamage) {
            try reader.readWhole()
            guard shim_type(L, -1) == Int32(SHIM_TTABLE.rawValue) else {
                throw StoredTextDamage("a table should be", at: 0)
            }
        } catch {
            shim_set_top(L, top)
            throw error
        }
        level.expect(1)
        return LuaReference(popping: stack, runtime: self)
    }
}

/// Reads a stored text and pushes what it stands for.
private struct StoredTextReader {
    private let stack: LuaStack
    private var L: OpaquePointer { stack.L }
    private var scanner: StoredTextScanner

    init(_ stack: LuaStack, _ text: [UInt8]) {
        self.stack = stack
        scanner = StoredTextScanner(text)
    }

    mutating func readWhole() throws(StoredTextDamage) {
        try readValue()
        try scanner.expectEnd()
    }

    /// [0, +1]
    private mutating func readValue() throws(StoredTextDamage) {
        switch try scanner.next() {
        case .object: try readObject()
        case .array: try readList()
        case .string: stack.push(try scanner.string())
        case .number: try readNumber()
        case .word(let word):
            switch word {
            case .null: shim_push_json_null(L)
            case .true: stack.push(true)
            case .false: stack.push(false)
            }
        }
    }

    private func makeRoom() throws(StoredTextDamage) {
        guard shim_reserve(L, 8) else { throw StoredTextDamage("there is no room for more", at: scanner.position) }
    }

    private mutating func readNumber() throws(StoredTextDamage) {
        let start = scanner.position
        let digits = try scanner.number()
        if digits.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }), let integer = Int(digits)
        {
            stack.push(integer)
        } else if let float = Double(digits), float.isFinite {
            stack.push(float)
        } else {
            throw StoredTextDamage("a number is too large", at: start)
        }
    }

    /// [0, +1] behind the bracket
    private mutating func readList() throws(StoredTextDamage) {
        try makeRoom()
        stack.pushTable()
        var index: Int64 = 0
        while try scanner.hasElement(isFirst: index == 0) {
            index += 1
            try readValue()
            shim_raw_set_index(L, -2, index)
        }
    }

    /// [0, +1] behind the brace
    private mutating func readObject() throws(StoredTextDamage) {
        try makeRoom()
        stack.pushTable()
        var isFirst = true
        while try scanner.hasMember(isFirst: isFirst) {
            let start = scanner.position
            let name = try scanner.name()
            if name.first == StoredMark.sign {
                guard isFirst, let mark = StoredMark(rawValue: String(decoding: name, as: UTF8.self)) else {
                    throw StoredTextDamage("a name that begins with a $ has no meaning", at: start)
                }
                shim_pop(L, 1)
                try readMarked(mark)
                guard try !scanner.hasMember(isFirst: false) else {
                    throw StoredTextDamage("no other member should be", at: scanner.position)
                }
                return
            }
            isFirst = false
            try readValue()
            name.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    shim_raw_set_name(L, -2, $0.baseAddress ?? LuaStack.noBytes, $0.count)
                }
            }
        }
    }

    /// [0, +1] the value of the one member
    private mutating func readMarked(_ mark: StoredMark) throws(StoredTextDamage) {
        let start = scanner.position
        switch mark {
        case .float:
            switch String(decoding: try scanner.stringValue(), as: UTF8.self) {
            case "inf": stack.push(Double.infinity)
            case "-inf": stack.push(-Double.infinity)
            case "nan": stack.push(Double.nan)
            default: throw StoredTextDamage("one of inf, -inf, nan should be", at: start)
            }
        case .bytes:
            var bytes: [UInt8] = []
            for scalar in String(decoding: try scanner.stringValue(), as: UTF8.self).unicodeScalars {
                guard let byte = UInt8(exactly: scalar.value) else {
                    throw StoredTextDamage("a character is no byte", at: start)
                }
                bytes.append(byte)
            }
            stack.push(bytes)
        case .table:
            try readPairs(start)
        case .array, .object:
            try readValue()
            guard shim_type(L, -1) == Int32(SHIM_TTABLE.rawValue) else {
                throw StoredTextDamage("a table should be", at: start)
            }
            shim_mark_json(L, Int32((mark == .array ? SHIM_JSON_ARRAY : SHIM_JSON_OBJECT).rawValue))
        }
    }

    private mutating func readPairs(_ start: Int) throws(StoredTextDamage) {
        guard try scanner.next() == .array else { throw StoredTextDamage("a list of pairs should be", at: start) }
        try makeRoom()
        stack.pushTable()
        var isFirst = true
        while try scanner.hasElement(isFirst: isFirst) {
            isFirst = false
            let start = scanner.position
            guard try scanner.next() == .array, try scanner.hasElement(isFirst: true) else {
                throw StoredTextDamage("a pair should be", at: start)
            }
            try readValue()
            var ok = false
            guard shim_identity(L, -1) == nil, !shim_to_number(L, -1, &ok).isNaN else {
                throw StoredTextDamage("a key should be", at: start)
            }
            guard try scanner.hasElement(isFirst: false) else {
                throw StoredTextDamage("a pair should be", at: start)
            }
            try readValue()
            guard try !scanner.hasElement(isFirst: false) else {
                throw StoredTextDamage("a pair should be", at: start)
            }
            shim_raw_set(L, -3)
        }
    }
}
