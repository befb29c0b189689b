/// A pattern for the ``BacktrackingMatcher``, with the memory that its searches use. Belongs to one event loop.
final class BacktrackingProgram {
    private let stepCount: Int
    private let steps: UnsafeMutablePointer<MatchStep>
    private let tableBytes: Int
    private let tables: UnsafeMutablePointer<UInt8>
    private let marks: UnsafeMutablePointer<Int>
    private let groupCount: Int
    private let shortestMatch: Int
    /// 1 for each byte that a match may begin with; nil when a match may be empty.
    private let firstBytes: UnsafeMutablePointer<UInt8>?
    private let beginsAtStart: Bool
    @exclusivity(unchecked) private var matcher: BacktrackingMatcher
    /// The last successful match.
    @exclusivity(unchecked) private var whole = 0..<0

    init(_ tree: [PatternNode], groupCount: Int) {
        let writer = MatchStepWriter(tree)
        stepCount = writer.steps.count
        steps = .allocate(capacity: stepCount)
        _ = UnsafeMutableBufferPointer(start: steps, count: stepCount).initialize(from: writer.steps)
        tableBytes = writer.tables.count
        tables = .allocate(capacity: max(tableBytes, 1))
        _ = UnsafeMutableBufferPointer(start: tables, count: tableBytes).initialize(from: writer.tables)
        self.groupCount = groupCount
        marks = .allocate(capacity: max(groupCount * 2, 1))
        marks.initialize(repeating: -1, count: max(groupCount * 2, 1))
        shortestMatch = tree.width.least
        let first = tree.firstBytes
        if first.canBeEmpty {
            firstBytes = nil
        } else {
            let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
            for byte in UInt8.min...UInt8.max { table[Int(byte)] = first.bytes.contains(byte) ? 1 : 0 }
            firstBytes = table
        }
        if case .place(.start) = tree.first { beginsAtStart = true } else { beginsAtStart = false }
        matcher = BacktrackingMatcher(steps: steps, tables: tables, marks: marks)
    }

    deinit {
        matcher.deallocate()
        steps.deallocate()
        tables.deallocate()
        marks.deallocate()
        firstBytes?.deallocate()
    }

    /// The memory of the program.
    var heldBytes: Int {
        stepCount * MemoryLayout<MatchStep>.stride + tableBytes + groupCount * 16 + (firstBytes == nil ? 0 : 256)
            + matcher.heldBytes
    }

    /// Searches as ``RegularExpression/search(in:from:anchored:)``.
    func search(
        in subject: UnsafeRawBufferPointer, from start: Int, anchored: RegularExpression.Anchoring,
        allowsEmptyAtStart: Bool
    ) throws(RegularExpressionError) -> Bool {
        var none: UInt8 = 0
        return try withUnsafePointer(to: &none) { (none) throws(RegularExpressionError) in
            let bytes = subject.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? none
            let task = BacktrackingMatcher.Task(
                bytes: bytes, end: subject.count, start: start, mustReachEnd: anchored == .full,
                mustAdvance: !allowsEmptyAtStart)
            matcher.begin(allowance: SearchBudget.nanoseconds(forBytes: subject.count))
            defer { matcher.end() }
            do throws(BacktrackingMatcher.Failure) {
                return try search(task, isAnchored: anchored != .none)
            } catch {
                throw .matchLimitExceeded
            }
        }
    }

    private func search(
        _ task: BacktrackingMatcher.Task, isAnchored: Bool
    ) throws(BacktrackingMatcher.Failure) -> Bool {
        var task = task
        var position = task.start
        let last = task.end - shortestMatch
        while position <= last {
            if let firstBytes {
                let from = position
                while position < task.end, firstBytes[Int(task.bytes[position])] == 0 {
                    if isAnchored { return false }
                    position += 1
                }
                if position > last { return false }
                matcher.stepsLeft -= (position - from) >> 4
            }
            if position != task.start { task.mustAdvance = false }
            let isTop = task.mustReachEnd || task.mustAdvance
            if try matcher.matches(task, at: position, isTop: isTop) {
                whole = position..<matcher.reached
                return true
            }
            if isAnchored || beginsAtStart { return false }
            position += 1
        }
        return false
    }

    /// The range of a group in the last successful search, nil when it took no part.
    func range(ofGroup group: Int) -> Range<Int>? {
        group == 0 ? whole : matcher.group((group - 1) * 2)
    }

    /// The ranges of all groups in the last successful search, that of the whole match first.
    var ranges: [Range<Int>?] { (0...groupCount).map(range) }

    /// The group closed last in the last successful search.
    var lastGroup: Int? { matcher.lastGroup < 0 ? nil : Int(matcher.lastGroup) }
}

extension Collection<PatternNode> {
    /// The bytes that a match of these may begin with, unless it can be empty.
    fileprivate var firstBytes: (bytes: ByteSet, canBeEmpty: Bool) {
        var bytes = ByteSet()
        for node in self {
            let first = node.firstBytes
            bytes.formUnion(first.bytes)
            if !first.canBeEmpty { return (bytes, false) }
        }
        return (bytes, true)
    }
}

extension PatternNode {
    fileprivate var firstBytes: (bytes: ByteSet, canBeEmpty: Bool) {
        switch self {
        case .set(let set, _): return (set, false)
        case .place, .look: return (ByteSet(), true)
        case .alternatives(let branches):
            let all = branches.map(\.firstBytes)
            return (all.reduce(ByteSet()) { $0.union($1.bytes) }, all.contains(where: \.canBeEmpty))
        case .capture(_, let body, _), .group(let body, _), .atomic(let body): return body.firstBytes
        case .reference, .conditional: return (.all, true)
        case .repetition(let body, let least, _, _):
            let first = body.firstBytes
            return (first.bytes, first.canBeEmpty || least == 0)
        }
    }
}
