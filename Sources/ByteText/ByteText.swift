// Bytes in a `String`, without loss.
//
// Programs, files and devices hand over bytes that need not be UTF-8. As a `String` each byte that is part of no UTF-8
// sequence stands as one scalar of its own, U+10FF80 to U+10FFFF, which no text uses; these scalars themselves, should
// bytes spell one, count as four such bytes. So there is one text for each sequence of bytes, and one sequence of bytes
// for each text: what comes in through `init(rawBytes:)` goes out through `rawBytes` as it was.

extension String {
    /// The text of any bytes. Those that are UTF-8 are decoded; the others are kept.
    public init(rawBytes bytes: UnsafeRawBufferPointer) {
        if !bytes.contains(0xF4), let text = String(validating: bytes, as: UTF8.self) {
            self = text
        } else {
            self = Self.keeping(bytes)
        }
    }

    /// The text of any bytes. Those that are UTF-8 are decoded; the others are kept.
    public init(rawBytes bytes: some Sequence<UInt8>) {
        let array = Array(bytes)
        self = array.withUnsafeBytes { String(rawBytes: $0) }
    }

    /// The bytes that the text stands for.
    public var rawBytes: [UInt8] {
        var text = self
        return text.withUTF8 { Self.restored($0) ?? Array($0) }
    }

    /// Calls `body` with the bytes that the text stands for.
    public func withRawBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        var text = self
        return text.withUTF8 { utf8 in
            guard let restored = Self.restored(utf8) else { return body(utf8) }
            return restored.withUnsafeBufferPointer(body)
        }
    }

    /// Calls `body` with the bytes that the text stands for and a zero byte after them.
    public func withRawCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        guard utf8.contains(0xF4) else { return withCString(body) }
        return (rawBytes + [0]).withUnsafeBytes { bytes in
            // Never empty: the zero byte is there.
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress.unsafelyUnwrapped) }
        }
    }

    /// The text for people: bytes that are not UTF-8 as `\xe9`.
    public var showingRawBytes: String {
        guard utf8.contains(0xF4) else { return self }
        var shown = ""
        for scalar in unicodeScalars {
            if let byte = Self.kept(scalar) {
                shown += "\\x" + String(byte, radix: 16)
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    // MARK: - Both ways

    private static let firstScalar: UInt32 = 0x10FF00

    private static func kept(_ scalar: Unicode.Scalar) -> UInt8? {
        scalar.value >= firstScalar + 0x80 ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    private static func keeping(_ bytes: UnsafeRawBufferPointer) -> String {
        var utf8: [UInt8] = []
        utf8.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let length = sequenceLength(bytes, index)
            if length == 0 || isKept(bytes, index) {
                // The UTF-8 of U+10FF00 and the byte.
                let byte = bytes[index]
                utf8 += [0xF4, 0x8F, 0xBC | (byte >> 6), 0x80 | (byte & 0x3F)]
                index += 1
            } else {
                utf8 += bytes[index..<index + length]
                index += length
            }
        }
        return String(decoding: utf8, as: UTF8.self)
    }

    /// Nil when the text is as its UTF-8 has it.
    private static func restored(_ utf8: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard utf8.contains(0xF4) else { return nil }
        let raw = UnsafeRawBufferPointer(utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            if isKept(raw, index) {
                bytes.append((raw[index + 2] & 3) << 6 | raw[index + 3] & 0x3F)
                index += 4
            } else {
                bytes.append(raw[index])
                index += 1
            }
        }
        return bytes
    }

    /// Whether a scalar that stands for a byte begins there.
    private static func isKept(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        index + 4 <= bytes.count && bytes[index] == 0xF4 && bytes[index + 1] == 0x8F && bytes[index + 2] & 0xFE == 0xBE
            && bytes[index + 3] & 0xC0 == 0x80
    }

    /// How many bytes the UTF-8 sequence has that begins there; 0 when none does.
    private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
        let first = bytes[index]
        let length: Int
        switch first {
        case 0..<0x80: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return 0
        }
        guard index + length <= bytes.count else { return 0 }
        for offset in 1..<length where bytes[index + offset] & 0xC0 != 0x80 { return 0 }
        // Overlong forms, surrogates and what is above Unicode are none.
        switch (first, bytes[index + 1]) {
        case (0xE0, ..<0xA0), (0xED, 0xA0...), (0xF0, ..<0x90), (0xF4, 0x90...): return 0
        default: return length
        }
    }
}
