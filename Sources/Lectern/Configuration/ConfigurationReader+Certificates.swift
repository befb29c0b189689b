internal import ControlCore

// The section `certificates`: what programs show to their peers, and whom they trust.

extension ConfigurationReader {
    /// Reads the section into `configuration`.
    mutating func certificates(_ node: YAMLNode, _ configuration: inout ProgramConfiguration) {
        for (key, value) in entries(node, ["identities", "authorities", "pins"], of: "'certificates'") {
            switch key {
            case "identities":
                for (alias, files) in entries(value, nil, of: "'identities'") {
                    configuration.identities[alias] = identity(files, alias)
                }
            case "authorities":
                for (alias, file) in entries(value, nil, of: "'authorities'") {
                    configuration.authorities[alias] = string(file, alias).map(path)
                }
            default:
                for (host, value) in entries(value, nil, of: "'pins'") {
                    // Two spellings of one host are both heard.
                    configuration.pins[host.lowercased(), default: []] += fingerprints(value, host) ?? []
                }
            }
        }
    }

    private mutating func identity(_ node: YAMLNode, _ alias: String) -> ProgramConfiguration.IdentityFiles? {
        let problemsBefore = problems.count
        var files: [String: String] = [:]
        for (key, value) in entries(node, ["certificate", "key", "passphrase"], of: "identity '\(alias)'") {
            files[key] = string(value, key).map(path)
        }
        guard let certificate = files["certificate"] else {
            if problems.count == problemsBefore { note(node, "identity '\(alias)' needs a 'certificate'") }
            return nil
        }
        return ProgramConfiguration.IdentityFiles(
            certificate: certificate, key: files["key"], passphrase: files["passphrase"])
    }

    /// One fingerprint or a list of them.
    private mutating func fingerprints(_ node: YAMLNode, _ host: String) -> [CertificateFingerprint]? {
        var nodes = [node]
        if case .sequence(let sequence) = node.content { nodes = Array(sequence) }
        var fingerprints: [CertificateFingerprint] = []
        for node in nodes {
            guard let text = node.text, let fingerprint = CertificateFingerprint(text) else {
                note(node, "a pin of '\(host)' must be the SHA-256 fingerprint of a certificate: 64 hexadecimal digits")
                return nil
            }
            fingerprints.append(fingerprint)
        }
        guard !fingerprints.isEmpty else {
            note(node, "'\(host)' must have at least one pin")
            return nil
        }
        return fingerprints
    }
}
