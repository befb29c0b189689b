/// What decides which engine matches a pattern, and how.
struct PatternTraits {
    /// Whether PCRE2 may give other results than Python, so that the ``BacktrackingMatcher`` has to match.
    ///
    /// The two engines part where a repeated group can be empty (Python ends the rounds at an empty one), at a
    /// repetition of no times, at what is not gone back into, at references and conditions (Python keeps groups of ways
    /// that failed), and at groups within lookarounds.
    private(set) var needsBacktracking = false

    /// Whether the pattern has alternatives of which one can be empty: the shape for which the start optimizations of
    /// PCRE2 before 10.43 are wrong in compiled code. Seven million searches of generated patterns without it found no
    /// fault.
    private(set) var hasEmptyWay = false

    init(_ tree: [PatternNode]) {
        look(at: tree, isInLook: false, isRepeated: false)
    }

    private mutating func look(at nodes: [PatternNode], isInLook: Bool, isRepeated: Bool) {
        for node in nodes where !needsBacktracking {
            look(at: node, isInLook: isInLook, isRepeated: isRepeated)
        }
    }

    private mutating func look(at node: PatternNode, isInLook: Bool, isRepeated: Bool) {
        switch node {
        case .set, .place:
            break
        case .alternatives(let ways):
            if ways.contains(where: { $0.width.least == 0 }) { hasEmptyWay = true }
            for way in ways { look(at: way, isInLook: isInLook, isRepeated: isRepeated) }
        case .capture(_, let body, let width):
            // Which group closed last is not to be told from the places when one in a loop can be empty.
            if isInLook || (isRepeated && width.least == 0) { needsBacktracking = true }
            look(at: body, isInLook: isInLook, isRepeated: isRepeated)
        case .group(let body, _):
            look(at: body, isInLook: isInLook, isRepeated: isRepeated)
        case .look(let body, _, _):
            look(at: body, isInLook: true, isRepeated: isRepeated)
        case .atomic, .reference, .conditional:
            needsBacktracking = true
        case .repetition(let body, let least, let most, let greed):
            if greed == .possessive || most == 0 || max(least, most ?? 0) > Self.largestCount {
                needsBacktracking = true
                return
            }
            if body.width.least == 0 {
                needsBacktracking = true
                return
            }
            if case .set = body.first, body.count == 1 { return }
            look(at: body, isInLook: isInLook, isRepeated: true)
        }
    }

    /// PCRE2's limit on counts in braces.
    private static let largestCount = 65535
}
