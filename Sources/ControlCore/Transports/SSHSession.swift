import ByteText
import Bytes
import CSSH
import Glibc
import Polling

/// A session of libssh and its one channel, on the session's thread. No call of it waits but ``settle(_:again:)``,
/// which the loop can wake.
final class SSHSession {
    /// The terminal that the host is asked for.
    private static let terminal = (type: "vt100", columns: CInt(80), rows: CInt(24))
    /// The most bytes handed to libssh or taken from it at once.
    private static let chunk = 32 * 1024

    let target: SSHTarget
    let mailbox: SSHMailbox
    let descriptor: CInt
    let ssh: cssh_functions
    let handle: ssh_session
    private let deadline: Deadline
    private var channel: ssh_channel?
    private var event: ssh_event?
    /// libssh keeps the address.
    private let callbacks = UnsafeMutablePointer<ssh_channel_callbacks_struct>.allocate(capacity: 1)
    /// Bytes have come since the last read began. Any call of libssh may bring some along, and the socket does not tell
    /// of them again.
    private var hasUnread = false
    /// The host sends no more.
    private(set) var hasPeerEnded = false
    /// The host has closed the channel.
    private(set) var hasPeerClosed = false

    /// - Parameter descriptor: a connected socket, the session's from now on.
    init(
        _ target: SSHTarget, descriptor: CInt, deadline: Deadline, mailbox: SSHMailbox
    ) throws(SSHStop) {
        do throws(ConnectFailure) {
            ssh = try SSHLibrary.functions()
        } catch {
            callbacks.deallocate()
            Glibc.close(descriptor)
            throw .failed(error)
        }
        callbacks.initialize(to: ssh_channel_callbacks_struct())
        guard let handle = ssh.new() else {
            callbacks.deallocate()
            Glibc.close(descriptor)
            throw .failed(.other(systemErrorText(ENOMEM)))
        }
        self.handle = handle
        self.target = target
        self.descriptor = descriptor
        self.deadline = deadline
        self.mailbox = mailbox
        // From here on deinit closes the socket: it goes first.
        var socket = descriptor
        _ = ssh.options_set(handle, SSH_OPTIONS_FD, &socket)
        try configure()
    }

    deinit {
        if let event {
            _ = ssh.event_remove_session(event, handle)
            ssh.event_free(event)
        }
        if let channel {
            // They must not see an object that is on its way out.
            _ = ssh.remove_channel_callbacks(channel, callbacks)
            ssh.channel_free(channel)
        }
        // Closes the socket too, unless a failure has done so already. After ssh_disconnect it would stay open.
        ssh.free(handle)
        callbacks.deallocate()
    }

    /// What libssh says of its last failure.
    var problem: String {
        let text = ssh.get_error(UnsafeMutableRawPointer(handle)).map { String(cString: $0) } ?? ""
        return text.isEmpty ? "the connection was lost" : text
    }

    var isConnected: Bool { ssh.is_connected(handle) != 0 }

    // MARK: Opening

    private func configure() throws(SSHStop) {
        ssh.set_blocking(handle, 0)
        var (off, verbosity, port) = (false, CInt(SSH_LOG_NOLOG), UInt32(target.port))
        // The user's own configuration is for the user's own sessions.
        _ = ssh.options_set(handle, SSH_OPTIONS_PROCESS_CONFIG, &off)
        _ = ssh.options_set(handle, SSH_OPTIONS_LOG_VERBOSITY, &verbosity)
        _ = ssh.options_set(handle, SSH_OPTIONS_PORT, &port)
        let settings = target.login.settings
        try set(SSH_OPTIONS_HOST, target.host, "host")
        try set(SSH_OPTIONS_USER, target.login.credentials.user, "user")
        try set(SSH_OPTIONS_KNOWNHOSTS, settings.knownHosts, "known hosts")
        try set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, settings.knownHosts, "known hosts")
        guard settings.allowsLegacyAlgorithms else { return }
        for (option, list) in SSHLegacyAlgorithms.lists { try set(option, list, "legacy") }
    }

    private func set(_ option: ssh_options_e, _ value: String, _ name: String) throws(SSHStop) {
        guard value.withRawCString({ ssh.options_set(handle, option, $0) }) == SSH_OK else {
            throw .failed(.handshakeFailed(detail: "the \(name) '\(value)' cannot be used: \(problem)"))
        }
    }

    /// Exchanges keys.
    func connect() throws(SSHStop) {
        let code = try settle { ssh.connect(handle) }
        guard code == SSH_OK else { throw .failed(.handshakeFailed(detail: handshakeProblem)) }
    }

    private var handshakeProblem: String {
        let problem = problem
        guard problem.contains("no match for method"), !target.login.settings.allowsLegacyAlgorithms else {
            return problem
        }
        return
            "\(problem); an old device may need legacy algorithms, which are off unless the configuration allows them"
    }

    /// Opens the channel with a terminal and the user's shell.
    func openShell() throws(SSHStop) {
        guard let channel = ssh.channel_new(handle) else { throw .failed(.other(systemErrorText(ENOMEM))) }
        self.channel = channel
        try check(settle { ssh.channel_open_session(channel) }, "opens no channel")
        let (type, columns, rows) = Self.terminal
        // A device without terminals gives a shell even so.
        _ = try settle { ssh.channel_request_pty_size(channel, type, columns, rows) }
        try check(settle { ssh.channel_request_shell(channel) }, "gives no shell")
        callbacks.pointee.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        // The session outlives its channel, and both live on this thread alone.
        callbacks.pointee.userdata = Unmanaged.passUnretained(self).toOpaque()
        callbacks.pointee.channel_data_function = { _, _, _, _, _, session in
            SSHSession.from(session)?.hasUnread = true
            // None taken: they stay in the channel's buffer, and its window knows.
            return 0
        }
        callbacks.pointee.channel_eof_function = { _, _, session in
            SSHSession.from(session)?.hasPeerEnded = true
        }
        callbacks.pointee.channel_close_function = { _, _, session in
            SSHSession.from(session)?.hasPeerEnded = true
            SSHSession.from(session)?.hasPeerClosed = true
        }
        _ = ssh.set_channel_callbacks(channel, callbacks)
        // What came before the callbacks were there.
        if ssh.channel_is_eof(channel) != 0 { hasPeerEnded = true }
        guard let event = ssh.event_new() else { throw .failed(.other(systemErrorText(ENOMEM))) }
        self.event = event
        _ = ssh.event_add_session(event, handle)
    }

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> SSHSession? {
        pointer.map { Unmanaged<SSHSession>.fromOpaque($0).takeUnretainedValue() }
    }

    private func check(_ code: CInt, _ what: String) throws(SSHStop) {
        guard code == SSH_OK else { throw .failed(.handshakeFailed(detail: "the host \(what): \(problem)")) }
    }

    /// Repeats a call of libssh that would wait until it has its answer.
    /// - Parameter again: what the call returns while it has none.
    /// - Throws: when the time is over, or nobody waits any more.
    func settle(again: CInt = SSH_AGAIN, _ call: () -> CInt) throws(SSHStop) -> CInt {
        while true {
            let code = call()
            guard code == again else { return code }
            _ = try SSHPoll.wait(descriptor, for: pollEvents, until: deadline, mailbox: mailbox)
        }
    }

    // MARK: Relaying

    /// For what the socket is to be polled.
    var pollEvents: CInt { CInt(POLLIN) | (isWritePending ? CInt(POLLOUT) : 0) }

    /// Whether libssh holds bytes that the socket has not taken.
    var isWritePending: Bool { ssh.get_poll_flags(handle) & CInt(SSH_WRITE_PENDING) != 0 }

    /// Whether the host's window and the socket have room for bytes now.
    var canWrite: Bool { !isWritePending && ssh.channel_window_size(channel) > 0 }

    /// Lets libssh move what it can between the socket and its buffers.
    /// - Returns: whether there was something.
    func process() -> Bool { ssh.event_dopoll(event, 0) == SSH_OK }

    /// Gives libssh the first bytes, as many as the host's window and the socket allow; takes them off `bytes`.
    /// - Returns: how many; 0 when none, nil when the session is broken.
    func write(_ bytes: inout ByteBuffer) -> Int? {
        guard !isWritePending else { return isConnected ? 0 : nil }
        let count = bytes.withUnsafeReadableBytes { raw in
            Int(ssh.channel_write(channel, raw.baseAddress, UInt32(min(raw.count, Self.chunk))))
        }
        guard count >= 0 else { return nil }
        bytes.moveReaderIndex(forwardBy: count)
        return count
    }

    /// Takes up to `limit` bytes that have arrived; those of the error stream too, which a terminal has none of.
    func read(_ limit: Int) -> ByteBuffer? {
        var bytes = ByteBuffer()
        repeat {
            hasUnread = false
            for isError in [CInt(0), 1] { read(into: &bytes, limit, isError) }
        } while hasUnread && bytes.readableBytes < limit
        return bytes.readableBytes > 0 ? bytes : nil
    }

    private func read(into bytes: inout ByteBuffer, _ limit: Int, _ isError: CInt) {
        while bytes.readableBytes < limit {
            let room = min(limit - bytes.readableBytes, Self.chunk)
            let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: min(room, 4096)) { raw in
                let count = ssh.channel_read_nonblocking(
                    channel, raw.baseAddress, UInt32(min(raw.count, room)), isError)
                // Nothing there, the end and failures: the last two are asked for elsewhere.
                return max(Int(count), 0)
            }
            guard count > 0 else { return }
        }
    }

    /// Tells the host that nothing more comes, and that the channel is to be closed.
    func closeChannel() {
        // On a broken session it fails, and then there is nobody to tell.
        _ = ssh.channel_close(channel)
    }

    /// Sends something that the host has to answer, so that nothing between takes the connection for dead. Hosts that
    /// do not answer are left alone: whether they live is the system's to find out.
    func keepAlive() {
        _ = ssh.send_keepalive(handle)
    }
}

/// What old devices may need beyond what is safe. libssh 0.10 takes whole lists only.
enum SSHLegacyAlgorithms {
    private static let keyTypes =
        "ssh-ed25519,ecdsa-sha2-nistp521,ecdsa-sha2-nistp384,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-rsa"
    private static let ciphers =
        "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr,"
        + "aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc"
    private static let checksums =
        "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512,"
        + "hmac-sha1-etm@openssh.com,hmac-sha1"
    private static let keyExchanges =
        "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
        + "diffie-hellman-group18-sha512,diffie-hellman-group16-sha512,diffie-hellman-group-exchange-sha256,"
        + "diffie-hellman-group14-sha256,diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,"
        + "diffie-hellman-group1-sha1"

    /// The safe ones first, as the first that both sides have is chosen.
    static let lists: [(option: ssh_options_e, list: String)] = [
        (SSH_OPTIONS_KEY_EXCHANGE, keyExchanges), (SSH_OPTIONS_HOSTKEYS, keyTypes),
        (SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, keyTypes),
        (SSH_OPTIONS_CIPHERS_C_S, ciphers), (SSH_OPTIONS_CIPHERS_S_C, ciphers),
        (SSH_OPTIONS_HMAC_C_S, checksums), (SSH_OPTIONS_HMAC_S_C, checksums),
    ]
}
