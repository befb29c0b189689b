extension RegularExpression {
    /// 1 for the bytes that Python's `re.escape` puts a backslash before.
    private static let special: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 256)
        for byte in "()[]{}?*+-|^$\\.&~# \t\n\r\u{0b}\u{0c}".utf8 { table[Int(byte)] = 1 }
        return table
    }()

    /// A pattern that matches just these bytes.
    ///
    /// - Throws: `resultTooLarge` when it would be longer than `limit`, before it is made.
    static func escaped(_ text: UnsafeRawBufferPointer, limit: Int = .max) throws(RegularExpressionError) -> [UInt8] {
        try special.withUnsafeBufferPointer { (special) throws(RegularExpressionError) in
            var count = text.count
            for byte in text { count += Int(special[Int(byte)]) }
            guard count <= limit else { throw .resultTooLarge(limit: limit) }
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                for byte in text {
                    if special[Int(byte)] != 0 {
                        buffer[initialized] = UInt8(ascii: "\\")
                        initialized += 1
                    }
                    buffer[initialized] = byte
                    initialized += 1
                }
            }
        }
    }
}
