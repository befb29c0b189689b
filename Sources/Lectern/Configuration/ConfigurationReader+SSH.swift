// The section `ssh`.

extension ConfigurationReader {
    /// Sets what the section sets. Paths are from the folder of the configuration's file.
    mutating func ssh(_ node: YAMLNode, _ ssh: inout SSHConfiguration) {
        let keys = ["knownHosts", "policy", "keys", "legacy", "hosts"]
        for (key, value) in entries(node, keys, of: "'ssh'") {
            switch key {
            case "knownHosts": set(&ssh.knownHosts, string(value, key).map(path))
            case "policy": set(&ssh.policy, word(value, key))
            case "keys": set(&ssh.keys, paths(value, key, such: "[keys/room]"))
            case "legacy": set(&ssh.legacy, boolean(value, key))
            default:
                for (host, value) in entries(value, nil, of: "'hosts'") {
                    var own = SSHConfiguration.Host()
                    for (key, value) in entries(value, ["keys", "legacy"], of: "host '\(host)'") {
                        if key == "keys" {
                            set(&own.keys, paths(value, key, such: "[keys/room]"))
                        } else {
                            set(&own.legacy, boolean(value, key))
                        }
                    }
                    ssh.hosts[host] = own
                }
            }
        }
    }

    /// A truth value.
    mutating func boolean(_ node: YAMLNode, _ key: String) -> Bool? {
        if let text = node.text, let value = Bool(text) { return value }
        note(node, "'\(key)' must be true or false")
        return nil
    }
}
