/// Why a program does not run: one line that says what, where and what to do.
public struct ProgramError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The line.
    public let message: String
    /// Lua's traceback, when the main chunk failed; one frame each.
    public let traceback: [String]

    /// Describes a failure.
    public init(_ message: String, traceback: [String] = []) {
        self.message = message
        self.traceback = traceback
    }

    /// The line.
    public var description: String { message }
}
