/// The encoding of RFC 4648, section 4.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The digits of these bytes, filled up with `=`.
    package static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var group: UInt32 = 0
        var count = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            count += 1
            guard count == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { text.append(digits[Int(group >> shift & 63)]) }
            (group, count) = (0, 0)
        }
        if count == 1 {
            text += [digits[Int(group >> 2)], digits[Int(group << 4 & 63)], UInt8(ascii: "="), UInt8(ascii: "=")]
        } else if count == 2 {
            text += [
                digits[Int(group >> 10)], digits[Int(group >> 4 & 63)], digits[Int(group << 2 & 63)], UInt8(ascii: "="),
            ]
        }
        return text
    }
}
