internal import ByteText
internal import ControlCore
internal import Glibc
internal import LuaRuntime

// Where a configuration comes from: a file, and options of the command that win over it.

extension ProgramConfiguration {
    /// Reads the configuration of a program.
    /// - Parameters:
    ///   - program: the path of the program's main file; `lectern.yaml` beside it is read if it is there.
    ///   - chosen: a path that was asked for instead; it must be there.
    /// - Throws: ``ConfigurationError`` with file and line.
    public static func read(beside program: String, chosen: String?) throws(ConfigurationError) -> ProgramConfiguration
    {
        let main = program.rawBytes
        let folder = main.lastIndex(of: UInt8(ascii: "/")).map { String(rawBytes: main[...$0]) } ?? ""
        let path = chosen ?? "\(folder)lectern.yaml"
        let bytes: [UInt8]
        do throws(FileFailure) {
            bytes = try BoundedFile.read(path, limit: BoundedFile.configurationLimit)
        } catch {
            // Absent is only what is not there. A link to nothing, or what may not be read, would lose the profile that
            // it asks for without a word.
            var status = stat()
            let isAbsent = path.withRawCString { lstat($0, &status) } != 0 && errno == ENOENT
            if isAbsent && chosen == nil { return ProgramConfiguration() }
            let isLink = !isAbsent && status.st_mode & S_IFMT == S_IFLNK
            throw ConfigurationError(
                error.message(path: path) + (isLink && error.code == ENOENT ? " (it is a link to nothing)" : ""))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError("\(path.showingRawBytes): is no UTF-8 text")
        }
        var configuration = try ProgramConfiguration(yaml: text, file: path)
        configuration.file = path
        return configuration
    }

    /// Reads the text of a `lectern.yaml`.
    /// - Parameters:
    ///   - yaml: the text.
    ///   - file: the name that messages show.
    /// - Throws: ``ConfigurationError`` for what is no YAML; else with a line for each key that is unknown or there
    ///   twice and each value of the wrong kind or range.
    public init(yaml: String, file: String) throws(ConfigurationError) {
        self.init()
        let root: YAMLNode?
        do throws(YAMLError) {
            root = try YAMLDocument.root(of: yaml)
        } catch {
            let file = file.showingRawBytes
            throw ConfigurationError(
                error.line.map { "\(file):\($0): \(error.problem)" } ?? "\(file): \(error.problem)")
        }
        guard let root else { return }
        var reader = ConfigurationReader(file: file)
        reader.read(root, into: &self)
        guard reader.problems.isEmpty else { throw ConfigurationError(problems: reader.problems) }
    }

    /// Sets the profile from an option.
    public mutating func setProfile(_ text: String) throws(ConfigurationError) {
        profile = try Self.word(text, option: "--profile")
    }

    /// Sets the log's level from an option.
    public mutating func setLogLevel(_ text: String) throws(ConfigurationError) {
        logLevel = try Self.word(text, option: "--log-level")
    }

    /// Sets the log's format from an option.
    public mutating func setLogFormat(_ text: String) throws(ConfigurationError) {
        logFormat = try Self.word(text, option: "--log-format")
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ text: String, option: String
    ) throws(ConfigurationError) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw ConfigurationError("\(option) '\(text)': must be one of \(words)")
        }
        return word
    }
}
