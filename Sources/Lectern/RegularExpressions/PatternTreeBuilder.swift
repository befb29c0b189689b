/// Builds the tree of a pattern while it is read from left to right. It takes common beginnings out of alternatives and
/// makes one set of alternatives of one byte each, as Python does: what a repetition does to captures depends on it.
struct PatternTreeBuilder {
    private struct Level {
        var branches: [[PatternNode]] = []
        var current: [PatternNode] = []
    }

    private var levels = [Level()]

    mutating func add(_ node: PatternNode) { levels[levels.count - 1].current.append(node) }

    mutating func open() { levels.append(Level()) }

    mutating func alternate() {
        let top = levels.count - 1
        levels[top].branches.append(Self.unpacked(levels[top].current))
        levels[top].current = []
    }

    /// Ends the level and returns its branches.
    mutating func closeBranches() -> [[PatternNode]] {
        alternate()
        return levels.removeLast().branches
    }

    /// Ends the level and returns what it holds.
    mutating func close() -> [PatternNode] { Self.joined(closeBranches()) }

    /// Makes a repetition of the last node. `most` is nil for no bound.
    mutating func repeatLast(least: Int, most: Int?, _ greed: PatternNode.Greed) {
        guard let node = levels[levels.count - 1].current.popLast() else {
            preconditionFailure("a quantifier stands behind an item")
        }
        if case .group(let body, hasFlags: false) = node {
            add(.repetition(body, least: least, most: most, greed))
        } else {
            add(.repetition([node], least: least, most: most, greed))
        }
    }

    /// Puts the contents of groups that do nothing in the place of the groups.
    private static func unpacked(_ nodes: [PatternNode]) -> [PatternNode] {
        nodes.flatMap { node in
            if case .group(let body, hasFlags: false) = node { body } else { [node] }
        }
    }

    private static func joined(_ branches: [[PatternNode]]) -> [PatternNode] {
        guard branches.count > 1 else { return branches.first ?? [] }
        var common = 0
        while let item = branches[0].dropFirst(common).first,
            branches.allSatisfy({ $0.count > common && $0[common].isSameItem(as: item) })
        {
            common += 1
        }
        let rests = branches.map { Array($0.dropFirst(common)) }
        var set = ByteSet()
        let isSet = rests.allSatisfy { rest in
            guard rest.count == 1, case .set(let member, isMergeable: true) = rest[0] else { return false }
            set.formUnion(member)
            return true
        }
        return branches[0].prefix(common) + [isSet ? .set(set, isMergeable: true) : .alternatives(rests)]
    }
}
