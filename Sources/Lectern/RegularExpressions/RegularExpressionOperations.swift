extension RegularExpression {
    /// Where an enumeration of all matches stands. It holds no subject: each step is given the same one.
    struct Cursor: Sendable {
        /// The byte from which the next match is searched.
        fileprivate(set) var position: Int

        /// Whether the last match was empty and ended here, so that the next may not be the same one.
        fileprivate var mustAdvance = false

        /// A cursor at byte `position`.
        init(position: Int = 0) {
            self.position = max(position, 0)
        }
    }

    /// The next match after those that the cursor has passed, or nil: the order and the empty matches of Python's
    /// `finditer`. Errors as for ``search(in:from:anchored:)``.
    func nextMatch(
        in subject: UnsafeRawBufferPointer, cursor: inout Cursor
    ) throws(RegularExpressionError) -> Match? {
        guard cursor.position <= subject.count else {
            return nil
        }
        let found = try search(
            in: subject, from: cursor.position, anchored: .none, allowsEmptyAtStart: !cursor.mustAdvance)
        guard found else {
            cursor.position = subject.count + 1
            return nil
        }
        let match = currentMatch()
        cursor.position = match.range.upperBound
        cursor.mustAdvance = match.range.isEmpty
        return match
    }

    /// The subject with its matches replaced, as Python's `sub`, and how many there were.
    ///
    /// - Parameters:
    ///   - limit: The most matches to replace; 0 for all.
    ///   - maximumBytes: The longest result.
    /// - Throws: as ``search(in:from:anchored:)``, and `resultTooLarge`.
    func replacing(
        in subject: UnsafeRawBufferPointer, with template: ReplacementTemplate, limit: Int = 0, maximumBytes: Int
    ) throws(RegularExpressionError) -> (bytes: [UInt8], count: Int) {
        var result: [UInt8] = []
        var cursor = Cursor()
        var copied = 0
        var count = 0
        while limit <= 0 || count < limit, let match = try nextMatch(in: subject, cursor: &cursor) {
            result.append(contentsOf: subject[copied..<match.range.lowerBound])
            // Asked before the bytes exist: one template may name a long group a thousand times.
            guard template.count(for: match) <= maximumBytes - result.count else {
                throw .resultTooLarge(limit: maximumBytes)
            }
            template.append(match, of: subject, to: &result)
            copied = match.range.upperBound
            count += 1
        }
        guard result.count + subject.count - copied <= maximumBytes else {
            throw .resultTooLarge(limit: maximumBytes)
        }
        result.append(contentsOf: subject[copied...])
        return (result, count)
    }

    /// The pieces between the matches, and after each the groups of the match that follows it: Python's `split`. A nil is a
    /// group that took no part.
    ///
    /// - Parameter limit: The most matches to cut at; 0 for all.
    /// - Throws: as ``search(in:from:anchored:)``.
    func split(_ subject: UnsafeRawBufferPointer, limit: Int = 0) throws(RegularExpressionError) -> [Range<Int>?] {
        var pieces: [Range<Int>?] = []
        var cursor = Cursor()
        var start = 0
        var count = 0
        while limit <= 0 || count < limit, let match = try nextMatch(in: subject, cursor: &cursor) {
            pieces.append(start..<match.range.lowerBound)
            pieces.append(contentsOf: match.ranges.dropFirst())
            start = match.range.upperBound
            count += 1
        }
        pieces.append(start..<subject.count)
        return pieces
    }
}
