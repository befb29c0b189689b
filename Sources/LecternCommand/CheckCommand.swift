import ArgumentParser
import ByteText
import Glibc
import Lectern

/// `lectern check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads the configuration and compiles the program and its modules without running them.",
        discussion: "Prints one line for each problem. Exit code 1 when there is any.")

    @OptionGroup var arguments: ProgramArguments

    func run() throws {
        do {
            let problems = ProgramCheck(source: .file(arguments.program), configuration: try arguments.configuration())
                .problems()
            for problem in problems { StandardStream.error.write("\(problem.showingRawBytes)\n") }
            if !problems.isEmpty { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch let error as ConfigurationError {
            fail(error)
        } catch {
            fail("\(error)")
        }
    }
}
