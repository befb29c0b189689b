import Lectern
import Testing

/// A line of Lua with a mistake in it, and what the error says behind the line's number.
struct Mistake: Sendable, CustomTestStringConvertible {
    let code: String
    let message: String

    init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    var testDescription: String { code }

    /// Runs `preparation` and then the line, and expects its error, at that line.
    func expect(
        after preparation: String = "", configuration: ProgramConfiguration = Stage.configuration(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let stage = Stage()
        let room = try stage.start(
            "room", "\(preparation)\nlocal _, problem = pcall(function()\n\(code)\nend)\nprint(problem)",
            configuration: configuration)
        let line = preparation.split(separator: "\n", omittingEmptySubsequences: false).count + 2
        #expect(room.lines.last == "room.lua:\(line): \(message)", sourceLocation: sourceLocation)
    }
}
