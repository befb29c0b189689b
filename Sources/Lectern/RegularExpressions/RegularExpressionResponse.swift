internal import ControlCore

extension RegularExpression: ResponsePattern {
    /// Subjects of a pattern that depends on what follows are tried byte by byte up to this length.
    private static let bytewiseBytes = 512

    /// The end of the match that is complete first when the bytes come one by one, or nil when there is none: where the
    /// response ends, however it was cut on its way. Errors as for ``search(in:from:anchored:)``.
    ///
    /// So `[0-9]+` ends with the first digit. A pattern that depends on what follows, such as `OK$` or `OK\b`, is tried byte
    /// by byte in the first 512 bytes; behind them its leftmost match counts.
    func endOfMatch(in subject: UnsafeRawBufferPointer) throws(RegularExpressionError) -> Int? {
        dependsOnWhatFollows ? try bytewiseEndOfMatch(in: subject) : try earliestEndOfMatch(in: subject)
    }

    /// A beginning of the subject that has a match keeps it when it grows, so the shortest such beginning is found by halving.
    private func earliestEndOfMatch(in subject: UnsafeRawBufferPointer) throws(RegularExpressionError) -> Int? {
        guard var matching = try endOfLeftmostMatch(in: subject, count: subject.count) else {
            return nil
        }
        var failing = -1
        // Mostly the leftmost match is the one: one look just below it tells.
        var probe = matching - 1
        while probe > failing {
            if let end = try endOfLeftmostMatch(in: subject, count: probe) {
                matching = end
            } else {
                failing = probe
            }
            probe = failing + (matching - failing) / 2
        }
        return matching
    }

    private func bytewiseEndOfMatch(in subject: UnsafeRawBufferPointer) throws(RegularExpressionError) -> Int? {
        for count in 0...min(subject.count, Self.bytewiseBytes) {
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
