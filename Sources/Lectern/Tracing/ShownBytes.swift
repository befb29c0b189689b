import Bytes
internal import ControlCore

/// The bytes of a piece as people read them, with its length behind them.
struct ShownBytes {
    /// No more bytes of a piece are shown, unless all are asked for.
    static let limit = 256

    let rendering: TraceConfiguration.Rendering
    let isFull: Bool

    /// `"PWR ON\r\n"  8`, or `02 30 41 03  hex 4`.
    func show(_ piece: WireEvent.Piece) -> String {
        let bytes = Array(piece.bytes.readableBytesView)
        let isText = rendering == .text || rendering == .auto && Self.isMostlyText(bytes)
        let shown = isFull ? bytes.count : min(bytes.count, Self.limit)
        let body = isText ? Self.text(bytes, shown, piece.secrets) : Self.hexadecimal(bytes, shown, piece.secrets)
        let left = bytes.count - shown
        let rest = left > 0 ? "… \(left) bytes left out" : ""
        return body + rest + (isText ? "  " : "  hex ") + String(bytes.count)
    }

    /// Whether two thirds of the bytes print, or are line ends and tabs.
    private static func isMostlyText(_ bytes: [UInt8]) -> Bool {
        let printing = bytes.count { (0x20..<0x7f).contains($0) || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }
        return printing * 3 >= bytes.count * 2
    }

    private static func text(_ bytes: [UInt8], _ count: Int, _ secrets: [Range<Int>]) -> String {
        "\"" + shown(bytes, count, secrets, separator: "", text: escaped) + "\""
    }

    private static func hexadecimal(_ bytes: [UInt8], _ count: Int, _ secrets: [Range<Int>]) -> String {
        shown(bytes, count, secrets, separator: " ", text: twoDigits)
    }

    private static func shown(
        _ bytes: [UInt8], _ count: Int, _ secrets: [Range<Int>], separator: String, text: (UInt8) -> String
    ) -> String {
        var parts: [String] = []
        var index = 0
        var rest = secrets[...]
        while index < count {
            if let secret = rest.first, secret.lowerBound <= index {
                // However long it is: that is nobody's business either.
                parts.append("***")
                index = secret.upperBound
                rest.removeFirst()
            } else {
                parts.append(text(bytes[index]))
                index += 1
            }
        }
        return parts.joined(separator: separator)
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case 0x0a: "\\n"
        case 0x0d: "\\r"
        case 0x09: "\\t"
        case 0x22: "\\\""
        case 0x5c: "\\\\"
        case 0x20..<0x7f: String(Unicode.Scalar(byte))
        default: "\\x" + twoDigits(byte)
        }
    }

    private static func twoDigits(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }
}
