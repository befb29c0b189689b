public import Bytes

/// What ends the response to a `sendAndWait`.
public enum ResponseDelimiter {
    /// So many bytes. Less than one holds at once, with an empty response.
    case length(Int)
    /// The response ends with these bytes. An empty suffix holds at once, with an empty response.
    case suffix(ByteBuffer)
    /// The response ends where the pattern's match ends.
    case pattern(any ResponsePattern)

    /// The response ends with these bytes.
    public static func suffix(_ bytes: [UInt8]) -> ResponseDelimiter {
        .suffix(ByteBuffer(bytes: bytes))
    }
}

/// A pattern that is searched for in a response, such as a regular expression.
public protocol ResponsePattern: AnyObject {
    /// Searches `bytes`, which is all of the response so far; called anew with more when bytes have arrived.
    ///
    /// The answer must not depend on how the bytes were cut on the wire: of all matches the one with the earliest end.
    /// - Parameters:
    ///   - bytes: the response so far; valid inside of this call only.
    ///   - searched: so many bytes at the beginning were searched before and have no match by themselves.
    /// - Returns: the index after the last byte of the match; `nil` when there is none yet.
    /// - Throws: when the search itself fails, for instance at a match limit. The waiting call fails with this error.
    func endOfMatch(in bytes: UnsafeRawBufferPointer, searched: Int) throws -> Int?
}
