import ArgumentParser
import ByteText
import Glibc
import Lectern

/// `lectern check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks for mistakes in the program and its modules without running them.",
        discussion: """
            Prints 'ok' and the number of files, or one line for each problem: file, line, and what is wrong. Exit code 1 \
            when there is any.
            """)

    @OptionGroup var arguments: ProgramArguments

    @Option(help: "How problems are shown: text, or json for editors.")
    var format = "text"

    func run() throws {
        guard let format = ProblemFormat(rawValue: format) else {
            let known = ProblemFormat.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            fail("--format '\(format)': must be one of \(known)")
        }
        do {
            let check = ProgramCheck(source: .file(arguments.program), configuration: try arguments.configuration())
            let report = check.report()
            format.write(report)
            if !report.problems.isEmpty { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch let error as ConfigurationError {
            fail(error)
        } catch {
            fail("\(error)")
        }
    }
}
