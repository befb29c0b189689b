/// A parameter outside of what a class accepts: a mistake of the caller, found before anything was started.
public struct ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The parameter's name.
    public let parameter: String
    /// What was wrong with the value that was given.
    public let problem: String
    /// What would have been accepted.
    public let allowed: String

    /// Describes a rejected parameter.
    public init(parameter: String, problem: String, allowed: String) {
        self.parameter = parameter
        self.problem = problem
        self.allowed = allowed
    }

    /// The whole as one line, for messages.
    public var description: String { "\(parameter): \(problem); allowed: \(allowed)" }
}
