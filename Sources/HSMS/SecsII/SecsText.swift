/// A text of SECS-II: its bytes, one a character, whatever they mean.
///
/// Equipment and hosts write such texts in ASCII, Latin-1 or an encoding of their own, and say nowhere in which. So the
/// bytes are kept as they are, in both directions; only what people read is decoded, as Latin-1, which has a character
/// for every byte.
public struct SecsText: Hashable, Sendable {
    /// The bytes.
    public let bytes: [UInt8]

    /// A text of these bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The UTF-8 bytes of a text, which of ASCII is one a character.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether it has no bytes.
    public var isEmpty: Bool { bytes.isEmpty }

    /// How many bytes it has.
    public var count: Int { bytes.count }

    /// The text with ASCII's small letters as capital ones; all other bytes are as they were.
    var capitalized: SecsText {
        SecsText(bytes.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 })
    }
}

extension SecsText: ExpressibleByStringLiteral {
    /// The UTF-8 bytes of a text.
    public init(stringLiteral text: String) { self.init(text) }
}

extension SecsText: Comparable {
    /// Orders by bytes.
    public static func < (left: SecsText, right: SecsText) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension SecsText: CustomStringConvertible {
    /// The text for people: each byte as the character that it is in Latin-1.
    public var description: String {
        var text = ""
        text.unicodeScalars.append(contentsOf: bytes.lazy.map { UnicodeScalar($0) })
        return text
    }
}

extension SecsItem {
    /// A text of these bytes.
    public static func ascii(_ text: SecsText) -> SecsItem { SecsItem(.ascii(text.bytes)) }

    /// The bytes of a text, whatever they mean: of `A`, of `J`, and of `C2` in any encoding; nil for all else.
    public var secsText: SecsText? {
        switch content {
        case .ascii(let bytes), .jis8(let bytes): SecsText(bytes)
        case .localized(let text): SecsText(text?.bytes ?? [])
        default: nil
        }
    }
}
