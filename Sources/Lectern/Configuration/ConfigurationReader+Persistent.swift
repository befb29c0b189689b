// The section `persistent`.

extension ConfigurationReader {
    /// Sets what the section sets. The path is from the folder of the configuration's file.
    mutating func persistent(_ node: YAMLNode, _ persistent: inout PersistentConfiguration) {
        for (key, value) in entries(node, ["folder", "every"], of: "'persistent'") {
            if key == "folder" {
                if let text = string(value, key) { persistent.place = .folder(path(text)) }
            } else if let text = Self.plain(value), let seconds = Double(text), (0.1...3_600).contains(seconds) {
                persistent.interval = .seconds(seconds)
            } else {
                note(value, "'every' must be a number of seconds from 0.1 to 3600")
            }
        }
    }
}
