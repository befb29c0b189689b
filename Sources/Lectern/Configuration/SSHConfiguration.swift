public import ControlCore

/// How a program's SSH connections are opened: the section `ssh` of `lectern.yaml`.
public struct SSHConfiguration: Equatable, Sendable {
    /// What one host has of its own.
    public struct Host: Equatable, Sendable {
        /// Replaces ``SSHConfiguration/keys``; nil: they hold for this host too.
        public var keys: [String]?
        /// Replaces ``SSHConfiguration/legacy``; nil: it holds for this host too.
        public var legacy: Bool?

        /// A host with nothing of its own.
        public init() {}
    }

    /// The path of the file of known hosts; nil: `.lectern/known_hosts` in the program's folder.
    public var knownHosts: String?
    /// What is done with the key of a host that is not known yet.
    public var policy = SSHSettings.HostKeyPolicy.acceptNew
    /// The paths of private keys without passphrase, tried before the password.
    public var keys: [String] = []
    /// Whether algorithms may be agreed on that are no longer safe, as old devices need.
    public var legacy = false
    /// What certain hosts have of their own, by the host as the program names it.
    public var hosts: [String: Host] = [:]

    /// The defaults named at each property.
    public init() {}

    /// What holds for one host.
    /// - Parameter folder: the program's.
    func settings(for host: String, folder: String) -> SSHSettings {
        let own = hosts[host]
        var settings = SSHSettings()
        settings.knownHosts = knownHosts ?? "\(folder)/.lectern/known_hosts"
        settings.hostKeyPolicy = policy
        settings.keyFiles = own?.keys ?? keys
        settings.allowsLegacyAlgorithms = own?.legacy ?? legacy
        return settings
    }
}
