extension RegularExpression {
    /// Where an enumeration of all matches stands. It holds no subject: each step is given the same one.
    struct Cursor: Sendable {
        /// The byte from which the next match is searched.
        fileprivate(set) var position: Int

        /// Whether the last match was empty and ended here, so that the next may not be the same one.
        fileprivate(set) var mustAdvance: Bool

        /// A cursor at byte `position`; with `mustAdvance` behind an empty match that ended there.
        init(position: Int = 0, mustAdvance: Bool = false) {
            self.position = max(position, 0)
            self.mustAdvance = mustAdvance
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

    /// Some of a subject with its matches replaced.
    struct Replacement: Equatable, Sendable {
        /// What the part of the subject between the cursors, before and after, has become.
        var bytes: [UInt8] = []

        /// The number of matches that were replaced.
        var count = 0

        /// Whether no match is left, so that `bytes` goes on to the subject's end.
        var isComplete = false
    }

    /// Replaces the matches behind the cursor, as Python's `sub`, and moves the cursor on.
    ///
    /// - Parameters:
    ///   - limit: The most matches to replace.
    ///   - pauseBytes: So many bytes of result end this step.
    ///   - pauseNanoseconds: After so much time this step ends with the match that is under way.
    ///   - maximumBytes: The longest result of a step.
    /// - Throws: as ``search(in:from:anchored:)``, and `resultTooLarge`.
    func replacing(
        in subject: UnsafeRawBufferPointer, with template: ReplacementTemplate, cursor: inout Cursor, limit: Int = .max,
        pauseBytes: Int = .max, pauseNanoseconds: UInt64 = .max, maximumBytes: Int
    ) throws(RegularExpressionError) -> Replacement {
        var result = Replacement()
        var copied = cursor.position
        let began = ThreadTime.coarse()
        while result.count < limit, result.bytes.count < pauseBytes,
            ThreadTime.coarse() &- began < pauseNanoseconds
        {
            guard let match = try nextMatch(in: subject, cursor: &cursor) else {
                result.isComplete = true
                guard result.bytes.count + subject.count - copied <= maximumBytes else {
                    throw .resultTooLarge(limit: maximumBytes)
                }
                result.bytes.append(contentsOf: subject[copied...])
                break
            }
            result.bytes.append(contentsOf: subject[copied..<match.range.lowerBound])
            // Asked before the bytes exist: one template may name a long group a thousand times.
            guard template.count(for: match) <= maximumBytes - result.bytes.count else {
                throw .resultTooLarge(limit: maximumBytes)
            }
            template.append(match, of: subject, to: &result.bytes)
            copied = match.range.upperBound
            result.count += 1
        }
        return result
    }
}
