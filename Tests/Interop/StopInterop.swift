import Foundation
import Lectern
import LoopTesting
import Polling
import Testing

/// Programs on live sockets that are stopped while openings of all kinds are under way: in this process by the host,
/// and as people do it, by a signal to the command.
@Suite("Stopping, live", .serialized)
struct StopInterop {
    /// From the signal to the end. The budget is 2 s.
    private static let longest = Duration.seconds(2.5).here

    private static var isLong: Bool { ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == "1" }

    // MARK: - What is opened

    /// The ports of a device: one that talks, one that never answers a handshake, one on which nobody listens.
    struct Device: Sendable {
        var open: Int
        var silent: Int
        var closed: Int
        var serial: String
    }

    /// Openings of every kind, each a function body. `PORT` is a port for the program to listen on.
    private static func kinds(_ device: Device) -> [String] {
        [
            "EthernetServerInterfaceEx(0):StartListen()",
            "local s = EthernetServerInterfaceEx(PORT) print('port', s:StartListen())",
            "EthernetServerInterface(0):StartListen()",
            "EthernetServerInterfaceEx(0, 'UDP'):StartListen()",
            "GetConnectionHandler(EthernetServerInterfaceEx(0)):StartListen()",
            "EthernetClientInterface('127.0.0.1', \(device.open)):Connect(5)",
            "EthernetClientInterface('localhost', \(device.open)):Connect(5)",
            "EthernetClientInterface('127.0.0.1', \(device.closed)):Connect(5)",
            // An address of documentation: silent, or without a route.
            "EthernetClientInterface('192.0.2.1', 23):Connect(5)",
            "EthernetClientInterface('no-such-host.invalid', 23):Connect(5)",
            "GetConnectionHandler(EthernetClientInterface('127.0.0.1', \(device.open)), function(i) i:Send('?') end, {connectRetryTime = 1}):Connect()",
            "GetConnectionHandler(EthernetClientInterface('127.0.0.1', \(device.closed)), function(i) i:Send('?') end, {connectRetryTime = 1}):Connect()",
            "local c = EthernetClientInterface('127.0.0.1', \(device.silent)) c:SSLWrap(nil, 'CERT_NONE') c:Connect(5)",
            "local c = EthernetClientInterface('127.0.0.1', \(device.open)) c:SSLWrap(nil, 'CERT_NONE') c:Connect(5)",
            "local c = EthernetClientInterface('127.0.0.1', \(device.silent)) c:Connect(5) c:SSLWrap(nil, 'CERT_NONE')",
            "EthernetClientInterface('127.0.0.1', \(device.silent), 'SSH', {Credentials = {'a', 'b'}}):Connect(5)",
            "EthernetClientInterface('127.0.0.1', \(device.open), 'SSH', {Credentials = {'a', 'b'}}):Connect(5)",
            "EthernetClientInterface('127.0.0.1', 9, 'UDP'):Send('x')",
            "EthernetClientInterface('localhost', 9, 'UDP'):Send('x')",
            "EthernetClientInterface('239.255.0.77', 5007, 'UDP'):Send('x')",
            "SerialInterface(ProcessorDevice('Main'), 'COM1'):Send('x')",
            "SerialInterface(ProcessorDevice('Main'), 'COM2'):Send('x')",
            "pcall(Ping, '127.0.0.1', 3)",
            "pcall(Ping, 'localhost', 3)",
            "pcall(WakeOnLan, '01-23-45-67-ab-CD')",
            "require('secsgem').HsmsActiveConnection('127.0.0.1', \(device.open), 0):enable()",
            "require('secsgem').HsmsActiveConnection('127.0.0.1', \(device.closed), 0, {}, {T5 = 1}):enable()",
            "require('secsgem').HsmsPassiveConnection('localhost', 0, 0):enable()",
            "local s = require('secsgem').HsmsMultiPassiveServer(0) s:create_connection('127.0.0.1'):enable() s:start()",
            "require('secsgem').GemHostHandler('127.0.0.1', \(device.open), true, 0, 'x'):enable()",
            "require('secsgem').GemEquipmentHandler('127.0.0.1', 0, false, 0, 'x'):enable()",
            "TCPInterface('127.0.0.1', \(device.open), 2):send('x\\n')",
            "File('stop.txt', 'w'):write('x')",
            "local x <close> = setmetatable({}, {__close = function() EthernetServerInterfaceEx(0) Timer(1, print) end}) time.sleep(9)",
        ]
    }

    /// A program that begins all of them within some milliseconds, in an order and at moments of its own.
    private static func program(_ device: Device, port: Int, _ random: inout some RandomNumberGenerator) -> String {
        let bodies = kinds(device).shuffled(using: &random).prefix(Int.random(in: 5...40, using: &random))
        let waits = bodies.map { body in
            let delay = Double.random(in: 0...0.02, using: &random)
            return "Wait(\(delay), function() \(body.replacingOccurrences(of: "PORT", with: "\(port)")) end)"
        }
        // One in three works hard besides.
        let load = Int.random(in: 0..<3, using: &random) == 0 ? "Timer(0.01, function() for i = 1, 2e5 do end end)" : ""
        return (waits + [load, "print('ready')"]).joined(separator: "\n")
    }

    /// A pseudo terminal, whose far end is the program's serial port.
    private final class Terminal {
        let descriptor: Int32
        let path: String

        init() throws {
            // Swift does not see posix_openpt and its kin; these are what they do.
            let unlock = CUnsignedLong(0x4004_5431)  // TIOCSPTLCK
            let number = CUnsignedLong(0x8004_5430)  // TIOCGPTN
            descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            var locked: CInt = 0
            var index: CInt = 0
            guard descriptor >= 0, ioctl(descriptor, unlock, &locked) == 0, ioctl(descriptor, number, &index) == 0
            else { throw Peer.Failure("no pseudo terminal: errno \(errno)") }
            path = "/dev/pts/\(index)"
        }

        deinit { close(descriptor) }
    }

    private static let deviceText = """
        open = EthernetServerInterfaceEx(OPEN)
        open.ReceiveData = function(client, data) client:Send(data) end
        silent = EthernetServerInterfaceEx(SILENT)
        print('open', open:StartListen(), silent:StartListen())
        """

    private static func deviceText(_ device: Device) -> String {
        deviceText.replacingOccurrences(of: "OPEN", with: "\(device.open)")
            .replacingOccurrences(of: "SILENT", with: "\(device.silent)")
    }

    private static func makeDevice(serial: String) throws -> Device {
        Device(
            open: try Project.freePort(), silent: try Project.freePort(), closed: try Project.freePort(), serial: serial
        )
    }

    // MARK: - In this process

    @Test("Sixty hosts that are stopped at random moments end in time, and no descriptor or thread is left")
    func inProcess() async throws {
        await #expect(processExitsWith: .success) {
            let terminal = try Terminal()
            let device = try Self.makeDevice(serial: terminal.path)
            let folder = try Project.temporaryFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var random = SystemRandomNumberGenerator()
            let deviceHost = Self.host(Self.deviceText(device), device, folder)
            let running = Task { try await deviceHost.run() }
            // What is made once and kept (threads for names, the pools of the runtime) is there after the first ones.
            var before = (descriptors: 0, threads: 0)
            var slowest = Duration.zero
            for round in 0..<60 {
                if round == 20 { before = await Self.settled(nil) }
                let text = Self.program(device, port: try Project.freePort(), &random)
                let host = Self.host(text, device, folder)
                let end = Task { try await host.run() }
                try await Task.sleep(for: .microseconds(Int.random(in: 0...60_000, using: &random)))
                let began = ContinuousClock.now
                host.stop()
                try await end.value
                let time = ContinuousClock.now - began
                slowest = max(slowest, time)
                #expect(time < Self.longest, "\(time):\n\(text)")
            }
            let after = await Self.settled(before)
            print("the slowest of 60 stops took \(slowest)")
            #expect(after.descriptors <= before.descriptors, "\(before), then \(after)")
            #expect(after.threads <= before.threads, "\(before), then \(after)")
            deviceHost.stop()
            try await running.value
        }
    }

    private static func host(_ text: String, _ device: Device, _ folder: String) -> ControlHost {
        var configuration = ProgramConfiguration()
        do {
            try configuration.mapPort("Main:COM1=\(device.serial)")
            try configuration.mapPort("Main:COM2=tcp://127.0.0.1:\(device.open)")
        } catch {
            preconditionFailure("\(error)")
        }
        return ControlHost(
            source: .text(text, folder: folder), configuration: configuration,
            log: { Nothing() })
    }

    private final class Nothing: ProgramLogSink {
        func write(_ entry: ProgramLogEntry) {}
    }

    /// Counts descriptors and threads when no more are left than `expected` has, or after a while. Threads of SSH
    /// sessions and their last descriptors end a moment after their program.
    private static func settled(_ expected: (descriptors: Int, threads: Int)?) async -> (descriptors: Int, threads: Int)
    {
        for _ in 0..<100 {
            let now = count()
            if let expected, now.descriptors <= expected.descriptors, now.threads <= expected.threads { return now }
            try? await Task.sleep(for: .milliseconds(30))
        }
        return count()
    }

    private static func count() -> (descriptors: Int, threads: Int) {
        func entries(_ path: String) -> Int { (try? FileManager.default.contentsOfDirectory(atPath: path).count) ?? 0 }
        return (entries("/proc/self/fd"), entries("/proc/self/task"))
    }

    // MARK: - The command

    @Test("The command ends in order and in time, whenever a signal comes")
    func command() async throws {
        let starts = Self.isLong ? 1000 : 8
        let terminal = try Terminal()
        let device = try Self.makeDevice(serial: terminal.path)
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(Self.deviceText(device), to: "\(folder)/device.lua")
        let peer = try Peer(Project.lectern, ["run", "\(folder)/device.lua"])
        try await peer.line(containing: "open\tListening\tListening")
        let port = try Project.freePort()
        var random = SystemRandomNumberGenerator()
        var slowest = Duration.zero
        for start in 0..<starts {
            let text = Self.program(device, port: port, &random)
            try Project.write(text, to: "\(folder)/main.lua")
            let command = try Peer(
                Project.lectern,
                [
                    "run", "\(folder)/main.lua", "--port", "Main:COM1=\(device.serial)", "--port",
                    "Main:COM2=tcp://127.0.0.1:\(device.open)",
                ])
            try await command.line(containing: "ready")
            try await Task.sleep(for: .microseconds(Int.random(in: 0...40_000, using: &random)))
            let began = ContinuousClock.now
            command.signal([SIGTERM, SIGINT, SIGHUP][start % 3])
            let code = try await command.exitCode(within: 20)
            let time = ContinuousClock.now - began
            slowest = max(slowest, time)
            #expect(code == 0, "\(command.lines.joined(separator: "\n"))\n\(text)")
            #expect(time < Self.longest, "\(time):\n\(text)")
            // The one before has freed it.
            #expect(!command.lines.contains { $0.contains("PortUnavailable") })
        }
        print("the slowest of \(starts) stops of the command took \(slowest)")
        peer.signal(SIGTERM)
        #expect(try await peer.exitCode() == 0)
    }

    private func start(
        _ text: String, _ more: [String] = [], files: [String: String] = [:]
    ) async throws -> (Peer, String) {
        let folder = try Project.temporaryFolder()
        try Project.write(text, to: "\(folder)/main.lua")
        for (name, text) in files { try Project.write(text, to: "\(folder)/\(name)") }
        mkfifo("\(folder)/pipe", 0o600)
        let peer = try Peer(Project.lectern, ["run", "main.lua"] + more, folder: folder)
        try await peer.line(containing: "ready")
        return (peer, folder)
    }

    @Test("A stop during StartListen ends with the program's code")
    func duringListening() async throws {
        for _ in 0..<5 {
            let (peer, folder) = try await start(
                """
                for i = 1, 2 do Wait(0.001, function() EthernetServerInterfaceEx(0):StartListen() end) end
                Wait(0.001, function() time.sleep(0) ExitProgram(3) end)
                for i = 1, 2 do Wait(0.001, function() EthernetServerInterfaceEx(0):StartListen() end) end
                print('ready')
                """)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            #expect(try await peer.exitCode(within: 10) == 3)
        }
    }

    @Test(
        "Endless closers and loops end with a signal, in time",
        arguments: [
            "for i = 1, 30 do Wait(0, function() local x <close> = setmetatable({}, {__close = function() while true do end end}) time.sleep(1000) end) end",
            "Wait(0, function() while true do end end)",
            "Timer(0.01, function() while true do end end)",
        ])
    func endless(_ text: String) async throws {
        for number in [SIGTERM, SIGINT, SIGHUP] {
            let (peer, folder) = try await start(text + " Wait(0, function() print('ready') end)")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await Task.sleep(for: .milliseconds(100))
            let began = ContinuousClock.now
            peer.signal(number)
            #expect(try await peer.exitCode(within: 20) == 0)
            #expect(ContinuousClock.now - began < Self.longest)
        }
    }

    @Test("A second signal ends the process at once, with 128 and its number", arguments: [SIGTERM, SIGINT, SIGHUP])
    func secondSignal(_ number: Int32) async throws {
        let (peer, folder) = try await start(
            """
            Wait(0, function() local x <close> = setmetatable({}, {__close = function() while true do end end}) time.sleep(9) end)
            print('ready')
            """, ["--config", "lectern.yaml"], files: ["lectern.yaml": "limits:\n  stop: 30\n"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await Task.sleep(for: .milliseconds(200))
        peer.signal(SIGTERM)
        try await Task.sleep(for: .milliseconds(200))
        peer.signal(number)
        #expect(try await peer.exitCode(within: 20) == 128 + number)
    }

    @Test("What blocks in C for good is left behind with a line that says where it is, and the exit code stands")
    func blocked() async throws {
        // Nobody ever writes to the pipe, so that it is never open. The line before stands when the loop is gone.
        let blocking = "\nWait(0.05, function()\n  io.open('pipe')\nend)\nprint('ready')"
        for (text, code) in [(blocking, 0), ("Wait(0.05, function() ExitProgram(7) end)" + blocking, 7)]
            as [(String, Int32)]
        {
            let (peer, folder) = try await start(
                text, ["--config", "lectern.yaml"], files: ["lectern.yaml": "profile: trusted\nlimits:\n  stop: 0.2\n"])
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await Task.sleep(for: .milliseconds(300))
            let began = ContinuousClock.now
            peer.signal(SIGTERM)
            #expect(try await peer.exitCode(within: 20) == code)
            #expect(ContinuousClock.now - began < Self.longest)
            let line = peer.lines.last { $0.hasPrefix("lectern: ") } ?? ""
            #expect(
                line.hasPrefix(
                    "lectern: the program did not end within 1.2 s and is left as it is; what runs: 'open' at main.lua:3, for "
                ),
                "\(peer.lines)")
        }
    }

    @Test("A SIGHUP that is ignored from the start, as by nohup, ends nothing")
    func ignoredHangUp() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write("Timer(0.05, function() print('tick') end)", to: "\(folder)/main.lua")
        let peer = try Peer(
            "/bin/sh", ["-c", "trap '' HUP; exec '\(Project.lectern)' run '\(folder)/main.lua'"])
        try await peer.line(containing: "tick")
        peer.signal(SIGHUP)
        let ticks = peer.lines.count
        try await peer.line(containing: "tick", count: ticks + 3)
        peer.signal(SIGTERM)
        #expect(try await peer.exitCode() == 0)
    }
}
