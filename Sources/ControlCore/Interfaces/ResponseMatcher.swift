import NIOCore

/// Collects the response to a `sendAndWait` and finds the earliest byte at which its delimiter holds.
///
/// A value without time or I/O. What it finds does not depend on how the response was cut into pieces. A length or a
/// suffix costs the same for each byte, however many pieces there are; a pattern is searched anew with each piece.
struct ResponseMatcher {
    enum Verdict: Equatable {
        /// The delimiter does not hold yet.
        case incomplete
        /// It holds: what came up to its end, and what came behind it.
        case complete(response: ByteBuffer, rest: ByteBuffer)
        /// More than the limit came without the delimiter holding. ``takeCollected()`` gives it back.
        case tooLong
    }

    private enum Rule {
        case none
        case length(Int)
        case suffix(SuffixScanner)
        case pattern(any ResponsePattern)
    }

    private var rule: Rule
    /// Of the last delimiter that was a suffix: mostly the next one is the same.
    private var suffix: (bytes: ByteBuffer, scanner: SuffixScanner)?
    private var collected = ByteBuffer()
    private let limit: Int

    /// - Parameters:
    ///   - delimiter: `nil` collects without end.
    ///   - limit: the most bytes that a response may have.
    init(delimiter: ResponseDelimiter?, limit: Int) {
        self.limit = limit
        rule = .none
        restart(delimiter: delimiter)
    }

    /// Begins anew with another delimiter.
    mutating func restart(delimiter: ResponseDelimiter?) {
        collected = ByteBuffer()
        switch delimiter {
        case nil: rule = .none
        case .length(let count): rule = .length(count)
        case .suffix(let bytes):
            if suffix?.bytes != bytes { suffix = (bytes, SuffixScanner(bytes)) }
            rule = suffix.map { .suffix($0.scanner) } ?? .none
        case .pattern(let pattern): rule = .pattern(pattern)
        }
    }

    /// Whether the delimiter holds before a byte came.
    var holdsForNothing: Bool {
        switch rule {
        case .length(let count): count < 1
        case .suffix(let scanner): scanner.isEmpty
        case .none, .pattern: false
        }
    }

    /// Whether there is a delimiter at all.
    var hasDelimiter: Bool {
        if case .none = rule { false } else { true }
    }

    /// Adds what arrived. After any verdict but ``Verdict/incomplete`` the matcher has done its work.
    /// - Throws: what the pattern threw. The bytes stay and are given back by ``takeCollected()``.
    mutating func append(_ bytes: ByteBuffer) throws -> Verdict {
        let before = collected.readableBytes
        if before == 0 {
            // A response mostly comes in one piece: it is kept, not copied.
            collected = bytes
        } else {
            collected.writeImmutableBuffer(bytes)
        }
        guard let end = try endOfResponse(searchedBefore: before) else {
            return collected.readableBytes > limit ? .tooLong : .incomplete
        }
        guard end <= limit, let response = collected.readSlice(length: end) else { return .tooLong }
        return .complete(response: response, rest: takeCollected())
    }

    /// Takes out all that was collected.
    mutating func takeCollected() -> ByteBuffer {
        defer { collected = ByteBuffer() }
        return collected
    }

    private mutating func endOfResponse(searchedBefore: Int) throws -> Int? {
        switch rule {
        case .none:
            return nil
        case .length(let count):
            return collected.readableBytes >= count ? max(count, 0) : nil
        case .suffix(var scanner):
            // Moved out and back, so that the scanner's table is not copied.
            rule = .none
            defer { rule = .suffix(scanner) }
            return collected.withUnsafeReadableBytes { scanner.endOfMatch(in: $0, from: searchedBefore) }
        case .pattern(let pattern):
            return try collected.withUnsafeReadableBytes { bytes in
                guard let end = try pattern.endOfMatch(in: bytes) else { return nil }
                return min(max(end, 0), bytes.count)
            }
        }
    }
}
