/// A mistake in declaring or naming what equipment has: an identifier that is in use, or one that there is not.
public struct GemDeclarationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for people.
    public let description: String

    /// An error with its text.
    public init(_ description: String) {
        self.description = description
    }
}
