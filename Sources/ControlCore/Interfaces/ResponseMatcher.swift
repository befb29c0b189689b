import Bytes

/// Collects the response to a `sendAndWait` and finds the earliest byte at which its delimiter holds.
///
/// A value without time or I/O. What it finds does not depend on how the response was cut into pieces. A length or a
/// suffix costs the same for each byte, however many pieces there are. A pattern has to be searched for anew in all
/// that came: with each piece as long as that is little, then only when it is asked to ``catchUp()``.
struct ResponseMatcher {
    /// Up to so many bytes a pattern is searched for with each piece: 64 KiB.
    static let searchedAtOnce = 64 << 10

    enum Verdict: Equatable {
        /// The delimiter does not hold yet.
        case incomplete
        /// It holds: what came up to its end, and what came behind it.
        case complete(response: ByteBuffer, rest: ByteBuffer)
        /// There is no delimiter, and more than the limit came: as much as that, and what came behind it.
        case cut(response: ByteBuffer, rest: ByteBuffer)
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
    /// In so many of the bytes the pattern was searched for.
    private var searched = 0
    /// The most bytes that a response may have.
    var limit: Int

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
        searched = 0
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
        return try verdict(on: endOfResponse(searchedBefore: before, putsOff: true))
    }

    /// How many bytes have come.
    var count: Int { collected.readableBytes }

    /// Whether there are bytes in which the delimiter was not looked for yet.
    var isBehind: Bool {
        if case .pattern = rule { searched < collected.readableBytes } else { false }
    }

    /// Looks for the delimiter in all that came.
    /// - Throws: as ``append(_:)``.
    mutating func catchUp() throws -> Verdict {
        guard isBehind else { return .incomplete }
        return try verdict(on: endOfResponse(searchedBefore: collected.readableBytes, putsOff: false))
    }

    private mutating func verdict(on end: Int?) -> Verdict {
        guard let end else {
            guard collected.readableBytes > limit else { return .incomplete }
            guard !hasDelimiter, let response = collected.readSlice(length: limit) else { return .tooLong }
            return .cut(response: response, rest: takeCollected())
        }
        guard end <= limit, let response = collected.readSlice(length: end) else { return .tooLong }
        return .complete(response: response, rest: takeCollected())
    }

    /// Takes out all that was collected.
    mutating func takeCollected() -> ByteBuffer {
        defer { collected = ByteBuffer() }
        return collected
    }

    /// - Parameter putsOff: whether a search that takes long may wait.
    private mutating func endOfResponse(searchedBefore: Int, putsOff: Bool) throws -> Int? {
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
            let count = collected.readableBytes
            if putsOff, count > Self.searchedAtOnce, count <= limit { return nil }
            let end = try collected.withUnsafeReadableBytes { try pattern.endOfMatch(in: $0, searched: searched) }
            searched = count
            return end.map { min(max($0, 0), count) }
        }
    }
}
