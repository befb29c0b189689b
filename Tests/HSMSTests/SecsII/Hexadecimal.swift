import Bytes

/// Bytes written in hexadecimal; blanks are free.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.filter { !$0.isWhitespace }
    precondition(digits.count.isMultiple(of: 2), "half a byte in \(hexadecimal)")
    return stride(from: 0, to: digits.count, by: 2).map { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        guard let byte = UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) else {
            preconditionFailure("no hexadecimal: \(hexadecimal)")
        }
        return byte
    }
}

/// Bytes as hexadecimal, without blanks.
func hexadecimal(_ buffer: ByteBuffer) -> String {
    buffer.readableBytesView.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
}
