/// Reads a pattern in the syntax of Python's `re` and writes it in PCRE2's.
///
/// The two agree on most of a pattern, and differ silently on the rest: `\v`, `\Z`, `\h`, `{,3}`, `[[:alpha:]`, whitespace
/// in verbose patterns. So the whole pattern is read by Python's rules, with Python's errors, and written in a form that
/// PCRE2 can take in one way only. Groups are written without their names, which PCRE2 limits in length.
///
/// Nesting is kept in a list, not on the stack: a pattern of a thousand parentheses is an error, not a crash.
struct PatternTranslator {
    /// What a quantifier would apply to.
    enum LastItem {
        case nothing
        case assertion
        case atom
        case repeated
    }

    /// An open parenthesis.
    struct Frame {
        let start: Int
        /// Where its parenthesis stands in the output.
        var outputStart = 0
        /// The number of a capturing group.
        var group: Int?
        var isConditional = false
        var isLookaround = false
        var hasElse = false
        let outerIsVerbose: Bool
    }

    /// Nested groups: each costs PCRE2's compiler some of the machine stack.
    static let nestingLimit = 200

    /// PCRE2's own limit on counts in braces.
    static let repeatLimit = 65535

    let source: [UInt8]
    var at = 0
    var last = LastItem.nothing

    /// Where the last item starts in the output.
    private var lastStart = 0

    /// Whether the pattern has atomic groups or possessive quantifiers.
    private(set) var hasAtomicGroups = false

    /// Whether the pattern asks what follows, or whether anything does: `$`, `\Z`, `\b`, `\B` or a lookahead.
    var looksAhead = false

    var frames: [Frame] = []
    var isVerbose: Bool

    /// Whether a callout stands behind each unbounded repetition; see ``RegularExpressionProgram``.
    private let isWatched: Bool

    /// Repetitions without an upper bound.
    private(set) var unboundedRepetitions = 0

    /// The flags given and those that the pattern begins with.
    private(set) var flags: RegularExpression.Flags

    /// The pattern for PCRE2, without the flags.
    private(set) var output: [UInt8] = []

    /// The byte of the source that each byte of the output stems from.
    private var origins: [Int] = []

    /// The capturing groups by number; index 0 stands for the whole match.
    var groups = [RegularExpressionGroup(parent: 0, isInLookaround: false)]
    var names: [String: Int] = [:]

    /// Conditions on groups that come later: they are known to exist only at the end.
    private var conditions: [(group: Int, offset: Int)] = []

    /// A translator of `pattern`. With `isWatched` it writes a callout behind each unbounded repetition.
    init(pattern: [UInt8], flags: RegularExpression.Flags, isWatched: Bool = false) {
        source = pattern
        self.isWatched = isWatched
        self.flags = flags
        isVerbose = flags.contains(.verbose)
    }

    /// The byte of the source that byte `offset` of the output stems from.
    func sourceOffset(ofOutput offset: Int) -> Int {
        origins.indices.contains(offset) ? origins[offset] : source.count
    }

    /// Translates the whole pattern.
    ///
    /// - Throws: `syntax`.
    mutating func translate() throws(RegularExpressionError) {
        while let byte = peek {
            if isVerbose, try skipVerboseSpace() {
                continue
            }
            switch byte {
            case UInt8(ascii: "("):
                try openGroup()
            case UInt8(ascii: ")"):
                try closeGroup()
            case UInt8(ascii: "|"):
                try alternate()
            case UInt8(ascii: "["):
                try characterSet()
            case UInt8(ascii: "\\"):
                try escape()
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
                try quantifier()
            case UInt8(ascii: "^"), UInt8(ascii: "$"):
                looksAhead = looksAhead || byte == UInt8(ascii: "$")
                write([byte], as: .assertion)
                at += 1
            case UInt8(ascii: "."):
                write([byte], as: .atom)
                at += 1
            default:
                writeLiteral(byte)
                at += 1
            }
        }
        if let frame = frames.last {
            throw .syntax(message: "missing ), unterminated subpattern", offset: frame.start)
        }
        for condition in conditions where condition.group >= groups.count {
            throw .syntax(message: "invalid group reference \(condition.group)", offset: condition.offset)
        }
    }

    // MARK: - Reading and writing

    /// The next byte of the source, or nil at its end.
    var peek: UInt8? { at < source.count ? source[at] : nil }

    /// Steps over the next byte when it is this one.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else {
            return false
        }
        at += 1
        return true
    }

    /// Steps over the next token, which is a backslash with the byte after it or a single byte, and returns its first byte.
    private mutating func skipToken() throws(RegularExpressionError) -> UInt8? {
        guard let byte = peek else {
            return nil
        }
        at += 1
        if byte == UInt8(ascii: "\\") {
            guard at < source.count else {
                throw .syntax(message: "bad escape (end of pattern)", offset: at - 1)
            }
            at += 1
        }
        return byte
    }

    mutating func write(_ bytes: some Collection<UInt8>, as item: LastItem) {
        lastStart = output.count
        output.append(contentsOf: bytes)
        while origins.count < output.count {
            origins.append(at)
        }
        last = item
    }

    /// Notes that the quantifier just written has no upper bound.
    mutating func noteUnboundedRepetition() {
        unboundedRepetitions += 1
        if isWatched {
            write("(?C1)".utf8, as: last)
        }
    }

    /// Makes an atomic group of the last item and the quantifier written behind it.
    ///
    /// This is what a possessive quantifier means. PCRE2's own form of it, applied to a capturing group, leaves captures of
    /// failed attempts behind in compiled code (10.42), so it is never written.
    mutating func writePossessive(_ quantifier: [UInt8]) {
        let opening = Array("(?>".utf8)
        hasAtomicGroups = true
        output.insert(contentsOf: opening, at: lastStart)
        origins.insert(contentsOf: repeatElement(origins[lastStart], count: opening.count), at: lastStart)
        write(quantifier + [UInt8(ascii: ")")], as: .repeated)
    }

    /// Writes a byte that matches itself.
    mutating func writeLiteral(_ byte: UInt8) {
        if byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "_") || byte >= 0x80 {
            write([byte], as: .atom)
        } else {
            write(Self.hexadecimalEscape(byte), as: .atom)
        }
    }

    static func hexadecimalEscape(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// Steps over a whitespace byte or a comment of a verbose pattern; false when there is none.
    private mutating func skipVerboseSpace() throws(RegularExpressionError) -> Bool {
        switch peek {
        case 0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d:
            at += 1
            return true
        case UInt8(ascii: "#"):
            while let byte = try skipToken(), byte != UInt8(ascii: "\n") {}
            return true
        default:
            return false
        }
    }

    // MARK: - Alternatives and groups

    private mutating func alternate() throws(RegularExpressionError) {
        if let top = frames.indices.last, frames[top].isConditional {
            if frames[top].hasElse {
                throw .syntax(message: "conditional backref with more than two branches", offset: at)
            }
            frames[top].hasElse = true
        }
        write("|".utf8, as: .nothing)
        at += 1
    }

    private mutating func openGroup() throws(RegularExpressionError) {
        let start = at
        at += 1
        guard take("?") else {
            try pushCapture(named: nil, from: start)
            return
        }
        guard let kind = peek else {
            throw .syntax(message: "unexpected end of pattern", offset: at)
        }
        at += 1
        switch kind {
        case UInt8(ascii: "P"):
            try openNamed(from: start)
        case UInt8(ascii: ":"):
            try push(Frame(start: start, outerIsVerbose: isVerbose), "(?:".utf8)
        case UInt8(ascii: ">"):
            hasAtomicGroups = true
            try push(Frame(start: start, outerIsVerbose: isVerbose), "(?>".utf8)
        case UInt8(ascii: "#"):
            repeat {
                guard peek != nil else {
                    throw .syntax(message: "missing ), unterminated comment", offset: start)
                }
            } while try skipToken() != UInt8(ascii: ")")
        case UInt8(ascii: "="), UInt8(ascii: "!"):
            looksAhead = true
            let frame = Frame(start: start, isLookaround: true, outerIsVerbose: isVerbose)
            try push(frame, [UInt8(ascii: "("), UInt8(ascii: "?"), kind])
        case UInt8(ascii: "<"):
            guard let sign = peek else {
                throw .syntax(message: "unexpected end of pattern", offset: at)
            }
            guard sign == UInt8(ascii: "=") || sign == UInt8(ascii: "!") else {
                throw .syntax(message: "unknown extension ?<\(Character(sign))", offset: start + 1)
            }
            at += 1
            let frame = Frame(start: start, isLookaround: true, outerIsVerbose: isVerbose)
            try push(frame, [UInt8(ascii: "("), UInt8(ascii: "?"), kind, sign])
        case UInt8(ascii: "("):
            try openConditional(from: start)
        default:
            guard RegularExpression.Flags(letter: kind) != nil || "uL-".utf8.contains(kind) else {
                throw .syntax(message: "unknown extension ?\(Character(kind))", offset: start + 1)
            }
            at -= 1
            try openFlags(from: start)
        }
    }

    private mutating func push(_ frame: Frame, _ bytes: some Collection<UInt8>) throws(RegularExpressionError) {
        guard frames.count < Self.nestingLimit else {
            throw .syntax(message: "more than \(Self.nestingLimit) nested groups", offset: frame.start)
        }
        frames.append(frame)
        frames[frames.count - 1].outputStart = output.count
        write(bytes, as: .nothing)
    }

    private mutating func pushCapture(named name: String?, from start: Int) throws(RegularExpressionError) {
        let number = groups.count
        if let name {
            if let earlier = names[name] {
                throw .syntax(
                    message: "redefinition of group name '\(name)' as group \(number); was group \(earlier)",
                    offset: start + 4)
            }
            names[name] = number
        }
        let parent = frames.last { $0.group != nil }?.group ?? 0
        groups.append(RegularExpressionGroup(parent: parent, isInLookaround: frames.contains(where: \.isLookaround)))
        try push(Frame(start: start, group: number, outerIsVerbose: isVerbose), "(".utf8)
    }

    private mutating func closeGroup() throws(RegularExpressionError) {
        guard let frame = frames.popLast() else {
            throw .syntax(message: "unbalanced parenthesis", offset: at)
        }
        if let group = frame.group {
            groups[group].isClosed = true
        }
        isVerbose = frame.outerIsVerbose
        write(")".utf8, as: .atom)
        lastStart = frame.outputStart
        at += 1
    }

    /// Reads on after `(?P`.
    private mutating func openNamed(from start: Int) throws(RegularExpressionError) {
        if take("<") {
            let name = try groupName(until: ">")
            guard name.text.isIdentifier else {
                throw badName(name)
            }
            try pushCapture(named: String(decoding: name.text, as: UTF8.self), from: start)
        } else if take("=") {
            let name = try groupName(until: ")")
            guard name.text.isIdentifier else {
                throw badName(name)
            }
            try writeReference(to: number(of: name), offset: name.offset)
        } else {
            guard let byte = peek else {
                throw .syntax(message: "unexpected end of pattern", offset: at)
            }
            throw .syntax(message: "unknown extension ?P\(Character(byte))", offset: start + 1)
        }
    }

    /// Reads on after `(?(`.
    private mutating func openConditional(from start: Int) throws(RegularExpressionError) {
        let name = try groupName(until: ")")
        var group: Int
        if name.text.isIdentifier {
            group = try number(of: name)
        } else {
            guard name.text.allSatisfy(\.isASCIIDigit) else {
                throw badName(name)
            }
            group = name.text.decimalValue(atMost: Int(UInt16.max))
            guard group > 0 else {
                throw .syntax(message: "bad group number", offset: name.offset)
            }
            conditions.append((group, name.offset))
        }
        let frame = Frame(start: start, isConditional: true, outerIsVerbose: isVerbose)
        try push(frame, "(?(\(group))".utf8)
    }

    /// Reads the flags of `(?ims)` or `(?i-s:…`, from the first letter on.
    private mutating func openFlags(from start: Int) throws(RegularExpressionError) {
        var added: RegularExpression.Flags = []
        var removed: RegularExpression.Flags = []
        var isRemoving = false
        while true {
            guard let byte = peek else {
                throw .syntax(message: isRemoving ? "missing :" : "missing -, : or )", offset: at)
            }
            if byte == UInt8(ascii: ":") || (byte == UInt8(ascii: ")") && !isRemoving) {
                break
            }
            if byte == UInt8(ascii: "-"), !isRemoving {
                isRemoving = true
                at += 1
                guard let next = peek, next.isASCIILetter else {
                    throw .syntax(message: "missing flag", offset: at)
                }
                continue
            }
            if byte == UInt8(ascii: "u") {
                throw .syntax(message: "bad inline flags: cannot use 'u' flag with a bytes pattern", offset: at + 1)
            }
            if byte == UInt8(ascii: "L") {
                throw .syntax(message: "bad inline flags: the 'L' flag is not supported", offset: at)
            }
            guard let flag = RegularExpression.Flags(letter: byte) else {
                let missing = isRemoving ? "missing :" : "missing -, : or )"
                throw .syntax(message: byte.isASCIILetter ? "unknown flag" : missing, offset: at)
            }
            if isRemoving, flag == .ascii {
                throw .syntax(message: "bad inline flags: cannot turn off flags 'a', 'u' and 'L'", offset: at)
            }
            if isRemoving {
                removed.insert(flag)
            } else {
                added.insert(flag)
            }
            at += 1
        }
        if take(")") {
            // A flag for the whole pattern. In the middle it would change what has been read.
            guard output.isEmpty else {
                throw .syntax(message: "global flags not at the start of the expression", offset: start)
            }
            flags.formUnion(added)
            isVerbose = isVerbose || added.contains(.verbose)
            return
        }
        at += 1
        guard added.isDisjoint(with: removed) else {
            throw .syntax(message: "bad inline flags: flag turned on and off", offset: at - 1)
        }
        let off = Self.letters(of: removed)
        try push(
            Frame(start: start, outerIsVerbose: isVerbose),
            "(?\(Self.letters(of: added))\(off.isEmpty ? "" : "-\(off)"):".utf8)
        isVerbose = (isVerbose || added.contains(.verbose)) && !removed.contains(.verbose)
    }

    /// The flags that PCRE2 has to know; verbose patterns are written without their spaces.
    private static func letters(of flags: RegularExpression.Flags) -> String {
        (flags.contains(.ignoreCase) ? "i" : "") + (flags.contains(.multiline) ? "m" : "")
            + (flags.contains(.dotAll) ? "s" : "")
    }
}
