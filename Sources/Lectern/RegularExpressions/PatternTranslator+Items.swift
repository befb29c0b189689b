/// References, quantifiers, escapes and sets.
extension PatternTranslator {
    /// A group name as it stands in the source.
    struct GroupName {
        let text: ArraySlice<UInt8>
        let offset: Int
    }

    // MARK: - Names and references

    /// Reads a name and the character that ends it.
    mutating func groupName(until end: Unicode.Scalar) throws(RegularExpressionError) -> GroupName {
        let start = at
        repeat {
            guard peek != nil else {
                let message = start == source.count ? "missing group name" : "missing \(end), unterminated name"
                throw .syntax(message: message, offset: start)
            }
        } while try skipToken() != UInt8(ascii: end)
        guard at > start + 1 else {
            throw .syntax(message: "missing group name", offset: start)
        }
        return GroupName(text: source[start..<(at - 1)], offset: start)
    }

    func badName(_ name: GroupName) -> RegularExpressionError {
        .syntax(
            message: "bad character in group name \(name.text.pythonRepresentation)", offset: name.offset)
    }

    func number(of name: GroupName) throws(RegularExpressionError) -> Int {
        let key = String(decoding: name.text, as: UTF8.self)
        guard let number = names[key] else {
            throw .syntax(message: "unknown group name '\(key)'", offset: name.offset)
        }
        return number
    }

    mutating func writeReference(to group: Int, offset: Int) throws(RegularExpressionError) {
        guard groups.indices.contains(group), group > 0 else {
            // A number is wrong after its backslash, the reference as a whole before it: Python counts so.
            throw .syntax(message: "invalid group reference \(group)", offset: offset + 1)
        }
        guard groups[group].isClosed else {
            throw .syntax(message: "cannot refer to an open group", offset: offset)
        }
        try checkLookbehind(refersTo: group)
        builder.add(.reference(group, ignoresCase: active.contains(.ignoreCase), widths[group] ?? .zero))
        write("\\g{\(group)}".utf8, as: .atom)
    }

    // MARK: - Quantifiers

    mutating func quantifier() throws(RegularExpressionError) {
        let start = at
        let sign = source[at]
        at += 1
        var text = [sign]
        var least = sign == UInt8(ascii: "+") ? 1 : 0
        var most: Int? = sign == UInt8(ascii: "?") ? 1 : nil
        if sign == UInt8(ascii: "{") {
            guard let counts = try counts(from: start) else {
                at = start
                writeLiteral(sign)
                at += 1
                return
            }
            (least, most) = counts
            text = Array("{\(least),\(most.map(String.init) ?? "")}".utf8)
        }
        switch last {
        case .nothing, .assertion:
            throw .syntax(message: "nothing to repeat", offset: start)
        case .repeated:
            throw .syntax(message: "multiple repeat", offset: start)
        case .atom:
            break
        }
        if take("+") {
            builder.repeatLast(least: least, most: most, .possessive)
            writePossessive(text)
        } else {
            let isLazy = take("?")
            if isLazy {
                text.append(UInt8(ascii: "?"))
            }
            builder.repeatLast(least: least, most: most, isLazy ? .lazy : .greedy)
            write(text, as: .repeated)
        }
        if most ?? .max > Self.longRun {
            noteUnboundedRepetition()
        }
    }

    /// A bounded repetition of more than this can run as long as one without a bound.
    private static let longRun = 64

    /// Reads the rest of `{m,n}`; nil when the brace stands for itself.
    private mutating func counts(from start: Int) throws(RegularExpressionError) -> (least: Int, most: Int?)? {
        if peek == UInt8(ascii: "}") {
            return nil
        }
        let low = digits()
        var high = low
        let isRange = take(",")
        if isRange {
            high = digits()
        }
        guard take("}") else {
            return nil
        }
        let least = low.decimalValue(atMost: Self.repeatLimit)
        let most = high.isEmpty ? nil : high.decimalValue(atMost: Self.repeatLimit)
        guard least <= Self.repeatLimit, most ?? 0 <= Self.repeatLimit else {
            throw .syntax(message: "the repetition number is too large", offset: start)
        }
        if let most, most < least {
            throw .syntax(message: "min repeat greater than max repeat", offset: start + 1)
        }
        return (least, most)
    }

    private mutating func digits() -> ArraySlice<UInt8> {
        let start = at
        while let byte = peek, byte.isASCIIDigit {
            at += 1
        }
        return source[start..<at]
    }

    // MARK: - Escapes

    mutating func escape() throws(RegularExpressionError) {
        let start = at
        guard at + 1 < source.count else {
            throw .syntax(message: "bad escape (end of pattern)", offset: start)
        }
        let byte = source[at + 1]
        at += 2
        switch byte {
        case UInt8(ascii: "A"), UInt8(ascii: "b"):
            looksAhead = looksAhead || byte == UInt8(ascii: "b")
            write([UInt8(ascii: "\\"), byte], as: .assertion)
            builder.add(.place(byte == UInt8(ascii: "b") ? .boundary : .start))
        case UInt8(ascii: "B"):
            looksAhead = true
            // Python's \B does not match in an empty subject.
            write("(?!\\A\\z)\\B".utf8, as: .assertion)
            builder.add(.place(.noBoundary))
        case UInt8(ascii: "Z"):
            looksAhead = true
            write("\\z".utf8, as: .assertion)
            builder.add(.place(.veryEnd))
        case _ where Self.isCategory(byte):
            write([UInt8(ascii: "\\"), byte], as: .atom)
            builder.add(.set(ByteSet(category: byte), isMergeable: true))
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            try referenceOrOctal(from: start)
        default:
            writeLiteral(try escapedByte(from: start))
        }
    }

    private static func isCategory(_ byte: UInt8) -> Bool {
        "dDsSwW".utf8.contains(byte)
    }

    /// The byte that an escape means, alike in and outside of sets. `at` is after the backslash and the byte behind it.
    private mutating func escapedByte(from start: Int) throws(RegularExpressionError) -> UInt8 {
        let byte = source[start + 1]
        if let control = byte.pythonControlEscape {
            return control
        }
        if byte == UInt8(ascii: "x") {
            guard at + 1 < source.count, let high = source[at].hexadecimalValue,
                let low = source[at + 1].hexadecimalValue
            else {
                var end = at
                while end < min(at + 2, source.count), source[end].hexadecimalValue != nil {
                    end += 1
                }
                throw .syntax(
                    message: "incomplete escape \(String(decoding: source[start..<end], as: UTF8.self))", offset: start)
            }
            at += 2
            return high << 4 | low
        }
        if byte.isOctalDigit {
            while at < start + 4, let digit = peek, digit.isOctalDigit {
                at += 1
            }
            return try octalByte(from: start)
        }
        if byte.isASCIILetter || byte.isASCIIDigit {
            throw .syntax(message: "bad escape \\\(Character(byte))", offset: start)
        }
        return byte
    }

    /// The byte of the octal digits from after the backslash at `start` to `at`.
    private func octalByte(from start: Int) throws(RegularExpressionError) -> UInt8 {
        guard let byte = UInt8(exactly: source[(start + 1)..<at].octalValue) else {
            throw .syntax(
                message: "octal escape value \(String(decoding: source[start..<at], as: UTF8.self)) "
                    + "outside of range 0-0o377", offset: start)
        }
        return byte
    }

    /// Reads on after a backslash and a digit that is not 0: three octal digits are a byte, one or two digits a group.
    private mutating func referenceOrOctal(from start: Int) throws(RegularExpressionError) {
        if let second = peek, second.isASCIIDigit {
            at += 1
            if source[start + 1].isOctalDigit, second.isOctalDigit, let third = peek, third.isOctalDigit {
                at += 1
                writeLiteral(try octalByte(from: start))
                return
            }
        }
        try writeReference(to: source[(start + 1)..<at].decimalValue(atMost: 99), offset: start)
    }

    // MARK: - Sets

    /// A member of a set: one byte, or a category such as `\d`.
    private enum Member {
        case byte(UInt8)
        case category(UInt8)

        var text: [UInt8] {
            switch self {
            case .byte(let byte): PatternTranslator.hexadecimalEscape(byte)
            case .category(let letter): [UInt8(ascii: "\\"), letter]
            }
        }
    }

    mutating func characterSet() throws(RegularExpressionError) {
        let start = at
        at += 1
        var text = [UInt8(ascii: "[")]
        let isNegated = take("^")
        if isNegated {
            text.append(UInt8(ascii: "^"))
        }
        var bytes = ByteSet()
        var categories = ByteSet()
        func note(_ member: Member) {
            switch member {
            case .byte(let byte): bytes.insert(byte)
            case .category(let letter): categories.formUnion(ByteSet(category: letter))
            }
        }
        var isFirst = true
        while isFirst || !take("]") {
            isFirst = false
            let memberStart = at
            let low = try member(ofSetAt: start)
            guard take("-") else {
                note(low)
                text += low.text
                continue
            }
            if take("]") {
                note(low)
                bytes.insert(UInt8(ascii: "-"))
                text += low.text + Self.hexadecimalEscape(UInt8(ascii: "-"))
                break
            }
            let high = try member(ofSetAt: start)
            guard case .byte(let from) = low, case .byte(let to) = high, from <= to else {
                throw .syntax(
                    message: "bad character range \(source[memberStart..<at].pythonText)",
                    offset: memberStart)
            }
            for byte in from...to { bytes.insert(byte) }
            text += low.text + [UInt8(ascii: "-")] + high.text
        }
        text.append(UInt8(ascii: "]"))
        let ignoresCase = active.contains(.ignoreCase)
        let set = (ignoresCase ? bytes.lowercased.ignoringCase : bytes).union(
            ignoresCase ? categories.ignoringCase : categories)
        builder.add(.set(isNegated ? set.inverted : set, isMergeable: !isNegated))
        write(text, as: .atom)
    }

    private mutating func member(ofSetAt start: Int) throws(RegularExpressionError) -> Member {
        guard let byte = peek else {
            throw .syntax(message: "unterminated character set", offset: start)
        }
        let memberStart = at
        at += 1
        guard byte == UInt8(ascii: "\\") else {
            return .byte(byte)
        }
        guard let escaped = peek else {
            throw .syntax(message: "bad escape (end of pattern)", offset: memberStart)
        }
        at += 1
        if escaped == UInt8(ascii: "b") {
            return .byte(0x08)
        }
        return Self.isCategory(escaped) ? .category(escaped) : .byte(try escapedByte(from: memberStart))
    }
}
