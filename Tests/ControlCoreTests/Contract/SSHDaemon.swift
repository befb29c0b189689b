import Bytes
import CMalloc
import ControlCore
import Glibc
import Polling
import Testing

/// OpenSSH's server on a free port of the loopback interface, with a host key, a user key and a configuration of its
/// own, which lets in whoever runs the tests. A session there is a TCP connection to the test.
///
/// A shell starts it, and ends it and removes its files when the pipe to the test closes: when the scene ends, or when
/// the process of the test does, however that happens.
final class SSHDaemon {
    /// Why it cannot be had on this machine; `nil` when it can.
    static let obstacle: String? = {
        for tool in [sshd, "/usr/bin/ssh-keygen", "/usr/bin/socat"] where access(tool, X_OK) != 0 {
            return "needs \(tool)"
        }
        guard let entry = getpwuid(geteuid()) else { return "needs a user with a name to log in as" }
        let shell = String(cString: entry.pointee.pw_shell)
        if shell.hasSuffix("/nologin") || shell.hasSuffix("/false") { return "needs a user who may log in" }
        guard needsOwnRun, spawn(["/usr/bin/unshare", "-m", "true"]).map(exitCode) != 0 else { return nil }
        return "needs /run/sshd, which the server of root works in, or a mount namespace"
    }()

    private static let sshd = "/usr/sbin/sshd"
    private static let attempts = 3
    private static let limit = TimeAmount.seconds(60)

    /// Where it listens.
    let port: Int
    private let folder: String
    private let process: pid_t
    /// Its end tells the shell to end.
    private let pipe: CInt
    private let log: Log

    private init(port: Int, folder: String, process: pid_t, pipe: CInt, log: Log) {
        self.port = port
        self.folder = folder
        self.process = process
        self.pipe = pipe
        self.log = log
    }

    /// Who may log in there, with the key that does it.
    var login: SSHLogin {
        var settings = SSHSettings()
        settings.knownHosts = "\(folder)/known_hosts"
        settings.keyFiles = ["\(folder)/user"]
        let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? ""
        return SSHLogin(credentials: Credentials(user: name, password: ""), settings: settings)
    }

    /// Starts one whose sessions connect to `target`, a port of the loopback interface, and ends it with the scene.
    static func start(
        in scene: EnvironmentScene, forwardingTo target: Int, attempt: Int = 1,
        then body: @escaping (SSHDaemon) -> Void
    ) {
        scene.withFreePort { port in
            launch(in: scene, port: port, target: target) { daemon, problem in
                if let daemon { return body(daemon) }
                // Another process may have taken the port meanwhile.
                guard attempt < attempts else { return scene.fail("no SSH server: \(problem)") }
                start(in: scene, forwardingTo: target, attempt: attempt + 1, then: body)
            }
        }
    }

    private static func launch(
        in scene: EnvironmentScene, port: Int, target: Int,
        then body: @escaping (_ daemon: SSHDaemon?, _ problem: String) -> Void
    ) {
        var template = Array("/tmp/lectern-sshd-XXXXXX".utf8CString)
        guard let loop = scene.liveLoop, mkdtemp(&template) != nil else { return body(nil, "no folder in /tmp") }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let shell = ["/bin/sh", "-c", script, "sshd", folder, "\(port)", "\(target)"]
        guard let peer = spawnPiped(needsOwnRun ? ["/usr/bin/unshare", "-m"] + shell : shell) else {
            rmdir(folder)
            return body(nil, "no process")
        }
        let log = Log()
        _ = fcntl(peer.output, F_SETFL, O_NONBLOCK)
        log.read(peer.output, on: loop)
        let daemon = SSHDaemon(port: port, folder: folder, process: peer.process, pipe: peer.input, log: log)
        daemon.awaitReadiness(in: scene, then: body)
    }

    private func awaitReadiness(
        in scene: EnvironmentScene, then body: @escaping (_ daemon: SSHDaemon?, _ problem: String) -> Void
    ) {
        scene.atEnd { self.end() }
        let timer = scene.server.schedule(after: Self.limit) { [log] in log.conclude(false) }
        log.onConclusion = { [log] isReady in
            timer.cancel()
            body(isReady ? self : nil, log.text)
        }
    }

    /// Lets the shell end it, and waits for that: a few milliseconds.
    private func end() {
        log.onConclusion = nil
        log.close()
        close(pipe)
        _ = Self.exitCode(of: process)
    }

    /// What it says, until it listens or has ended.
    private final class Log: StreamSourceHandler {
        private var source: StreamSource?
        private(set) var text = ""
        private var conclusion: Bool?
        var onConclusion: ((Bool) -> Void)? {
            didSet { report() }
        }

        func read(_ descriptor: CInt, on loop: PollLoop) {
            source = StreamSource(loop: loop, descriptor: descriptor, kind: .file, handler: self)
            source?.setReading(true)
        }

        func close() { source?.close() }

        func streamDidReceive(_ bytes: RawSpan) {
            guard conclusion == nil else { return }
            text += String(buffer: ByteBuffer(copying: bytes))
            if text.contains("Server listening on ") { conclude(true) }
        }

        func streamDidSend() {}

        func streamDidEnd(_ error: SystemError?) { conclude(false) }

        func conclude(_ isReady: Bool) {
            guard conclusion == nil else { return }
            conclusion = isReady
            report()
        }

        private func report() {
            guard let conclusion, let report = onConclusion else { return }
            onConclusion = nil
            report(conclusion)
        }
    }
}

// MARK: - Processes

extension SSHDaemon {
    /// Root's server wants a folder that not every machine has. It gets one that only it sees.
    private static let needsOwnRun = geteuid() == 0 && access("/run/sshd", F_OK) != 0
    private static let ownRun = needsOwnRun ? "mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd || exit" : ""

    /// $1: its folder; $2: its port; $3: the port of the test.
    ///
    /// A login shell within a shell reads no start-up files of the user's, whose output would be the session's.
    /// Without a terminal, the bytes before a close are never lost: a terminal forgets them when it is hung up.
    private static let script = """
        trap 'rm -r "$1"' EXIT
        \(ownRun)
        ssh-keygen -q -t ed25519 -N '' -f "$1/host" && ssh-keygen -q -t ed25519 -N '' -f "$1/user" || exit
        cat > "$1/config" <<TEXT
        ListenAddress 127.0.0.1
        Port $2
        HostKey $1/host
        AuthorizedKeysFile $1/user.pub
        PidFile none
        UsePAM no
        StrictModes no
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        MaxStartups 500
        PermitTTY no
        PrintMotd no
        SetEnv SHLVL=1
        ForceCommand exec socat -t 10 STDIO TCP:127.0.0.1:$3
        TEXT
        exec 3<&0
        /usr/sbin/sshd -D -e -f "$1/config" 3<&- &
        server=$!
        { read -r _ <&3; kill $server; } > /dev/null 2>&1 &
        wait $server
        """

    /// Starts a program with nothing to read and to write.
    private static func spawn(_ command: [String]) -> pid_t? {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return nil }
        defer { close(null) }
        return spawn(command, input: null, output: null)
    }

    /// Starts a program with pipes to and from it.
    /// - Returns: its process, and this side's ends: to write its input, and to read its output and errors.
    private static func spawnPiped(_ command: [String]) -> (process: pid_t, input: CInt, output: CInt)? {
        var (input, output): ([CInt], [CInt]) = ([-1, -1], [-1, -1])
        guard pipe2(&input, O_CLOEXEC) == 0 else { return nil }
        defer { close(input[0]) }
        guard pipe2(&output, O_CLOEXEC) == 0 else {
            close(input[1])
            return nil
        }
        defer { close(output[1]) }
        guard let process = spawn(command, input: input[0], output: output[1]) else {
            close(input[1])
            close(output[0])
            return nil
        }
        return (process, input[1], output[0])
    }

    private static func spawn(_ command: [String], input: CInt, output: CInt) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Sockets of tests that run at the same time stay open while anybody has them.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        let arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        return posix_spawn(&process, command[0], &actions, nil, arguments, environ) == 0 ? process : nil
    }

    /// Waits for a program to end.
    private static func exitCode(of process: pid_t) -> CInt {
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
