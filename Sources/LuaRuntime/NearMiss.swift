/// Finds the name that a misspelt one was meant to be.
public enum NearMiss {
    /// No name of the environment is longer, so nothing longer was meant to be one.
    private static let longestName = 64

    /// The candidate that differs from `name` only in case, or by a slip or two; nil when none is that near.
    public static func find(_ name: String, in candidates: [String]) -> String? {
        guard name.utf8.count <= longestName else { return nil }
        let lower = Array(name.lowercased().utf8)
        guard lower.count >= 2 else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates where candidate != name {
            let other = Array(candidate.lowercased().utf8)
            if other == lower { return candidate }
            let allowed = min(lower.count, other.count) >= 8 ? 2 : (min(lower.count, other.count) >= 4 ? 1 : 0)
            guard abs(other.count - lower.count) <= allowed else { continue }
            let distance = editDistance(lower, other)
            if distance <= allowed, distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// The candidates that are spelt nearly as `name`, or that have it as a part or are a part of it, in alphabetical
    /// order: `IPPort` and `ServicePort` for `Port`. At most three.
    public static func related(_ name: String, in candidates: [String]) -> [String] {
        if let near = find(name, in: candidates) { return [near] }
        guard (3...longestName).contains(name.utf8.count) else { return [] }
        let lower = name.lowercased()
        let found = Set(candidates).filter { candidate in
            let other = candidate.lowercased()
            return other.utf8.count >= 4 && (Self.contains(other, lower) || Self.contains(lower, other))
        }
        return Array(found.sorted().prefix(3))
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard part.count <= text.count else { return false }
        return (0...text.count - part.count).contains { text[$0..<$0 + part.count].elementsEqual(part) }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1] + Array(repeating: 0, count: b.count)
            for j in 0..<b.count {
                var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row[j + 1] = cost
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
