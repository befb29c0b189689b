extension Collection<UInt8> {
    /// The bytes in single quotes for a message or `tostring`: what does not print as `\r`, `\n`, `\t` or `\x00`, and
    /// no more than the first `limit` bytes.
    func quoted(limit: Int = 60) -> String {
        var text = "'"
        for byte in prefix(limit) {
            switch byte {
            case 0x0a: text += "\\n"
            case 0x0d: text += "\\r"
            case 0x09: text += "\\t"
            case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return text + (count > limit ? "…'" : "'")
    }
}
