/// Who logs in at an SSH host, and on which terms. Its description shows no password.
public struct SSHLogin: Equatable, Sendable {
    /// The user, and the password that answers when no key does.
    public let credentials: Credentials
    /// Key files, known hosts and algorithms.
    public let settings: SSHSettings

    /// Bundles them.
    public init(credentials: Credentials, settings: SSHSettings = SSHSettings()) {
        self.credentials = credentials
        self.settings = settings
    }

    /// The failure of a login that was refused.
    /// - Parameters:
    ///   - tried: the ways that were tried, such as `password`.
    ///   - notes: what else there is to say, such as a key file that cannot be read.
    func refusal(tried: [String], notes: [String] = []) -> ConnectFailure {
        let ways = tried.isEmpty ? "the host offers no way that is supported" : "tried \(tried.joined(separator: ", "))"
        let detail = (["user '\(credentials.user)' was refused: \(ways)"] + notes).joined(separator: "; ")
        return .authenticationFailed(detail: detail)
    }
}

extension ConnectFailure {
    /// A host showed another key than the known one.
    /// - Parameters:
    ///   - host: as the known hosts name it: `name`, or `[name]:port` when the port is not 22.
    ///   - key: the new key's fingerprint.
    static func hostKeyChanged(of host: String, to key: String, knownHosts: String) -> ConnectFailure {
        .hostKeyChanged(
            detail: "\(host) shows the key \(key), which is not the one that '\(knownHosts)' has for it; "
                + "if the device was replaced or reset, forget its old key with: "
                + "ssh-keygen -f '\(knownHosts)' -R '\(host)'")
    }

    /// A host is new, which the policy does not allow.
    static func hostKeyUnknown(of host: String, key: String, knownHosts: String) -> ConnectFailure {
        .hostKeyUnknown(
            detail: "\(host) shows the key \(key), and '\(knownHosts)' has none for it; "
                + "add it there, or allow new hosts with the policy 'accept-new'")
    }

    /// How files of known hosts name a host.
    static func knownHostName(_ host: String, port: Int) -> String {
        port == 22 ? host.lowercased() : "[\(host.lowercased())]:\(port)"
    }
}
