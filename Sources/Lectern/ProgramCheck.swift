internal import ByteText
internal import ControlCore
internal import LuaRuntime

/// Finds what keeps a program from loading, without running any of it.
public struct ProgramCheck {
    private let source: ProgramSource
    private let configuration: ProgramConfiguration

    /// Prepares a check of `source` as it would run with `configuration`.
    public init(source: ProgramSource, configuration: ProgramConfiguration) {
        self.source = source
        self.configuration = configuration
    }

    /// Compiles the main chunk and every module that it requires by a literal name, and theirs.
    /// - Returns: one line for each problem, with file and line; empty when all is well.
    public func problems() -> [String] {
        do throws(ProgramError) {
            let main = try source.read()
            let environment = SimulatedEnvironment(seed: 0)
            let program = try Program(
                source: source, environment: environment, configuration: configuration, log: MemoryLog(capacity: 1))
            defer {
                program.stop()
                environment.close()
            }
            let folders = try ModuleFolders(program: try ProgramFolder(source.folder), configuration: configuration)
            var problems: [String] = []
            var seen: Set<String> = []
            var pending = [(text: main.text, path: main.name)]
            while let file = pending.popLast() {
                do throws(LuaFault) {
                    try program.runtime.load(file.text, path: file.path, on: program.runtime.mainStack)
                    _ = program.runtime.takeReference()
                } catch {
                    problems.append(error.message.showingRawBytes)
                    continue
                }
                for (name, line) in RequireScanner.requirements(file.text)
                where !program.runtime.hasModule(name) && seen.insert(name).inserted {
                    do throws(LuaFault) {
                        let module = try folders.module(name)
                        pending.append((module.text, module.shownPath))
                    } catch {
                        problems.append("\(file.path):\(line): \(error.message)".showingRawBytes)
                    }
                }
            }
            return problems
        } catch {
            return [error.message]
        }
    }
}
