internal import ByteText
internal import LuaRuntime
import Polling

/// Walks the nodes of a configuration. Every value is checked where it stands, so that messages name its line, and what
/// is wrong is collected, so that a file is put right in one go.
struct ConfigurationReader {
    let file: String
    /// One line for each mistake found so far.
    private(set) var problems: [String] = []

    init(file: String) { self.file = file }

    /// Sets what the file sets. What is wrong keeps its former value and is noted.
    mutating func read(_ root: YAMLNode, into configuration: inout ProgramConfiguration) {
        let keys = [
            "devices", "modules", "limits", "profile", "servers", "certificates", "log", "ssh", "sealed", "trace",
            "stay", "onMainError", "persistent", "mail", "loop",
        ]
        for (key, value) in entries(root, keys, of: "the configuration") {
            switch key {
            case "devices":
                configuration.devices = devices(value, &configuration.processors, &configuration.quietDevices)
            case "modules": set(&configuration.moduleFolders, paths(value, key, such: "[../modules]"))
            case "limits": limits(value, &configuration.limits)
            case "ssh": ssh(value, &configuration.ssh)
            case "sealed": set(&configuration.isSealed, boolean(value, key))
            case "profile": set(&configuration.profile, word(value, key))
            case "servers":
                for (key, value) in entries(value, ["address", "LAN", "AVLAN"], of: "'servers'") {
                    if key == "address" {
                        configuration.serverAddress = address(value, key)
                    } else {
                        configuration.interfaceAddresses[key] = address(value, key)
                    }
                }
            case "loop": set(&configuration.loop, word(value, key))
            case "stay": set(&configuration.stays, boolean(value, key))
            case "onMainError":
                switch value.text {
                case "stay": configuration.endsOnMainError = false
                case "end": configuration.endsOnMainError = true
                default: note(value, "'onMainError' must be 'end' or 'stay'")
                }
            case "certificates": certificates(value, &configuration)
            case "trace": configuration.trace = trace(value)
            case "mail": mail(value, &configuration.mail)
            case "persistent": persistent(value, &configuration.persistent)
            default:
                for (key, value) in entries(value, ["level", "format", "connections"], of: "'log'") {
                    switch key {
                    case "level": set(&configuration.logLevel, word(value, key))
                    case "connections": set(&configuration.logsConnections, switchedOn(value, key))
                    default: set(&configuration.logFormat, word(value, key))
                    }
                }
            }
        }
    }

    private mutating func devices(
        _ node: YAMLNode, _ processors: inout [String: ProcessorIdentity], _ quiet: inout Set<String>
    ) -> [String: [String: ProgramConfiguration.PortMapping]] {
        var devices: [String: [String: ProgramConfiguration.PortMapping]] = [:]
        for (alias, device) in entries(node, nil, of: "'devices'") {
            devices[alias] = [:]
            var identity = ProcessorIdentity()
            let keys = ["ports", "model", "partNumber", "serialNumber", "quiet"]
            for (key, value) in entries(device, keys, of: "device '\(alias)'") {
                switch key {
                case "model": set(&identity.model, string(value, key))
                case "partNumber": set(&identity.partNumber, string(value, key))
                case "quiet": if boolean(value, key) == true { quiet.insert(alias) }
                case "serialNumber": set(&identity.serialNumber, string(value, key))
                default:
                    for (port, value) in entries(value, nil, of: "the ports of '\(alias)'") {
                        devices[alias]?[port] = mapping(value, port)
                    }
                }
            }
            processors[alias] = identity
        }
        return devices
    }

    /// `on` or `off`, and what YAML says otherwise.
    private mutating func switchedOn(_ node: YAMLNode, _ key: String) -> Bool? {
        switch node.text {
        case "on", "true": return true
        case "off", "false": return false
        default:
            note(node, "'\(key)' must be on or off")
            return nil
        }
    }

    private mutating func mapping(_ node: YAMLNode, _ port: String) -> ProgramConfiguration.PortMapping? {
        let problemsBefore = problems.count
        guard let (_, path) = entries(node, ["path"], of: "port '\(port)'").first else {
            if problems.count == problemsBefore { note(node, "port '\(port)' needs a 'path'") }
            return nil
        }
        guard let text = string(path, "path") else { return nil }
        guard let mapping = ProgramConfiguration.mapping(text) else {
            note(path, "path '\(Self.oneLine(text))' must be an absolute path or tcp://host:port")
            return nil
        }
        return mapping
    }

    private mutating func limits(_ node: YAMLNode, _ limits: inout LuaLimits) {
        let keys = ["memory", "warnAfter", "endAfter", "patternSteps", "stringSize", "queuedEvents", "stop"]
        for (key, value) in entries(node, keys, of: "'limits'") {
            switch key {
            case "memory": set(&limits.memoryBytes, size(value, key, (1 << 20)...(1 << 40)))
            case "warnAfter": set(&limits.slowTaskWarning, seconds(value, key))
            case "endAfter": set(&limits.taskBurst, seconds(value, key))
            case "patternSteps": set(&limits.patternSteps, count(value, key, 1000...(1 << 40)))
            case "stop": set(&limits.stop, stopBudget(value, key))
            case "stringSize": set(&limits.stringBytes, size(value, key, 1024...(1 << 32)))
            default: set(&limits.queuedEvents, count(value, key, 32...1_000_000))
            }
        }
    }

    func set<Value>(_ target: inout Value, _ value: Value?) {
        if let value { target = value }
    }

    func set<Value>(_ target: inout Value?, _ value: Value?) {
        if let value { target = value }
    }

    // MARK: - Values

    /// The pairs of a table; `known` are the keys that it may have, nil when they are names of the user's. A key whose
    /// value is left empty is an empty table: all below it may be commented out.
    mutating func entries(_ node: YAMLNode, _ known: [String]?, of what: String) -> [(String, YAMLNode)] {
        if case .scalar(let text, isPlain: true) = node.content, ["", "~", "null"].contains(text) {
            return []
        }
        guard case .mapping(let mapping) = node.content else {
            note(node, "\(what) must be a table of keys and values")
            return []
        }
        var entries: [(String, YAMLNode)] = []
        for (key, value) in mapping {
            guard let name = key.text, !name.isEmpty else {
                note(key, "a key of \(what) must be a word")
                continue
            }
            if let known, !known.contains(name) {
                let hint = NearMiss.find(name, in: known).map { "did you mean '\($0)'?" }
                note(
                    key,
                    "key '\(Self.oneLine(name))' is not known; "
                        + (hint ?? "\(what) has \(known.joined(separator: ", "))"))
                continue
            }
            entries.append((name, value))
        }
        return entries
    }

    mutating func string(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = node.text, !text.isEmpty else {
            note(node, "'\(key)' must be a string")
            return nil
        }
        return text
    }

    /// A list of paths, which are from the folder of the configuration's file.
    mutating func paths(_ node: YAMLNode, _ key: String, such example: String) -> [String]? {
        guard case .sequence(let sequence) = node.content else {
            note(node, "'\(key)' must be a list of paths, such as \(example)")
            return nil
        }
        return sequence.compactMap { string($0, key).map(path) }
    }

    /// A path from the folder of the configuration's file.
    func path(_ text: String) -> String {
        let bytes = file.rawBytes
        guard text.utf8.first != UInt8(ascii: "/"), let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else {
            return text
        }
        return String(rawBytes: bytes[...slash]) + text
    }

    private mutating func address(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = node.text, (try? SocketAddress(ipAddress: text, port: 0)) != nil else {
            note(node, "'\(key)' must be an IP address of this machine, such as 192.168.1.5")
            return nil
        }
        return text
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(_ node: YAMLNode, _ key: String) -> Word?
    where Word.RawValue == String {
        guard let text = node.text, let word = Word(rawValue: text) else {
            let words = Word.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            note(node, "'\(key)' must be one of \(words)")
            return nil
        }
        return word
    }

    private mutating func seconds(_ node: YAMLNode, _ key: String) -> Duration? {
        guard let text = Self.plain(node), let value = Double(text), (0...86_400).contains(value) else {
            note(node, "'\(key)' must be a number of seconds from 0 to 86400; 0 means never")
            return nil
        }
        return .seconds(value)
    }

    private mutating func stopBudget(_ node: YAMLNode, _ key: String) -> Duration? {
        guard let text = Self.plain(node), let value = Double(text), (0.1...60).contains(value) else {
            note(node, "'\(key)' must be a number of seconds from 0.1 to 60")
            return nil
        }
        return .seconds(value)
    }

    mutating func count(_ node: YAMLNode, _ key: String, _ range: ClosedRange<Int>) -> Int? {
        guard let text = Self.plain(node), let count = Int(text), range.contains(count) else {
            note(node, "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return count
    }

    /// A whole number of bytes, with an optional unit KB, MB or GB of 1024.
    private mutating func size(_ node: YAMLNode, _ key: String, _ range: ClosedRange<Int>) -> Int? {
        if let text = node.text {
            var text = text.filter { $0 != " " }
            var unit = 1
            for (suffix, factor) in [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)] where text.hasSuffix(suffix) {
                unit = factor
                text.removeLast(2)
                break
            }
            if let count = Int(text), count <= Int.max / unit, range.contains(count * unit) { return count * unit }
        }
        note(
            node,
            "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound), or one with KB, MB or GB")
        return nil
    }

    /// The text of a scalar without quotes, which is how numbers are written.
    static func plain(_ node: YAMLNode) -> String? {
        guard case .scalar(let text, isPlain: true) = node.content else { return nil }
        return text
    }

    // MARK: - Messages

    mutating func note(_ node: YAMLNode, _ problem: String) {
        problems.append("\(file.showingRawBytes):\(node.line): \(problem)")
    }

    /// A message is one line, whatever the file holds.
    static func oneLine(_ text: String) -> String {
        let shown = text.prefix(60).unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : String($0) }
        return shown.joined() + (text.count > 60 ? "…" : "")
    }
}
