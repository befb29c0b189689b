/// What is wrong with a configuration, all of it at once.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line for each mistake, in the order of the file: file and line, the key, and what to do.
    public let problems: [String]

    /// The lines.
    public var description: String { problems.joined(separator: "\n") }

    /// Describes one mistake.
    public init(_ problem: String) { problems = [problem] }

    /// Describes mistakes, one line each; at least one.
    public init(problems: [String]) { self.problems = problems }
}
