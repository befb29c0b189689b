import ByteText
import CSSH

/// The login of a session: whatever the host allows, in the order in which it costs least trust. Nothing, keys, answers
/// to prompts, the password.
struct SSHAuthentication {
    /// So many rounds of prompts mean a host that wants something else than a password.
    private static let roundLimit = 8

    private let session: SSHSession
    private let login: SSHLogin
    private var tried: [String] = []
    private var notes: [String] = []

    init(_ session: SSHSession) {
        self.session = session
        login = session.target.login
    }

    /// Logs in.
    /// - Throws: ``ConnectFailure/authenticationFailed(detail:)`` when the host refuses.
    mutating func run() throws(SSHStop) {
        if try accepts(attempt { session.ssh.userauth_none(session.handle, nil) }) { return }
        if allows(SSH_AUTH_METHOD_PUBLICKEY) {
            for path in login.settings.keyFiles where try tryKey(path) { return }
        } else if !login.settings.keyFiles.isEmpty {
            notes.append("the host takes no keys")
        }
        if allows(SSH_AUTH_METHOD_INTERACTIVE), try answerPrompts() { return }
        if allows(SSH_AUTH_METHOD_PASSWORD) {
            tried.append("password")
            let code = try attempt {
                login.credentials.password.withRawCString { session.ssh.userauth_password(session.handle, nil, $0) }
            }
            if try accepts(code) { return }
        }
        throw .failed(login.refusal(tried: tried, notes: notes))
    }

    private func attempt(_ call: () -> CInt) throws(SSHStop) -> CInt {
        try session.settle(again: CInt(SSH_AUTH_AGAIN.rawValue), call)
    }

    /// Whether the host takes this way. The list is of its latest refusal.
    private func allows(_ way: some BinaryInteger) -> Bool {
        UInt32(truncatingIfNeeded: session.ssh.userauth_list(session.handle, nil)) & UInt32(way) != 0
    }

    /// - Returns: whether the user is in. A host that wants more than one way has answered with a shorter list.
    private func accepts(_ code: CInt) throws(SSHStop) -> Bool {
        switch ssh_auth_e(rawValue: .init(code)) {
        case SSH_AUTH_SUCCESS:
            return true
        case SSH_AUTH_DENIED, SSH_AUTH_PARTIAL:
            return false
        default:
            // Hosts hang up on too many attempts.
            guard tried.isEmpty else { throw .failed(login.refusal(tried: tried, notes: notes + [session.problem])) }
            throw .failed(.handshakeFailed(detail: session.problem))
        }
    }

    private mutating func tryKey(_ path: String) throws(SSHStop) -> Bool {
        var key: ssh_key?
        // Without a callback OpenSSL would ask for a passphrase at the terminal.
        // libssh would read whatever is there, to its end.
        do throws(FileFailure) {
            _ = try BoundedFile.read(path, limit: BoundedFile.certificateLimit)
        } catch {
            notes.append("the key '\(path)' cannot be read: \(error.problem)")
            return false
        }
        let code = path.withRawCString {
            session.ssh.pki_import_privkey_file($0, nil, { _, _, _, _, _, _ in -1 }, nil, &key)
        }
        guard code == SSH_OK else {
            notes.append("the key '\(path)' cannot be read, or needs a passphrase")
            return false
        }
        defer { session.ssh.key_free(key) }
        tried.append("the key '\(path)'")
        return try accepts(attempt { session.ssh.userauth_publickey(session.handle, nil, key) })
    }

    private mutating func answerPrompts() throws(SSHStop) -> Bool {
        tried.append("keyboard-interactive")
        var hasAnswered = false
        for _ in 0..<Self.roundLimit {
            let code = try attempt { session.ssh.userauth_kbdint(session.handle, nil, nil) }
            guard code == CInt(SSH_AUTH_INFO.rawValue) else { return try accepts(code) }
            let count = session.ssh.userauth_kbdint_getnprompts(session.handle)
            for index in 0..<UInt32(max(count, 0)) {
                var echo: CChar = 0
                // It gives nil only for an index out of range.
                _ = session.ssh.userauth_kbdint_getprompt(session.handle, index, &echo)
                if echo == 0, hasAnswered {
                    // What is hidden comes a second time when the host wants a new password. That is for a person.
                    throw .failed(
                        login.refusal(tried: tried, notes: notes + ["the host asks for more than a password"]))
                }
                // A prompt that shows what is typed asks who it is.
                let answer = echo == 0 ? login.credentials.password : login.credentials.user
                if echo == 0 { hasAnswered = true }
                let code = answer.withRawCString {
                    session.ssh.userauth_kbdint_setanswer(session.handle, index, $0)
                }
                guard code == 0 else {
                    throw .failed(.handshakeFailed(detail: session.problem))
                }
            }
        }
        notes.append("the host did not stop asking")
        return false
    }
}
