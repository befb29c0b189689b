extension RegularExpression {
    /// The bytes that Python's `re.escape` puts a backslash before.
    private static let special: Set<UInt8> = Set("()[]{}?*+-|^$\\.&~# \t\n\r\u{0b}\u{0c}".utf8)

    /// A pattern that matches just these bytes.
    static func escaped(_ text: [UInt8]) -> [UInt8] {
        text.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
    }
}
