internal import ControlCore

extension RegularExpression: ResponsePattern {
    /// Subjects of a pattern that depends on what follows are tried byte by byte up to this length.
    private static let bytewiseBytes = 512

    /// What all probes of one look may take together, in nanoseconds, and how many go by between two looks at the time.
    private static let probeBudget: UInt64 = 200_000_000
    private static let probesPerLook = 4

    /// Counts the probes of one look for the end of a response.
    private struct Probes {
        private var count = 0
        private var deadline: UInt64 = 0

        mutating func add() throws(RegularExpressionError) {
            count += 1
            guard count.isMultiple(of: RegularExpression.probesPerLook) else { return }
            let now = ThreadTime.now()
            if deadline == 0 { deadline = now + RegularExpression.probeBudget }
            guard now < deadline else { throw .matchLimitExceeded }
        }
    }

    /// The end of the match that is complete first when the bytes come one by one, or nil when there is none: where the
    /// response ends, however it was cut on its way. Errors as for ``search(in:from:anchored:)``.
    ///
    /// So `[0-9]+` ends with the first digit. A pattern that depends on what follows, such as `OK$` or `OK\b`, is tried
    /// byte by byte in the first 512 bytes; behind them its leftmost match counts.
    func endOfMatch(in subject: UnsafeRawBufferPointer, searched: Int) throws(RegularExpressionError) -> Int? {
        dependsOnWhatFollows
            ? try bytewiseEndOfMatch(in: subject, searched: searched)
            : try earliestEndOfMatch(in: subject, searched: searched)
    }

    /// A beginning of the subject that has a match keeps it when it grows, so the shortest such beginning is found by
    /// halving.
    private func earliestEndOfMatch(
        in subject: UnsafeRawBufferPointer, searched: Int
    ) throws(RegularExpressionError) -> Int? {
        guard var matching = try endOfLeftmostMatch(in: subject, count: subject.count) else {
            return nil
        }
        // Before the first search not even of the empty beginning anything is known.
        var failing = searched > 0 ? searched : -1
        var probes = Probes()
        // Mostly the leftmost match is the one: one look just below it tells.
        var probe = matching - 1
        while probe > failing {
            try probes.add()
            if let end = try endOfLeftmostMatch(in: subject, count: probe) {
                matching = end
            } else {
                failing = probe
            }
            probe = failing + (matching - failing) / 2
        }
        return matching
    }

    private func bytewiseEndOfMatch(
        in subject: UnsafeRawBufferPointer, searched: Int
    ) throws(RegularExpressionError) -> Int? {
        // Each beginning that was searched before was tried by itself then.
        let first = searched > 0 ? min(searched, Self.bytewiseBytes) + 1 : 0
        var probes = Probes()
        for count in stride(from: first, through: min(subject.count, Self.bytewiseBytes), by: 1) {
            try probes.add()
            if let end = try endOfLeftmostMatch(in: subject, count: count) {
                return end
            }
        }
        return subject.count > Self.bytewiseBytes ? try endOfLeftmostMatch(in: subject, count: subject.count) : nil
    }

    private func endOfLeftmostMatch(
        in subject: UnsafeRawBufferPointer, count: Int
    ) throws(RegularExpressionError) -> Int? {
        let beginning = UnsafeRawBufferPointer(rebasing: subject[..<count])
        return try search(in: beginning) ? range(ofGroup: 0)?.upperBound : nil
    }
}
