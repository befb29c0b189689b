import ByteText
import Lectern

/// How `lectern check` shows what it has found.
enum ProblemFormat: String, CaseIterable {
    /// A line for each problem, on standard error.
    case text
    /// One array for programs that read it, such as editors, on standard output.
    case json

    /// Writes a report to where this format goes.
    func write(_ report: ProgramCheck.Report) {
        switch self {
        case .text:
            for problem in report.problems { StandardStream.error.write("\(problem.description.showingRawBytes)\n") }
            if report.problems.isEmpty {
                let count = report.fileCount
                StandardStream.output.write("ok: \(count) file\(count == 1 ? "" : "s")\n")
            }
        case .json:
            // An object in each line, so that people can read it, too.
            let objects = report.problems.map(Self.object).joined(separator: ",\n")
            StandardStream.output.write(objects.isEmpty ? "[]\n" : "[\n\(objects)\n]\n")
        }
    }

    private static func object(_ problem: ProgramProblem) -> String {
        let fields = [
            ("file", quoted(problem.file)), ("line", "\(problem.line ?? 1)"), ("column", "\(problem.column ?? 1)"),
            ("severity", quoted(problem.severity.rawValue)), ("code", quoted(problem.code.rawValue)),
            ("text", quoted(problem.text)),
        ]
        return "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    private static func quoted(_ text: String) -> String { text.showingRawBytes.quotedForJSON }
}
