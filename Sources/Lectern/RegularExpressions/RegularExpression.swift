import CPCRE2

/// A regular expression on bytes, with the syntax and the meaning of Python's `re` for patterns of bytes (3.11).
///
/// PCRE2 does the matching of plain patterns, in machine code. A pattern for which the two differ (see
/// ``PatternTraits``), or that is too large for PCRE2, is matched step by step as CPython does
/// (``BacktrackingMatcher``). The known differences: bounds on a pattern's size and on the time and the memory of a
/// search, which Python does not have; see docs/compatibility.md. A pattern that tries too many ways ends in
/// ``RegularExpressionError/matchLimitExceeded`` after some tens of milliseconds, for a long subject after 400 at most.
/// Belongs to one event loop, as everything of a program does; nothing here waits.
final class RegularExpression {
    /// Where a match may lie.
    enum Anchoring: Int, Sendable {
        /// Anywhere from the start position on: `search`.
        case none
        /// At the start position: `match`.
        case start
        /// From the start position to the subject's end: `fullmatch`.
        case full
    }

    /// Subjects up to this length are searched without a watch by patterns with two long repetitions: the square of it,
    /// from each start of a window, is a quarter of a second at most.
    private static let unwatchedBytes = 1024
    /// The same for patterns with more than two long repetitions, which can take the cube and more.
    private static let unwatchedBytesOfMany = 256

    /// The pattern as the program wrote it.
    let pattern: [UInt8]

    /// The flags given, and those that the pattern sets for itself as a whole.
    let flags: Flags

    /// The number of capturing groups.
    let groupCount: Int

    /// The numbers of the named groups.
    let names: [String: Int]

    /// Whether a match may be undone by bytes that follow it: the pattern asks what comes next, or does not go back on
    /// what it has taken.
    let dependsOnWhatFollows: Bool

    private let groups: [RegularExpressionGroup]
    private let options: UInt32
    /// Subjects over this length are searched with a watch.
    private let unwatchedBytes: Int

    /// The programs compiled so far: for each anchoring (the engine has compiled code only for one known when it
    /// compiles) a plain one and a watched one.
    @exclusivity(unchecked) private var programs: [RegularExpressionProgram?]

    /// The memory of the programs compiled so far and of the rest that stays, in bytes.
    @exclusivity(unchecked) private var compiledBytes: Int

    /// The program that matches as CPython does, when PCRE2 is not to be used.
    @exclusivity(unchecked) private var backtracking: BacktrackingProgram?

    /// Whether the last search succeeded, by `backtracking`.
    @exclusivity(unchecked) private var hasBacktracked = false

    /// The program whose last search succeeded, and therefore holds the groups. Without a check of exclusive access, as
    /// the programs: nothing is called while either is changed.
    @exclusivity(unchecked) private var succeeded: RegularExpressionProgram?

    /// Compiles a pattern.
    ///
    /// - Throws: `syntax` with the byte of the pattern that is wrong, `engine` when memory is short.
    init(pattern: [UInt8], flags: Flags = []) throws(RegularExpressionError) {
        var translator = PatternTranslator(pattern: pattern, flags: flags)
        try translator.translate()
        self.pattern = pattern
        self.flags = translator.flags
        groups = translator.groups
        groupCount = translator.groups.count - 1
        names = translator.names
        dependsOnWhatFollows = translator.looksAhead || translator.hasAtomicGroups
        // A single run cannot meet another one that shares its characters.
        unwatchedBytes =
            switch translator.unboundedRepetitions {
            case ...1: .max
            case 2: Self.unwatchedBytes
            default: Self.unwatchedBytesOfMany
            }
        // Python's ^ with MULTILINE matches after a newline at the very end, too.
        var options = PCRE2_ALT_CIRCUMFLEX
        if translator.flags.contains(.ignoreCase) { options |= PCRE2_CASELESS }
        if translator.flags.contains(.multiline) { options |= PCRE2_MULTILINE }
        if translator.flags.contains(.dotAll) { options |= PCRE2_DOTALL }
        let traits = PatternTraits(translator.tree)
        if traits.hasEmptyWay, RegularExpressionProgram.hasFaultyStartOptimizations {
            options |= PCRE2_NO_START_OPTIMIZE
        }
        self.options = options
        programs = [nil, nil, nil, nil, nil, nil]
        compiledBytes =
            pattern.count + groups.count * MemoryLayout<RegularExpressionGroup>.stride + names.count * 64
        if !traits.needsBacktracking {
            do throws(RegularExpressionError) {
                keep(try RegularExpressionProgram(pattern: translator.output, options: options), at: 0)
                return
            } catch {
                // Too large for the engine's code, which has no room for more than 64 KiB.
            }
        }
        backtracking = BacktrackingProgram(translator.tree, groupCount: groupCount)
    }

    /// The memory of the compiled pattern, machine code and all, in bytes. It grows with the first search of another
    /// kind (`match`, `fullmatch`, a long subject).
    var heldBytes: Int { compiledBytes + (backtracking?.heldBytes ?? 0) }

    private func keep(_ program: RegularExpressionProgram, at index: Int) {
        programs[index] = program
        compiledBytes += program.heldBytes
    }

    /// Whether the pattern is matched by CPython's rules step by step, not by PCRE2.
    var isBacktracking: Bool { backtracking != nil }

    // MARK: - Searching

    /// Whether the pattern matches; the groups are then found by ``range(ofGroup:)``. Allocates nothing once warm.
    ///
    /// - Parameters:
    ///   - subject: The bytes to search. They are not kept.
    ///   - start: The first byte of the search; clamped to the subject. `^` and lookbehinds see what lies before.
    /// - Throws: `matchLimitExceeded`, or `engine` when memory is short.
    func search(
        in subject: UnsafeRawBufferPointer, from start: Int = 0, anchored: Anchoring = .none
    ) throws(RegularExpressionError) -> Bool {
        try search(in: subject, from: start, anchored: anchored, allowsEmptyAtStart: true)
    }

    /// The range of a group in the last search, which must have succeeded; nil when the group took no part or does not
    /// exist.
    func range(ofGroup group: Int) -> Range<Int>? {
        guard (0...groupCount).contains(group) else {
            return nil
        }
        return hasBacktracked ? backtracking?.range(ofGroup: group) : succeeded?.range(ofGroup: group)
    }

    /// The first match, or nil. Parameters and errors as for ``search(in:from:anchored:)``.
    func firstMatch(
        in subject: UnsafeRawBufferPointer, from start: Int = 0, anchored: Anchoring = .none
    ) throws(RegularExpressionError) -> Match? {
        try search(in: subject, from: start, anchored: anchored) ? currentMatch() : nil
    }

    // MARK: - For the operations on all matches

    func search(
        in subject: UnsafeRawBufferPointer, from start: Int, anchored: Anchoring, allowsEmptyAtStart: Bool
    ) throws(RegularExpressionError) -> Bool {
        succeeded = nil
        hasBacktracked = false
        let start = min(max(start, 0), subject.count)
        guard backtracking == nil, let program = program(for: anchored, isWatched: subject.count > unwatchedBytes)
        else {
            hasBacktracked =
                try backtracking?.search(
                    in: subject, from: start, anchored: anchored, allowsEmptyAtStart: allowsEmptyAtStart) ?? false
            return hasBacktracked
        }
        guard try program.search(in: subject, from: start, allowsEmptyAtStart: allowsEmptyAtStart) else {
            return false
        }
        succeeded = program
        return true
    }

    /// The match of the last search, which must have succeeded.
    func currentMatch() -> Match {
        if hasBacktracked, let backtracking, let whole = backtracking.range(ofGroup: 0) {
            return Match(ranges: backtracking.ranges, lastIndex: backtracking.lastGroup, range: whole)
        }
        guard let program = succeeded, let whole = program.range(ofGroup: 0) else {
            preconditionFailure("there is no match")
        }
        let ranges = program.ranges
        return Match(ranges: ranges, lastIndex: lastClosedGroup(of: ranges), range: whole)
    }

    // MARK: -

    /// The program for a search; nil when PCRE2 does not take the pattern in this form, and `backtracking` is there
    /// instead.
    private func program(for anchored: Anchoring, isWatched: Bool) -> RegularExpressionProgram? {
        let index = anchored.rawValue * 2 + (isWatched ? 1 : 0)
        return programs[index] ?? compileProgram(index, for: anchored, isWatched: isWatched)
    }

    private func compileProgram(_ index: Int, for anchored: Anchoring, isWatched: Bool) -> RegularExpressionProgram? {
        var translator = PatternTranslator(pattern: pattern, flags: flags, isWatched: isWatched)
        do throws(RegularExpressionError) {
            try translator.translate()
            let text =
                anchored == .full ? Array("(?:".utf8) + translator.output + Array(")\\z".utf8) : translator.output
            let program = try RegularExpressionProgram(
                pattern: text, options: anchored == .none ? options : options | PCRE2_ANCHORED, isWatched: isWatched)
            keep(program, at: index)
            return program
        } catch {
            // With what this form adds the pattern is too large. It was read before, so its tree is there.
            backtracking = BacktrackingProgram(translator.tree, groupCount: groupCount)
            return nil
        }
    }

    /// The group closed last. The engine does not say, but nesting and order tell: an outer group closes after the
    /// inner ones, and of two side by side the one that ends later does. A group of a lookaround may end anywhere, so
    /// there only its place in the pattern counts.
    private func lastClosedGroup(of ranges: [Range<Int>?]) -> Int? {
        var last: (group: Int, end: Int)?
        for group in ranges.indices.dropFirst() {
            guard let range = ranges[group] else {
                continue
            }
            guard let candidate = last else {
                last = (group, range.upperBound)
                continue
            }
            if isGroup(group, within: candidate.group) {
                continue
            }
            let comparesEnds = !groups[group].isInLookaround && !groups[candidate.group].isInLookaround
            if !comparesEnds || range.upperBound >= candidate.end {
                last = (group, range.upperBound)
            }
        }
        return last?.group
    }

    private func isGroup(_ group: Int, within outer: Int) -> Bool {
        var parent = groups[group].parent
        while parent > outer {
            parent = groups[parent].parent
        }
        return parent == outer
    }
}

extension RegularExpression {
    /// One match: where the groups lie in the subject.
    struct Match: Equatable, Sendable {
        /// The range of each group in bytes of the subject, nil for a group that took no part. Group 0 is the whole
        /// match.
        let ranges: [Range<Int>?]

        /// The number of the group that was closed last, or nil when no group took part.
        let lastIndex: Int?

        /// The range of the whole match.
        let range: Range<Int>

        /// The range of a group, nil when it took no part or does not exist.
        subscript(group: Int) -> Range<Int>? {
            ranges.indices.contains(group) ? ranges[group] : nil
        }
    }
}
