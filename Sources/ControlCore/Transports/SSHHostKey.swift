import ByteText
import CSSH
import Glibc
import Synchronization

/// The check of a host's key against the file of known hosts.
enum SSHHostKey {
    /// Two sessions that note the same new host must not both find it new: the second would write it again, and a third
    /// could read half a line.
    private static let file = Mutex(())

    /// - Throws: when the key differs from the known one, is not known and may not be new, or cannot be noted.
    static func check(_ session: SSHSession) throws(SSHStop) {
        let settings = session.target.login.settings
        let host = ConnectFailure.knownHostName(session.target.host, port: session.target.port)
        let failure = file.withLock { _ -> ConnectFailure? in
            // libssh would read whatever is there, to its end.
            if let problem = KnownHostsFile(settings.knownHosts).problem {
                return .hostKeyUnknown(detail: "'\(settings.knownHosts)' cannot be read: \(problem)")
            }
            switch session.ssh.session_is_known_server(session.handle) {
            case SSH_KNOWN_HOSTS_OK:
                return nil
            case SSH_KNOWN_HOSTS_CHANGED, SSH_KNOWN_HOSTS_OTHER:
                // Another type of key is as unknown as another key, and refused for the same reason.
                return .hostKeyChanged(of: host, to: fingerprint(session), knownHosts: settings.knownHosts)
            case SSH_KNOWN_HOSTS_NOT_FOUND, SSH_KNOWN_HOSTS_UNKNOWN:
                guard settings.hostKeyPolicy == .acceptNew else {
                    return .hostKeyUnknown(of: host, key: fingerprint(session), knownHosts: settings.knownHosts)
                }
                do throws(FileFailure) {
                    try note(session)
                    return nil
                } catch {
                    return .hostKeyUnknown(
                        detail: "the key of \(host) cannot be noted in '\(settings.knownHosts)': \(error.problem)")
                }
            default:
                return .hostKeyUnknown(detail: "'\(settings.knownHosts)' cannot be read: \(session.problem)")
            }
        }
        if let failure { throw .failed(failure) }
    }

    /// Adds the host's line to the file.
    private static func note(_ session: SSHSession) throws(FileFailure) {
        var entry: UnsafeMutablePointer<CChar>?
        guard session.ssh.session_export_known_hosts_entry(session.handle, &entry) == SSH_OK, let entry else {
            throw .refused(session.problem)
        }
        defer { session.ssh.string_free_char(entry) }
        try KnownHostsFile(session.target.login.settings.knownHosts).add(String(rawBytes: cBytes(entry)))
    }

    private static func cBytes(_ text: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text, count: strlen(text))
    }

    /// As `ssh-keygen -l` shows it: `SHA256:…`.
    private static func fingerprint(_ session: SSHSession) -> String {
        var key: ssh_key?
        guard session.ssh.get_server_publickey(session.handle, &key) == SSH_OK else { return "unknown" }
        defer { session.ssh.key_free(key) }
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard session.ssh.get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == SSH_OK else {
            return "unknown"
        }
        defer { session.ssh.clean_pubkey_hash(&hash) }
        guard let text = session.ssh.get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length) else {
            return "unknown"
        }
        defer { session.ssh.string_free_char(text) }
        return String(cString: text)
    }
}
