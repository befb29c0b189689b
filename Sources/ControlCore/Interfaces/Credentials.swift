/// A user name and a password. Its description shows no password, so it may be logged.
public struct Credentials: Hashable, Sendable, CustomStringConvertible {
    /// The user's name.
    public let user: String
    /// The password; may be empty.
    public let password: String

    /// Bundles a user name and a password.
    public init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    /// The whole as one line, for messages.
    public var description: String { "\(user):***" }
}
