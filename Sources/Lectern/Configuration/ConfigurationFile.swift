internal import LuaRuntime
internal import Yams

extension ProgramConfiguration {
    /// Reads the text of a `lectern.yaml`.
    /// - Parameter file: the name that messages show.
    /// - Throws: ``ConfigurationError`` for what is no YAML, for unknown keys, and for values of the wrong kind or range.
    public init(yaml: String, file: String) throws(ConfigurationError) {
        self.init()
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw ConfigurationError("\(file): \(Self.line(error))")
        } catch {
            throw ConfigurationError("\(file): \(error)")
        }
        guard let root else { return }
        try ConfigurationReader(file: file).read(root, into: &self)
    }

    private static func line(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .composer(_, let problem, let mark, _): "line \(mark.line): \(problem)"
        default: "is no valid YAML"
        }
    }
}

/// Walks the nodes of a configuration. Every value is checked where it stands, so that messages name its line.
private struct ConfigurationReader {
    let file: String

    func read(_ root: Node, into configuration: inout ProgramConfiguration) throws(ConfigurationError) {
        for (key, value) in try entries(
            root, ["devices", "limits", "profile", "servers", "log"], of: "the configuration")
        {
            switch key {
            case "devices":
                configuration.devices = try devices(value)
            case "limits":
                try limits(value, &configuration.limits)
            case "profile":
                configuration.profile = try word(value, "profile", LuaProfile.self)
            case "servers":
                for (key, value) in try entries(value, ["address", "LAN", "AVLAN"], of: "'servers'") {
                    let address = try string(value, key)
                    if key == "address" {
                        configuration.serverAddress = address
                    } else {
                        configuration.interfaceAddresses[key] = address
                    }
                }
            default:
                for (key, value) in try entries(value, ["level", "format"], of: "'log'") {
                    if key == "level" {
                        configuration.logLevel = try word(value, key, ProgramLogEntry.Severity.self)
                    } else {
                        configuration.logFormat = try word(value, key, ConsoleLog.Format.self)
                    }
                }
            }
        }
    }

    private func devices(
        _ node: Node
    ) throws(ConfigurationError) -> [String: [String: ProgramConfiguration.PortMapping]] {
        var devices: [String: [String: ProgramConfiguration.PortMapping]] = [:]
        for (alias, device) in try entries(node, nil, of: "'devices'") {
            var ports: [String: ProgramConfiguration.PortMapping] = [:]
            for (_, value) in try entries(device, ["ports"], of: "device '\(alias)'") {
                for (port, value) in try entries(value, nil, of: "the ports of '\(alias)'") {
                    for (_, path) in try entries(value, ["path"], of: "port '\(port)'") {
                        let text = try string(path, "path")
                        guard let mapping = ProgramConfiguration.mapping(text) else {
                            throw error(path, "path '\(text)' must be an absolute path or tcp://host:port")
                        }
                        ports[port] = mapping
                    }
                }
            }
            devices[alias] = ports
        }
        return devices
    }

    private func limits(_ node: Node, _ limits: inout LuaLimits) throws(ConfigurationError) {
        let keys = ["memory", "warnAfter", "endAfter", "patternSteps", "stringSize", "queuedEvents"]
        for (key, value) in try entries(node, keys, of: "'limits'") {
            switch key {
            case "memory": limits.memoryBytes = try size(value, key, (1 << 20)...(1 << 40))
            case "warnAfter": limits.slowTaskWarning = try seconds(value, key)
            case "endAfter": limits.taskBurst = try seconds(value, key)
            case "patternSteps": limits.patternSteps = try size(value, key, 1000...(1 << 40))
            case "stringSize": limits.stringBytes = try size(value, key, 1024...(1 << 32))
            default: limits.queuedEvents = try size(value, key, 32...1_000_000)
            }
        }
    }

    // MARK: - Values

    private func entries(
        _ node: Node, _ known: [String]?, of what: String
    ) throws(ConfigurationError) -> [(String, Node)] {
        if case .scalar(let scalar) = node, scalar.string.isEmpty { return [] }
        guard let mapping = node.mapping else { throw error(node, "\(what) must be a table of keys and values") }
        var seen: Set<String> = []
        var entries: [(String, Node)] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw error(key, "a key of \(what) must be a word") }
            if let known, !known.contains(name) {
                let hint = NearMiss.find(name, in: known).map { "did you mean '\($0)'?" }
                throw error(
                    key, "key '\(name)' is not known; \(hint ?? "\(what) has \(known.joined(separator: ", "))")")
            }
            guard seen.insert(name).inserted else { throw error(key, "key '\(name)' is there twice") }
            entries.append((name, value))
        }
        return entries
    }

    private func string(_ node: Node, _ key: String) throws(ConfigurationError) -> String {
        guard let text = node.scalar?.string, !text.isEmpty else { throw error(node, "'\(key)' must be a string") }
        return text
    }

    private func word<Word: RawRepresentable & CaseIterable>(
        _ node: Node, _ key: String, _ type: Word.Type
    ) throws(ConfigurationError) -> Word where Word.RawValue == String {
        guard let text = node.scalar?.string, let word = Word(rawValue: text) else {
            let words = Word.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw error(node, "'\(key)' must be one of \(words)")
        }
        return word
    }

    private func seconds(_ node: Node, _ key: String) throws(ConfigurationError) -> Duration {
        guard let text = node.scalar?.string, let value = Double(text), (0...86_400).contains(value) else {
            throw error(node, "'\(key)' must be a number of seconds from 0 to 86400; 0 means never")
        }
        return .seconds(value)
    }

    /// A whole number, with an optional unit KB, MB or GB of 1024.
    private func size(_ node: Node, _ key: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        var text = (node.scalar?.string ?? "").filter { $0 != " " }
        var unit = 1
        for (suffix, factor) in [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)] where text.hasSuffix(suffix) {
            unit = factor
            text.removeLast(2)
        }
        guard let count = Int(text), count <= Int.max / unit, range.contains(count * unit) else {
            throw error(
                node,
                "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound), or one with KB, MB or GB"
            )
        }
        return count * unit
    }

    private func error(_ node: Node, _ text: String) -> ConfigurationError {
        let place = node.mark.map { "\(file):\($0.line): " } ?? "\(file): "
        return ConfigurationError(place + text)
    }
}
