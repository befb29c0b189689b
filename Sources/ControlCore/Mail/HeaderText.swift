internal import ByteText

/// Text in the headers of a mail: as it is where that is ASCII, else by the encoded words of RFC 2047.
enum HeaderText {
    /// Characters of a line at most, as RFC 5322 recommends it.
    private static let lineLength = 76
    /// Bytes of an encoded word's text before it is encoded: the word has 75 characters then at most.
    private static let wordBytes = 45

    /// A header of free text, such as the subject, with its line end.
    static func line(_ name: String, _ text: String) -> String {
        "\(name): \(isPlain(text) ? folded(text, from: name.utf8.count + 2) : encoded(text))\r\n"
    }

    /// A name before an address.
    static func phrase(_ text: String) -> String {
        guard isPlain(text) else { return encoded(text) }
        if text.utf8.allSatisfy({ isAtom($0) || $0 == 0x20 }) { return text }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Whether it can stand as it is: ASCII, no word of which is longer than a line, and nothing that looks encoded.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !text.contains("=?") && text.first != " "
            && text.last != " " && !text.contains("  ") && text.split(separator: " ").allSatisfy { $0.utf8.count < 60 }
    }

    private static func isAtom(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }

    /// Breaks lines before words.
    private static func folded(_ text: String, from start: Int) -> String {
        var result = ""
        var length = start
        for (index, word) in text.split(separator: " ").enumerated() {
            if index > 0 {
                let breaks = length + 1 + word.utf8.count > lineLength
                result += breaks ? "\r\n " : " "
                length = breaks ? 1 : length + 1
            }
            result += word
            length += word.utf8.count
        }
        return result
    }

    /// Encoded words, each of whole characters.
    private static func encoded(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(Character(scalar)).utf8)
            if words[words.count - 1].count + bytes.count > wordBytes { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(String(decoding: Base64.encode($0), as: UTF8.self))?=" }
            .joined(separator: "\r\n ")
    }
}
