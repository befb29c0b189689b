extension RegularExpression {
    /// The flags of Python's `re` for patterns of bytes.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8

        /// `IGNORECASE`: ASCII letters match in both cases.
        static let ignoreCase = Flags(rawValue: 1 << 0)
        /// `MULTILINE`: `^` and `$` match at each line.
        static let multiline = Flags(rawValue: 1 << 1)
        /// `DOTALL`: `.` matches a newline too.
        static let dotAll = Flags(rawValue: 1 << 2)
        /// `VERBOSE`: whitespace and comments in the pattern do not count.
        static let verbose = Flags(rawValue: 1 << 3)
        /// `ASCII`: accepted and without effect, since patterns of bytes know no other alphabet.
        static let ascii = Flags(rawValue: 1 << 4)

        /// The flag that a letter in `(?…)` stands for, or nil.
        init?(letter: UInt8) {
            switch letter {
            case UInt8(ascii: "i"): self = .ignoreCase
            case UInt8(ascii: "m"): self = .multiline
            case UInt8(ascii: "s"): self = .dotAll
            case UInt8(ascii: "x"): self = .verbose
            case UInt8(ascii: "a"): self = .ascii
            default: return nil
            }
        }

        init(rawValue: UInt8) {
            self.rawValue = rawValue
        }
    }
}
