/// Reads a pattern in the syntax of Python's `re` and writes it in PCRE2's.
///
/// The two agree on most of a pattern, and differ silently on the rest: `\v`, `\Z`, `\h`, `{,3}`, `[[:alpha:]`,
/// whitespace in verbose patterns. So the whole pattern is read by Python's rules, with Python's errors, and written in
/// a form that PCRE2 can take in one way only. Groups are written without their names, which PCRE2 limits in length.
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
        var kind = GroupKind.plain
        let outerIsVerbose: Bool
        var outerFlags: RegularExpression.Flags = []
    }

    /// What a parenthesis makes of its contents, captures apart.
    enum GroupKind {
        case plain, flagged, atomic, ahead, notAhead
        case behind(isNegative: Bool, isOutermost: Bool)
        case conditional(Int)
    }

    /// The most bytes of a pattern.
    static let lengthLimit = 65536

    /// The most parts of a pattern, where those of a group that is repeated so many times count so often.
    static let unfoldLimit = 250_000

    /// Nested groups: each costs the compilers some of the machine stack.
    static let nestingLimit = 200

    /// Capturing groups: each match keeps their ranges.
    static let groupLimit = 1000

    /// The largest count in braces, Python's own.
    static let repeatLimit = 4_294_967_294

    let source: [UInt8]
    var at = 0
    var last = LastItem.nothing

    /// Where the last item starts in the output.
    var lastStart = 0

    /// Whether the pattern has atomic groups or possessive quantifiers, which do not go back on what they have taken.
    var hasAtomicGroups = false

    /// Whether the pattern asks what follows, or whether anything does: `$`, `\Z`, `\b`, `\B` or a lookahead.
    var looksAhead = false

    var frames: [Frame] = []
    var isVerbose: Bool

    /// The flags at this place of the pattern.
    var active: RegularExpression.Flags

    /// The pattern as a tree, while it is read.
    var builder = PatternTreeBuilder()

    /// The pattern as a tree, once it has been read.
    private(set) var tree: [PatternNode] = []

    /// The widths of the groups that are closed.
    var widths: [Int: PatternWidth] = [:]

    /// Within a lookbehind, the number of groups before it: only these may be referred to.
    var groupsBeforeLookbehind: Int?

    /// The first lookbehind without a fixed width. Python tells of it only when nothing else is wrong.
    var wrongLookbehind: (message: String, offset: Int)?

    /// Whether a callout stands behind each unbounded repetition; see ``RegularExpressionProgram``.
    private let isWatched: Bool

    /// Repetitions without an upper bound.
    private(set) var unboundedRepetitions = 0

    /// The flags given and those that the pattern begins with.
    var flags: RegularExpression.Flags

    /// The pattern for PCRE2, without the flags.
    private(set) var output: [UInt8] = []

    /// The capturing groups by number; index 0 stands for the whole match.
    var groups = [RegularExpressionGroup(parent: 0, isInLookaround: false)]
    var names: [String: Int] = [:]

    /// Conditions on groups that come later: they are known to exist only at the end.
    var conditions: [(group: Int, offset: Int)] = []

    /// A translator of `pattern`. With `isWatched` it writes a callout behind each unbounded repetition.
    init(pattern: [UInt8], flags: RegularExpression.Flags, isWatched: Bool = false) {
        source = pattern
        self.isWatched = isWatched
        self.flags = flags
        active = flags
        isVerbose = flags.contains(.verbose)
    }

    /// Translates the whole pattern.
    ///
    /// - Throws: `syntax`.
    mutating func translate() throws(RegularExpressionError) {
        do throws(RegularExpressionError) {
            try readAll()
        } catch {
            // Python looks one item ahead: a backslash at the very end is told before what is wrong with the item
            // before it.
            if case .syntax = error, at == source.count - 1, source[at] == UInt8(ascii: "\\") {
                throw .syntax(message: "bad escape (end of pattern)", offset: at)
            }
            throw error
        }
    }

    private mutating func readAll() throws(RegularExpressionError) {
        while let byte = peek {
            guard at < Self.lengthLimit else {
                throw .syntax(message: "the pattern is longer than \(Self.lengthLimit) bytes", offset: at)
            }
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
                let isMultiline = active.contains(.multiline)
                let place: PatternNode.Place =
                    byte == UInt8(ascii: "$") ? (isMultiline ? .lineEnd : .end) : (isMultiline ? .lineStart : .start)
                builder.add(.place(place))
                at += 1
            case UInt8(ascii: "."):
                write([byte], as: .atom)
                let all = ByteSet { active.contains(.dotAll) || $0 != UInt8(ascii: "\n") }
                builder.add(.set(all, isMergeable: false))
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
        if let wrongLookbehind {
            throw .syntax(message: wrongLookbehind.message, offset: wrongLookbehind.offset)
        }
        tree = builder.close()
        guard tree.unfoldedCount <= Self.unfoldLimit else {
            throw .syntax(
                message: "the pattern is too large: its repetitions unfold to more than \(Self.unfoldLimit) parts",
                offset: 0)
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

    /// Steps over the next token, which is a backslash with the byte after it or a single byte, and returns its first
    /// byte.
    mutating func skipToken() throws(RegularExpressionError) -> UInt8? {
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
    /// This is what a possessive quantifier means. PCRE2's own form of it, applied to a capturing group, leaves
    /// captures of failed attempts behind in compiled code (10.42), so it is never written.
    mutating func writePossessive(_ quantifier: [UInt8]) {
        let opening = Array("(?>".utf8)
        hasAtomicGroups = true
        output.insert(contentsOf: opening, at: lastStart)
        write(quantifier + [UInt8(ascii: ")")], as: .repeated)
    }

    /// Writes a byte that matches itself.
    mutating func writeLiteral(_ byte: UInt8) {
        var set = ByteSet()
        set.insert(byte)
        builder.add(.set(active.contains(.ignoreCase) ? set.lowercased.ignoringCase : set, isMergeable: true))
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
}

/// What the text of a pattern says of one capturing group.
struct RegularExpressionGroup: Sendable {
    /// The number of the capturing group around this one, 0 for none.
    let parent: Int

    /// Whether the group lies in a lookahead or lookbehind, and so may end beyond the match.
    let isInLookaround: Bool

    /// Whether its closing parenthesis has been read.
    var isClosed = false
}
