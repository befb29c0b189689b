public import Polling

/// An SSH server of a simulated host: its key, who may log in, and how it misbehaves. All of it may be changed at any
/// virtual time, and holds for logins from then on.
public final class SimulatedSSHService {
    /// Who may log in, and how.
    public struct Account: Equatable, Sendable {
        /// The password; `nil` when the account takes none.
        public var password: String?
        /// The paths of the key files that are let in.
        public var keyFiles: [String]

        /// Bundles the ways in.
        public init(password: String? = nil, keyFiles: [String] = []) {
            self.password = password
            self.keyFiles = keyFiles
        }
    }

    /// Stands for the host's key, and for its fingerprint in messages.
    public var hostKey: String
    /// The accounts by their users' names.
    public var accounts: [String: Account]
    /// How long the server thinks about each way of logging in.
    public var loginDelay = TimeAmount.milliseconds(50)
    /// Whether it takes connections and then says nothing.
    public var isStalled = false

    /// Makes a server.
    public init(hostKey: String, accounts: [String: Account]) {
        self.hostKey = hostKey
        self.accounts = accounts
    }

    /// Whether a way of logging in is good.
    func accepts(_ way: SimulatedSSHWay, of user: String) -> Bool {
        guard let account = accounts[user] else { return false }
        return switch way {
        case .key(let path): account.keyFiles.contains(path)
        case .password(let password): account.password == password
        }
    }
}

/// One way of logging in, as a client offers it.
enum SimulatedSSHWay {
    case key(String)
    case password(String)

    /// What a refusal says of it.
    var text: String {
        switch self {
        case .key(let path): "the key '\(path)'"
        case .password: "password"
        }
    }
}
