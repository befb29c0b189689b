import Foundation
import Glibc

/// OpenSSH's server on a free loopback port, with keys, users and configuration of its own.
///
/// It runs in mount and process namespaces of its own, in which the system has one user more, `lectern` with the
/// password `secret`; the machine's files stay as they are. Ending it ends its sessions too. That takes root.
final class SSHServerPeer {
    static let isPossible: Bool = {
        guard geteuid() == 0, access("/usr/sbin/sshd", X_OK) == 0 else { return false }
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        probe.arguments = ["-m", "-p", "-f", "--mount-proc", "true"]
        probe.standardError = FileHandle.nullDevice
        do { try probe.run() } catch { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }()
    static let reason = "needs root, unshare and /usr/sbin/sshd: the server gets a user of its own by a mount namespace"

    /// Says ``ready`` once its terminal is raw, and then sends back what it gets, byte for byte.
    static let echo = "stty raw -echo; printf '\(ready)'; exec cat"
    static let ready = "ready."

    let folder: String
    let port: Int
    private var server: Peer?

    /// Makes keys and files. The server is started by ``start(_:)``.
    init() async throws {
        folder = try Project.temporaryFolder()
        port = try Project.freePort()
        try await run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/host_ed25519")
        try await run("/usr/bin/ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "\(folder)/host_rsa")
        try await run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/user")
        try await run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "locked", "-f", "\(folder)/locked")
        let hash = try await run("/usr/bin/openssl", "passwd", "-6", "secret")
        let passwd = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
        let shadow = try String(contentsOfFile: "/etc/shadow", encoding: .utf8)
        try Project.write(passwd + "lectern:x:64123:64123::/:/bin/sh\n", to: "\(folder)/passwd")
        try Project.write(shadow + "lectern:\(hash):19000:0:99999:7:::\n", to: "\(folder)/shadow")
        try Project.write(
            "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n",
            to: "\(folder)/pam")
        let key = try String(contentsOfFile: "\(folder)/user.pub", encoding: .utf8)
        try Project.write(key, to: "\(folder)/authorized_keys")
    }

    var knownHosts: String { "\(folder)/known/hosts" }

    /// Starts the server, at the same port each time.
    /// - Parameters:
    ///   - ways: `password`, `keyboard-interactive`, `publickey`.
    ///   - command: what runs instead of the shell: by default ``echo``.
    ///   - hostKey: `ed25519` or `rsa`.
    ///   - more: further lines of its configuration.
    func start(
        ways: String = "password keyboard-interactive publickey", command: String? = SSHServerPeer.echo,
        hostKey: String = "ed25519", more: String = ""
    ) async throws {
        try Project.write(
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(folder)/host_\(hostKey)
            PidFile none
            UsePAM yes
            StrictModes no
            PasswordAuthentication \(ways.contains("password") ? "yes" : "no")
            KbdInteractiveAuthentication \(ways.contains("keyboard") ? "yes" : "no")
            PubkeyAuthentication \(ways.contains("publickey") ? "yes" : "no")
            AuthorizedKeysFile \(folder)/authorized_keys
            MaxStartups 500
            LogLevel VERBOSE
            PrintMotd no
            PrintLastLog no
            \(command.map { "ForceCommand \($0)" } ?? "")
            \(more)
            """, to: "\(folder)/sshd_config")
        let script = """
            mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && mount --bind \(folder)/passwd /etc/passwd \
            && mount --bind \(folder)/shadow /etc/shadow && mount --bind \(folder)/pam /etc/pam.d/sshd \
            && exec /usr/sbin/sshd -D -e -f \(folder)/sshd_config
            """
        let server = try Peer(
            "/usr/bin/unshare", ["-m", "-p", "-f", "--kill-child", "--mount-proc", "/bin/bash", "-c", script])
        self.server = server
        try await server.line(containing: "Server listening")
    }

    /// What the server has said: why it refused somebody, for one.
    var log: String { server?.lines.joined(separator: "\n") ?? "" }

    /// Ends the server and its sessions at once.
    func kill() async {
        await server?.kill()
        server = nil
    }

    /// Gives the host another key.
    func changeHostKey() async throws {
        for name in ["host_ed25519", "host_ed25519.pub"] {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        try await run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/host_ed25519")
    }

    func remove() async {
        await kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    private func run(_ command: String, _ arguments: String...) async throws -> String {
        let peer = try Peer(command, arguments)
        guard try await peer.exitCode() == 0 else { throw Peer.Failure("\(command): \(peer.lines)") }
        return peer.lines.first ?? ""
    }
}
