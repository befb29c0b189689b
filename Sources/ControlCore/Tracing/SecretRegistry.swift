/// The secrets that no trace shows: passwords and keys.
final class SecretRegistry {
    /// Shorter ones would be found everywhere. They are hidden where a piece is nothing else.
    static let shortest = 3
    /// How many are kept; beyond that the oldest goes.
    static let limit = 1000

    /// Those that are looked for everywhere.
    private(set) var secrets: [[UInt8]] = []
    /// Those that are too short for that.
    private(set) var shortSecrets: [[UInt8]] = []
    /// The length of the longest.
    private(set) var longest = 0

    var isEmpty: Bool { secrets.isEmpty && shortSecrets.isEmpty }

    /// Hides `secret` from now on.
    func add(_ secret: [UInt8]) {
        if secret.isEmpty { return }
        if secret.count < Self.shortest {
            Self.add(secret, to: &shortSecrets)
        } else {
            Self.add(secret, to: &secrets)
            longest = secrets.reduce(0) { max($0, $1.count) }
        }
    }

    private static func add(_ secret: [UInt8], to list: inout [[UInt8]]) {
        guard !list.contains(secret) else { return }
        if list.count == limit { list.removeFirst() }
        list.append(secret)
    }
}
