/// How SSH connections to a host are opened, apart from who logs in.
public struct SSHSettings: Equatable, Sendable {
    /// What is done with the key of a host that is not known yet. A key that differs from the known one is refused
    /// always.
    public enum HostKeyPolicy: String, Equatable, Sendable, CaseIterable {
        /// It is taken for the host's and noted in the file of known hosts.
        case acceptNew = "accept-new"
        /// It is refused.
        case strict
    }

    /// The path of the file of known hosts, in OpenSSH's form. It is made, with its folder, when the first key is
    /// noted.
    public var knownHosts = ".lectern/known_hosts"
    /// Whether a host may be new.
    public var hostKeyPolicy = HostKeyPolicy.acceptNew
    /// The paths of private keys without passphrase, tried in this order before the password.
    public var keyFiles: [String] = []
    /// Whether key exchanges, ciphers, host keys and checksums that are no longer safe may be agreed on, as old devices
    /// need: SHA-1, CBC and `ssh-rsa`.
    public var allowsLegacyAlgorithms = false

    /// The defaults named at each property.
    public init() {}
}
