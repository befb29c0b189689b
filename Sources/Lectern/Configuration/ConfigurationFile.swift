internal import Yams

extension ProgramConfiguration {
    /// Reads the text of a `lectern.yaml`.
    /// - Parameter file: the name that messages show.
    /// - Throws: ``ConfigurationError`` for what is no YAML; else with a line for each key that is unknown or there twice
    ///   and each value of the wrong kind or range.
    public init(yaml: String, file: String) throws(ConfigurationError) {
        self.init()
        let root: Node?
        do {
            // Without a resolver of types: values are read from their text, so neither the surprises of YAML's own types
            // (`on`, `1:30`) nor the regular expressions that find them have a part in a program's start.
            root = try Parser(yaml: yaml, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            let (line, problem) = Self.describe(error, in: yaml)
            throw ConfigurationError(line.map { "\(file):\($0): \(problem)" } ?? "\(file): \(problem)")
        } catch {
            throw ConfigurationError("\(file): \(error)")
        }
        guard let root else { return }
        var reader = ConfigurationReader(file: file)
        reader.read(root, into: &self)
        guard reader.problems.isEmpty else { throw ConfigurationError(problems: reader.problems) }
    }

    private static func describe(_ error: YamlError, in yaml: String) -> (line: Int?, problem: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return (mark.line, problem)
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let first = context.mark
            return (
                lineOfSecond(key, after: first, in: yaml) ?? first.line,
                "key '\(ConfigurationReader.oneLine(key))' is there twice, first in line \(first.line)"
            )
        case .reader(let problem, let offset, _, _):
            return (offset.map { yaml.prefix($0).count { $0.isNewline } + 1 }, problem)
        default:
            return (nil, "is no valid YAML")
        }
    }

    /// Yams tells where a key is first. In block style the second one is in the next line with it in the same column; in
    /// flow style the answer is nil.
    private static func lineOfSecond(_ key: String, after first: Mark, in yaml: String) -> Int? {
        let lines = yaml.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let rest = line.dropFirst(first.column - 1)
            let isAtColumn = line.prefix(first.column - 1).allSatisfy { $0 == " " }
            let isKey = [key, "'\(key)'", "\"\(key)\""].contains {
                rest.hasPrefix("\($0):") || rest.hasPrefix("\($0) :")
            }
            if isAtColumn, isKey { return index + 1 }
        }
        return nil
    }
}
