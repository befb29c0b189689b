/// One instruction of a ``BacktrackingMatcher``.
struct MatchStep {
    enum Operation: UInt8 {
        /// `value` is the byte.
        case byte
        /// `value` is the number of the set.
        case set
        /// `value` is the ``PatternNode/Place``.
        case place
        /// Notes where a group begins (`value` twice its index) or ends (one more).
        case mark
        case jump
        /// Tries the ways that begin behind it; each is an `alternative`, whose target is the next one, 0 behind the
        /// last.
        case branch, alternative
        /// Repetitions of one byte of set `value`.
        case runGreedy, runLazy, runPossessive
        /// Begins a repetition, whose end is `target`.
        case repetition
        /// Decides at the end of a round; `target` is the repetition.
        case untilGreedy, untilLazy
        /// Repeats what follows, up to a `success`, without going back into it. `target` is behind it.
        case possessive
        /// Matches what follows, up to a `success`, without going back into it. `target` is behind it.
        case atomic
        /// Asks for what follows, up to a `success`, from `value` bytes before. `target` is behind it.
        case look, lookNot
        /// Matches the text of the group with index `value`.
        case reference, referenceIgnoringCase
        /// Goes to `target` when the group with index `value` has not matched.
        case unlessGroup
        case success
    }

    let operation: Operation
    var value = 0
    /// The bounds of a repetition.
    var least = 0
    var most = 0
    var target = 0
}

/// Writes the tree of a pattern as steps.
struct MatchStepWriter {
    private(set) var steps: [MatchStep] = []
    /// 256 bytes for each set: 1 for a member.
    private(set) var tables: [UInt8] = []
    private var numbers: [ByteSet: Int] = [:]

    init(_ tree: [PatternNode]) {
        write(tree)
        steps.append(MatchStep(operation: .success))
    }

    private mutating func number(of set: ByteSet) -> Int {
        if let number = numbers[set] { return number }
        let number = numbers.count
        numbers[set] = number
        for byte in UInt8.min...UInt8.max { tables.append(set.contains(byte) ? 1 : 0) }
        return number
    }

    private mutating func write(_ nodes: [PatternNode]) {
        for node in nodes { write(node) }
    }

    /// Writes a step, then what `body` writes, then a `success` to end it, and sets the target of the step behind it.
    private mutating func write(_ step: MatchStep, enclosing nodes: [PatternNode]) {
        let at = steps.count
        steps.append(step)
        write(nodes)
        steps.append(MatchStep(operation: .success))
        steps[at].target = steps.count
    }

    private mutating func write(_ node: PatternNode) {
        switch node {
        case .set(let set, _):
            if let byte = set.single {
                steps.append(MatchStep(operation: .byte, value: Int(byte)))
            } else {
                steps.append(MatchStep(operation: .set, value: number(of: set)))
            }
        case .place(let place):
            steps.append(MatchStep(operation: .place, value: place.rawValue))
        case .alternatives(let branches):
            write(branches)
        case .capture(let group, let body, _):
            steps.append(MatchStep(operation: .mark, value: (group - 1) * 2))
            write(body)
            steps.append(MatchStep(operation: .mark, value: (group - 1) * 2 + 1))
        case .group(let body, _):
            write(body)
        case .atomic(let body):
            write(MatchStep(operation: .atomic), enclosing: body)
        case .look(let body, let isNegative, let behind):
            write(MatchStep(operation: isNegative ? .lookNot : .look, value: behind ?? 0), enclosing: body)
        case .reference(let group, let ignoresCase, _):
            steps.append(
                MatchStep(operation: ignoresCase ? .referenceIgnoringCase : .reference, value: (group - 1) * 2))
        case .conditional(let group, let then, let otherwise):
            let at = steps.count
            steps.append(MatchStep(operation: .unlessGroup, value: (group - 1) * 2))
            write(then)
            if let otherwise, !otherwise.isEmpty {
                let jump = steps.count
                steps.append(MatchStep(operation: .jump))
                steps[at].target = steps.count
                write(otherwise)
                steps[jump].target = steps.count
            } else {
                steps[at].target = steps.count
            }
        case .repetition(let body, let least, let most, let greed):
            write(body, least: least, most: most ?? .max, greed)
        }
    }

    private mutating func write(_ branches: [[PatternNode]]) {
        steps.append(MatchStep(operation: .branch))
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            let at = steps.count
            steps.append(MatchStep(operation: .alternative))
            write(branch)
            jumps.append(steps.count)
            steps.append(MatchStep(operation: .jump))
            if index < branches.count - 1 { steps[at].target = steps.count }
        }
        for jump in jumps { steps[jump].target = steps.count }
    }

    private mutating func write(_ body: [PatternNode], least: Int, most: Int, _ greed: PatternNode.Greed) {
        if let set = Self.single(body) {
            let operation: MatchStep.Operation =
                switch greed {
                case .greedy: .runGreedy
                case .lazy: .runLazy
                case .possessive: .runPossessive
                }
            steps.append(MatchStep(operation: operation, value: number(of: set), least: least, most: most))
            return
        }
        if greed == .possessive {
            write(MatchStep(operation: .possessive, least: least, most: most), enclosing: body)
            return
        }
        let at = steps.count
        steps.append(MatchStep(operation: .repetition, least: least, most: most))
        write(body)
        steps[at].target = steps.count
        steps.append(
            MatchStep(operation: greed == .lazy ? .untilLazy : .untilGreedy, least: least, most: most, target: at))
    }

    /// The set of a body that is one byte wide and captures nothing.
    private static func single(_ body: [PatternNode]) -> ByteSet? {
        guard body.count == 1 else { return nil }
        switch body[0] {
        case .set(let set, _): return set
        case .group(let inner, _): return single(inner)
        default: return nil
        }
    }
}
