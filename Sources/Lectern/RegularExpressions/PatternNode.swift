/// A part of a pattern, with the flags that hold at its place already in it.
indirect enum PatternNode {
    /// What is asked of a place in the subject.
    enum Place: Int {
        case start, lineStart, end, lineEnd, veryEnd, boundary, noBoundary
    }

    enum Greed {
        case greedy, lazy, possessive
    }

    /// One byte of a set. `isMergeable` is false for what Python keeps apart from sets: `.` and all that is negated.
    case set(ByteSet, isMergeable: Bool)
    case place(Place)
    case alternatives([[PatternNode]])
    case capture(Int, [PatternNode], PatternWidth)
    /// A group that does not capture. One with flags of its own stays a group, another is a part of what is around it.
    case group([PatternNode], hasFlags: Bool)
    case atomic([PatternNode])
    case look([PatternNode], isNegative: Bool, behind: Int?)
    case reference(Int, ignoresCase: Bool, PatternWidth)
    case conditional(Int, then: [PatternNode], otherwise: [PatternNode]?)
    /// `most` is nil for no bound.
    case repetition([PatternNode], least: Int, most: Int?, Greed)

    /// Whether both are the same single item, as Python finds them alike when it takes out a common beginning.
    func isSameItem(as other: PatternNode) -> Bool {
        switch (self, other) {
        case (.set(let one, _), .set(let two, _)): one == two
        case (.place(let one), .place(let two)): one == two
        case (.reference(let one, _, _), .reference(let two, _, _)): one == two
        default: false
        }
    }
}

/// How many bytes a part of a pattern can match.
struct PatternWidth: Equatable, Sendable {
    /// Stands for all that is longer than any subject.
    static let limit = 1 << 40

    var least: Int
    var most: Int

    static let zero = PatternWidth(least: 0, most: 0)

    /// The width of one after the other.
    static func + (one: PatternWidth, two: PatternWidth) -> PatternWidth {
        PatternWidth(least: min(one.least + two.least, limit), most: min(one.most + two.most, limit))
    }

    /// The width of one or the other.
    func or(_ other: PatternWidth) -> PatternWidth {
        PatternWidth(least: min(least, other.least), most: max(most, other.most))
    }

    func repeated(least times: Int, most: Int?) -> PatternWidth {
        func product(_ width: Int, _ times: Int?) -> Int {
            guard let times else { return width == 0 ? 0 : Self.limit }
            let (product, overflow) = width.multipliedReportingOverflow(by: times)
            return overflow ? Self.limit : min(product, Self.limit)
        }
        return PatternWidth(least: product(least, times), most: product(self.most, most))
    }
}

extension Collection<PatternNode> {
    /// The width of these one after the other.
    var width: PatternWidth { reduce(.zero) { $0 + $1.width } }
}

extension PatternNode {
    var width: PatternWidth {
        switch self {
        case .set: PatternWidth(least: 1, most: 1)
        case .place, .look: .zero
        case .alternatives(let branches):
            branches.dropFirst().reduce(branches.first?.width ?? .zero) { $0.or($1.width) }
        case .capture(_, _, let width), .reference(_, _, let width): width
        case .group(let body, _), .atomic(let body): body.width
        case .conditional(_, let then, let otherwise): then.width.or(otherwise?.width ?? .zero)
        case .repetition(let body, let least, let most, _): body.width.repeated(least: least, most: most)
        }
    }
}

extension Collection<PatternNode> {
    /// The number of parts when each repetition of a group is written out; see ``PatternTranslator/unfoldLimit``.
    var unfoldedCount: Int { reduce(0) { Swift.min($0 + $1.unfoldedCount, PatternWidth.limit) } }
}

extension PatternNode {
    fileprivate var unfoldedCount: Int {
        switch self {
        case .set, .place, .reference: return 1
        case .alternatives(let ways): return ways.reduce(1) { min($0 + $1.unfoldedCount, PatternWidth.limit) }
        case .capture(_, let body, _), .group(let body, _), .atomic(let body), .look(let body, _, _):
            return 1 + body.unfoldedCount
        case .conditional(_, let then, let otherwise):
            return 1 + then.unfoldedCount + (otherwise?.unfoldedCount ?? 0)
        case .repetition(let body, let least, let most, _):
            // A run of one byte is one part, however long it is.
            if body.count == 1, case .set = body[0] { return 1 }
            let times = max(least, most ?? 1, 1)
            let (product, overflow) = body.unfoldedCount.multipliedReportingOverflow(by: times)
            return overflow ? PatternWidth.limit : min(product, PatternWidth.limit)
        }
    }
}
