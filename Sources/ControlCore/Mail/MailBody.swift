internal import ByteText

/// The text of a mail with the headers that say how it is written. All of it is ASCII in lines of at most 998 bytes, so
/// that every server takes it.
struct MailBody {
    /// The headers, each with its line end.
    let headers: String
    /// The text, in lines that end with CR LF.
    let bytes: [UInt8]

    private static let lineLimit = 998
    private static let encodedLineLength = 76
    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    /// - Parameter text: as the program gave it; what is not UTF-8 is taken for Latin-1.
    init(_ text: [UInt8]) {
        let isUTF8 = String(validating: text, as: UTF8.self) != nil
        let lines = Self.lines(text)
        let odd = text.count { $0 >= 0x80 || ($0 < 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09) || $0 == 0x7F }
        let encoding: String
        if odd == 0, lines.allSatisfy({ $0.count <= Self.lineLimit }) {
            encoding = "7bit"
            bytes = lines.reduce(into: []) {
                $0 += $1
                $0 += Self.lineEnd
            }
        } else if odd * 6 <= text.count {
            encoding = "quoted-printable"
            bytes = lines.reduce(into: []) {
                Self.writeQuotedPrintable($1, to: &$0)
                $0 += Self.lineEnd
            }
        } else {
            encoding = "base64"
            let digits = Base64.encode(lines.joined(separator: Self.lineEnd))
            bytes = stride(from: 0, to: digits.count, by: Self.encodedLineLength).reduce(into: []) {
                $0 += digits[$1..<min($1 + Self.encodedLineLength, digits.count)] + Self.lineEnd
            }
        }
        headers =
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\(isUTF8 ? "utf-8" : "iso-8859-1")\r\n"
            + "Content-Transfer-Encoding: \(encoding)\r\n"
    }

    /// The lines without their ends, of which there are CR LF, LF and CR. A line end at the end of the text begins no
    /// line.
    private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            guard byte == 0x0A || byte == 0x0D else {
                index += 1
                continue
            }
            lines.append(text[start..<index])
            index += byte == 0x0D && index + 1 < text.count && text[index + 1] == 0x0A ? 2 : 1
            start = index
        }
        if start < text.count { lines.append(text[start...]) }
        return lines
    }

    /// One line by RFC 2045, section 6.7, broken where it is too long.
    private static func writeQuotedPrintable(_ line: ArraySlice<UInt8>, to result: inout [UInt8]) {
        var length = 0
        for index in line.indices {
            let byte = line[index]
            let isLast = index == line.endIndex - 1
            let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=")
            let isSpace = (byte == 0x20 || byte == 0x09) && !isLast
            let size = isPlain || isSpace ? 1 : 3
            // A broken line ends with a sign of its own.
            if length + size > encodedLineLength - 1 {
                result.append(UInt8(ascii: "="))
                result += lineEnd
                length = 0
            }
            if size == 1 {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "="))
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
            length += size
        }
    }
}
