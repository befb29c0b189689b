/// The replacement text of Python's `sub` and `expand`: literal bytes, escapes, and references to groups.
struct ReplacementTemplate: Sendable {
    private enum Part: Sendable {
        case literal([UInt8])
        case group(Int)
    }

    /// The most references to groups: each costs memory and, at each match, time.
    static let referenceLimit = 10_000

    private var parts: [Part] = []

    /// The number of literal texts and references.
    var partCount: Int { parts.count }

    /// Reads a template for matches of this expression.
    ///
    /// - Throws: `template` for an unknown escape or a group that the expression does not have.
    init(_ text: [UInt8], for expression: RegularExpression) throws(RegularExpressionError) {
        var literal: [UInt8] = []
        var references = 0
        var at = 0
        while at < text.count {
            guard text[at] == UInt8(ascii: "\\") else {
                literal.append(text[at])
                at += 1
                continue
            }
            let start = at
            guard at + 1 < text.count else {
                throw .template(message: "bad escape (end of pattern)", offset: start)
            }
            let byte = text[at + 1]
            at += 2
            var group: Int?
            if byte == UInt8(ascii: "g") {
                group = try Self.groupName(in: text, at: &at, for: expression)
            } else if byte.isASCIIDigit {
                switch try Self.number(in: text, at: &at) {
                case .group(let number): group = number
                case .literal(let bytes): literal += bytes
                }
            } else if let control = byte.pythonControlEscape {
                literal.append(control)
            } else if byte == UInt8(ascii: "\\") {
                literal.append(byte)
            } else if byte.isASCIILetter {
                throw .template(message: "bad escape \\\(Character(byte))", offset: start)
            } else {
                literal += [UInt8(ascii: "\\"), byte]
            }
            if let group {
                guard group <= expression.groupCount else {
                    throw .template(message: "invalid group reference \(group)", offset: start + 1)
                }
                if !literal.isEmpty {
                    parts.append(.literal(literal))
                    literal = []
                }
                parts.append(.group(group))
                references += 1
                guard references <= Self.referenceLimit else {
                    throw .template(message: "more than \(Self.referenceLimit) references to groups", offset: start)
                }
            }
        }
        if !literal.isEmpty {
            parts.append(.literal(literal))
        }
    }

    /// Appends the template with its references replaced by the groups of `match`. A group that took no part is empty.
    func append(_ match: RegularExpression.Match, of subject: UnsafeRawBufferPointer, to result: inout [UInt8]) {
        for part in parts {
            switch part {
            case .literal(let bytes):
                result += bytes
            case .group(let group):
                if let range = match[group] {
                    result.append(contentsOf: subject[range])
                }
            }
        }
    }

    /// The number of bytes that this match gives.
    func count(for match: RegularExpression.Match) -> Int {
        var count = 0
        for part in parts {
            let length =
                switch part {
                case .literal(let bytes): bytes.count
                case .group(let group): match[group]?.count ?? 0
                }
            let sum = count.addingReportingOverflow(length)
            guard !sum.overflow else {
                return .max
            }
            count = sum.partialValue
        }
        return count
    }

    /// The text that this match gives.
    func expanded(_ match: RegularExpression.Match, of subject: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        append(match, of: subject, to: &result)
        return result
    }

    // MARK: -

    /// Reads what follows a backslash and a digit: `\0` and three octal digits give a byte, else one or two digits a
    /// group.
    private static func number(in text: [UInt8], at: inout Int) throws(RegularExpressionError) -> Part {
        let start = at - 1
        func isOctal(_ index: Int) -> Bool { index < text.count && text[index].isOctalDigit }
        if text[start] == UInt8(ascii: "0") {
            while at < start + 3, isOctal(at) {
                at += 1
            }
            return .literal([UInt8(truncatingIfNeeded: text[start..<at].octalValue)])
        }
        if at < text.count, text[at].isASCIIDigit {
            at += 1
            if isOctal(start), isOctal(start + 1), isOctal(start + 2) {
                at += 1
                guard let byte = UInt8(exactly: text[start..<at].octalValue) else {
                    throw .template(
                        message: "octal escape value \\\(String(decoding: text[start..<at], as: UTF8.self)) "
                            + "outside of range 0-0o377", offset: start - 1)
                }
                return .literal([byte])
            }
        }
        return .group(text[start..<at].decimalValue(atMost: 99))
    }

    /// Reads `<name>` or `<number>` after `\g`.
    private static func groupName(
        in text: [UInt8], at: inout Int, for expression: RegularExpression
    ) throws(RegularExpressionError) -> Int {
        guard at < text.count, text[at] == UInt8(ascii: "<") else {
            throw .template(message: "missing <", offset: at)
        }
        let start = at + 1
        guard let end = text[start...].firstIndex(of: UInt8(ascii: ">")) else {
            let message = start == text.count ? "missing group name" : "missing >, unterminated name"
            throw .template(message: message, offset: start)
        }
        let name = text[start..<end]
        at = end + 1
        guard !name.isEmpty else {
            throw .template(message: "missing group name", offset: start)
        }
        if name.isIdentifier {
            let key = String(decoding: name, as: UTF8.self)
            guard let group = expression.names[key] else {
                throw .template(message: "unknown group name '\(key)'", offset: start)
            }
            return group
        }
        guard name.allSatisfy(\.isASCIIDigit) else {
            throw .template(
                message: "bad character in group name \(name.pythonRepresentation)", offset: start)
        }
        return name.decimalValue(atMost: Int(UInt16.max))
    }
}
