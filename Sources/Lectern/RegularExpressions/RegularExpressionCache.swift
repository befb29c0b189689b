/// The compiled forms of the patterns that were used last. Belongs to one program.
final class RegularExpressionCache {
    private struct Key: Hashable {
        let pattern: [UInt8]
        let flags: UInt8
    }

    private struct Entry {
        let expression: RegularExpression
        var lastUse: Int
    }

    /// The most bytes that the patterns kept may take together: the cache is the host's, and not charged to a program.
    static let byteLimit = 4 << 20

    private let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var uses = 0

    /// - Parameter capacity: the most patterns kept; beyond it the one unused for longest goes.
    init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// The number of patterns kept.
    var count: Int { entries.count }

    /// The compiled pattern, compiled now when it is not kept.
    ///
    /// - Throws: as ``RegularExpression/init(pattern:flags:)``.
    func expression(
        _ pattern: [UInt8], flags: RegularExpression.Flags
    ) throws(RegularExpressionError) -> RegularExpression {
        let key = Key(pattern: pattern, flags: flags.rawValue)
        uses += 1
        if let index = entries.index(forKey: key) {
            entries.values[index].lastUse = uses
            return entries.values[index].expression
        }
        let expression = try RegularExpression(pattern: pattern, flags: flags)
        // Each walk is little beside the compiling. What a pattern takes grows with its first uses, so it is asked
        // anew.
        var bytes = entries.values.reduce(expression.heldBytes) { $0 + $1.expression.heldBytes }
        while entries.count == capacity || bytes > Self.byteLimit,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            bytes -= entries.removeValue(forKey: oldest)?.expression.heldBytes ?? 0
        }
        entries[key] = Entry(expression: expression, lastUse: uses)
        return expression
    }
}
