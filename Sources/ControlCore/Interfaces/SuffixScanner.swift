import Bytes

/// Finds the first occurrence of a byte sequence in a stream that comes in pieces.
///
/// This is Knuth, Morris and Pratt's search: it never looks at a byte of the stream again, so the cost does not depend
/// on how the stream is cut, and a suffix like `aaaaab` is no worse than another.
struct SuffixScanner {
    private let sought: [UInt8]
    /// For each prefix of `sought`, the length of its longest proper prefix that is also its end.
    private let fallback: [Int]
    private var matched = 0

    init(_ bytes: ByteBuffer) {
        sought = bytes.withUnsafeReadableBytes { Array($0) }
        var fallback = [Int](repeating: 0, count: sought.count)
        var length = 0
        for index in sought.indices.dropFirst() {
            while length > 0, sought[index] != sought[length] { length = fallback[length - 1] }
            if sought[index] == sought[length] { length += 1 }
            fallback[index] = length
        }
        self.fallback = fallback
    }

    /// Whether nothing is sought.
    var isEmpty: Bool { sought.isEmpty }

    /// Goes on with the bytes from `start`; those before it were seen in former calls.
    /// - Returns: the index after the occurrence; `nil` when it has not ended yet.
    mutating func endOfMatch(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard !sought.isEmpty else { return 0 }
        for index in start..<bytes.count {
            let byte = bytes[index]
            while matched > 0, byte != sought[matched] { matched = fallback[matched - 1] }
            if byte == sought[matched] { matched += 1 }
            if matched == sought.count {
                matched = 0
                return index + 1
            }
        }
        return nil
    }
}
