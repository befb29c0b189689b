/// The content of a localized string (`C2`): text, with the code of its encoding before it.
public struct LocalizedText: Hashable, Sendable {
    /// How the text is encoded: 1 UCS-2, 2 UTF-8, 3 ASCII, 4 ISO 8859-1, 8 Shift-JIS, 9 EUC-JP, 10 EUC-KR, 11 GB,
    /// 13 Big5; others are SEMI E5's or the parties' own.
    public let encoding: UInt16
    /// The text in that encoding.
    public let bytes: [UInt8]

    /// Text that is already encoded.
    public init(encoding: UInt16, bytes: [UInt8]) {
        self.encoding = encoding
        self.bytes = bytes
    }

    /// Text in UTF-8.
    public init(_ text: String) {
        self.init(encoding: Self.utf8, bytes: Array(text.utf8))
    }

    /// The code of UTF-8.
    public static let utf8: UInt16 = 2
}
