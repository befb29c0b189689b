/// Matches a pattern by the rules of CPython's engine, step by step, for the patterns whose results PCRE2 gives
/// otherwise.
///
/// What decides the results are three rules. A repetition ends its rounds when one was empty, however many more are
/// allowed. A way that failed takes back the highest group that it closed, and all groups only within a repetition. And
/// what an atomic group, a possessive repetition or a lookaround did stays done.
///
/// Contexts, saved groups and repetitions lie on stacks of their own, not on the machine's. The matcher counts its
/// steps and looks at the CPU time now and then, so each search ends within its budget, inside of one start, too.
struct BacktrackingMatcher {
    /// Why a context was begun: what goes on when it ends.
    enum Reason: UInt8 {
        case root, branch, run, runLazy, repetition, round, further, tail, lazyRound, lazyTail, lazyFurther
        case possessive, possessiveMore, atomic, look, lookNot
    }

    struct Context {
        var step: Int
        var position: Int
        var count = 0
        var repetition: Int32 = -1
        var highestMark: Int32 = -1
        var lastGroup: Int32 = -1
        let reason: Reason
        let isTop: Bool
    }

    struct Repetition {
        let step: Int
        let outer: Int32
        var count = -1
        var lastStart = -1
    }

    /// What a search is told.
    struct Task {
        let bytes: UnsafePointer<UInt8>
        let end: Int
        /// Where the way from one start begins.
        var start: Int
        let mustReachEnd: Bool
        var mustAdvance: Bool
    }

    enum Failure: Error {
        case outOfTime, outOfMemory
    }

    /// Steps between two looks at the time.
    static let stepsPerLook = 4096
    /// Memory of a search in bytes.
    static let memoryLimit = 32 << 20
    /// Elements of each stack that are kept for the next search.
    static let keptElements = 64

    let steps: UnsafePointer<MatchStep>
    let tables: UnsafePointer<UInt8>
    let marks: UnsafeMutablePointer<Int>
    var contexts = BacktrackingStack<Context>(capacity: keptElements)
    var repetitions = BacktrackingStack<Repetition>(capacity: keptElements)
    var saved = BacktrackingStack<Int>(capacity: keptElements)

    var highestMark: Int32 = -1
    var lastGroup: Int32 = -1
    var repetition: Int32 = -1
    /// Where the last context that succeeded ended.
    var reached = 0
    var stepsLeft = 0
    /// The CPU time at which the search is given up; 0 until the first look.
    var deadline: UInt64 = 0
    var allowance: UInt64 = 0

    init(
        steps: UnsafePointer<MatchStep>, tables: UnsafePointer<UInt8>, marks: UnsafeMutablePointer<Int>
    ) {
        self.steps = steps
        self.tables = tables
        self.marks = marks
    }

    func deallocate() {
        contexts.deallocate()
        repetitions.deallocate()
        saved.deallocate()
    }

    var heldBytes: Int { contexts.heldBytes + repetitions.heldBytes + saved.heldBytes }

    /// Begins a search, which may take `allowance` nanoseconds.
    mutating func begin(allowance: UInt64) {
        self.allowance = allowance
        deadline = 0
        stepsLeft = Self.stepsPerLook
    }

    /// Ends a search.
    mutating func end() {
        contexts.shrink(to: Self.keptElements)
        repetitions.shrink(to: Self.keptElements)
        saved.shrink(to: Self.keptElements)
    }

    /// Looks at the time and the memory.
    mutating func look() throws(Failure) {
        stepsLeft = Self.stepsPerLook
        guard heldBytes <= Self.memoryLimit else { throw .outOfMemory }
        let now = ThreadTime.now()
        if deadline == 0 { deadline = now + allowance }
        guard now < deadline else { throw .outOfTime }
    }

    // MARK: - Contexts and marks

    /// Begins a context at step `next`, for the sake of the context on top.
    @inline(__always)
    mutating func call(_ reason: Reason, _ next: Int, at position: Int, isTop: Bool) {
        contexts.push(Context(step: next, position: position, reason: reason, isTop: isTop))
    }

    /// Notes the groups in the context on top; within a repetition, or always when told so, with their places.
    @inline(__always)
    mutating func saveMarks(always: Bool = false) {
        let context = contexts.top
        context.pointee.highestMark = highestMark
        context.pointee.lastGroup = lastGroup
        if (always || repetition >= 0), highestMark >= 0 { pushMarks(Int(highestMark) + 1) }
    }

    mutating func pushMarks(_ count: Int) {
        saved.reserve(count)
        (saved.base + saved.count).update(from: marks, count: count)
        saved.count += count
        stepsLeft -= count >> 3
    }

    /// Takes the groups back to what the context on top has noted. `keeps` leaves the places for another time.
    @inline(__always)
    mutating func restoreMarks(always: Bool = false, keeps: Bool) {
        let context = contexts.top
        highestMark = context.pointee.highestMark
        lastGroup = context.pointee.lastGroup
        guard always || repetition >= 0, highestMark >= 0 else { return }
        let count = Int(highestMark) + 1
        marks.update(from: saved.base + (saved.count - count), count: count)
        if !keeps { saved.count -= count }
    }

    /// Forgets the places that the context on top has saved.
    @inline(__always)
    mutating func dropMarks(always: Bool = false) {
        if always || repetition >= 0 { saved.count -= Int(contexts.top.pointee.highestMark) + 1 }
    }

    @inline(__always)
    mutating func mark(_ index: Int, at position: Int) {
        if index & 1 != 0 { lastGroup = Int32(truncatingIfNeeded: index / 2 + 1) }
        if index > Int(highestMark) {
            var between = Int(highestMark) + 1
            while between < index {
                marks[between] = -1
                between += 1
            }
            highestMark = Int32(truncatingIfNeeded: index)
        }
        marks[index] = position
    }

    /// The text of the group with this index, nil when it has not matched.
    @inline(__always)
    func group(_ index: Int) -> Range<Int>? {
        guard index < Int(highestMark) else { return nil }
        let start = marks[index]
        let end = marks[index + 1]
        return start >= 0 && end >= start ? start..<end : nil
    }

    // MARK: - Single bytes

    /// How many bytes from `position` on are of a set, at most `most`.
    @inline(__always)
    mutating func run(of set: Int, in task: Task, from position: Int, most: Int) -> Int {
        let table = tables + set * 256
        let end = most < task.end - position ? position + most : task.end
        var at = position
        while at < end, table[Int(task.bytes[at])] != 0 { at += 1 }
        stepsLeft -= (at - position) >> 4
        return at - position
    }

    func holds(_ place: Int, at position: Int, in task: Task) -> Bool {
        let isStart = position == 0
        let isEnd = position == task.end
        switch PatternNode.Place(rawValue: place) {
        case .start: return isStart
        case .lineStart: return isStart || task.bytes[position - 1] == 10
        case .end: return isEnd || (position == task.end - 1 && task.bytes[position] == 10)
        case .lineEnd: return isEnd || task.bytes[position] == 10
        case .veryEnd: return isEnd
        case .boundary, .noBoundary:
            guard task.end > 0 else { return false }
            let before = !isStart && task.bytes[position - 1].isWord
            let after = !isEnd && task.bytes[position].isWord
            return (before != after) == (place == PatternNode.Place.boundary.rawValue)
        case nil: return false
        }
    }
}

extension UInt8 {
    /// Whether this is a letter, a digit or an underscore.
    var isWord: Bool { isASCIILetter || isASCIIDigit || self == UInt8(ascii: "_") }
}
