/// A mistake in SML, with its place.
public struct SmlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int
    /// What is wrong, for people.
    public let message: String

    /// Place and message.
    public var description: String { "line \(line), column \(column): \(message)" }
}
