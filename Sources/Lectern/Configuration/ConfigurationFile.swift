internal import ByteText

extension ProgramConfiguration {
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
}
