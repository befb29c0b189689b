import Bytes
import Glibc
import LoopTesting
import Polling
import Testing

@testable import ControlCore

/// Serial ports of the system, played by pseudo terminals.
@Suite("Serial ports of the system", .serialized)
struct SerialPortTests {
    @Test(
        "The system has in force what was asked for",
        arguments: [
            SerialSettings(),
            try SerialSettings(baud: 300, stopBits: 2),
            try SerialSettings(baud: 115_200, flowControl: .hardware),
            try SerialSettings(baud: 4_000_000, flowControl: .software),
        ])
    func attributes(_ settings: SerialSettings) throws {
        let terminal = try PseudoTerminal()
        let port = try SerialPort(opening: terminal.path, settings)
        defer { port.close() }
        let line = try terminal.attributes()
        let speeds: [Int: speed_t] = [
            300: speed_t(B300), 9600: speed_t(B9600), 115_200: speed_t(B115200), 4_000_000: speed_t(B4000000),
        ]
        var attributes = line
        #expect(cfgetospeed(&attributes) == speeds[settings.baud])
        #expect(cfgetispeed(&attributes) == speeds[settings.baud])
        #expect((line.c_cflag & tcflag_t(CSTOPB) != 0) == (settings.stopBits == 2))
        #expect((line.c_cflag & tcflag_t(CRTSCTS) != 0) == (settings.flowControl == .hardware))
        #expect(line.c_iflag == (settings.flowControl == .software ? tcflag_t(IXON | IXOFF) : 0))
        #expect(line.c_cflag & tcflag_t(CREAD | CLOCAL) == tcflag_t(CREAD | CLOCAL))
        #expect(line.c_cflag & tcflag_t(CSIZE) == tcflag_t(CS8))
        // Raw: nothing is translated, echoed or waited for.
        #expect(line.c_oflag == 0 && line.c_lflag == 0)
        #expect(line.c_cc.6 == 1 && line.c_cc.5 == 0, "VMIN and VTIME")
    }

    @Test("Every rate that the system names is one that other programs read back")
    func namedRates() throws {
        let terminal = try PseudoTerminal()
        let port = try SerialPort(opening: terminal.path, SerialSettings())
        defer { port.close() }
        let rates: [(Int, CInt)] = [
            (50, B50), (75, B75), (110, B110), (134, B134), (150, B150), (200, B200), (300, B300), (600, B600),
            (1200, B1200), (1800, B1800), (2400, B2400), (4800, B4800), (9600, B9600), (19200, B19200),
            (38400, B38400), (57600, B57600), (115_200, B115200), (230_400, B230400), (460_800, B460800),
            (500_000, B500000), (576_000, B576000), (921_600, B921600), (1_000_000, B1000000),
            (1_152_000, B1152000), (1_500_000, B1500000), (2_000_000, B2000000), (2_500_000, B2500000),
            (3_000_000, B3000000), (3_500_000, B3500000), (4_000_000, B4000000),
        ]
        for (baud, code) in rates {
            try port.apply(try SerialSettings(baud: baud, dataBits: 7, parity: .odd))
            var line = try terminal.attributes()
            #expect(cfgetospeed(&line) == speed_t(code), "\(baud)")
        }
    }

    @Test("A rate without a name of its own is set all the same")
    func customRate() throws {
        let terminal = try PseudoTerminal()
        let port = try SerialPort(opening: terminal.path, try SerialSettings(baud: 31_250))
        defer { port.close() }
        // apply has read it back, or it would have thrown; and it can be left again.
        try port.apply(SerialSettings())
        var line = try terminal.attributes()
        #expect(cfgetospeed(&line) == speed_t(B9600))
    }

    @Test("What is no serial port, and one that is not there, are told apart")
    func failures() throws {
        #expect(throws: SerialFailure.missing) { try SerialPort(opening: "/dev/no-such-port", SerialSettings()) }
        #expect(throws: SerialFailure.other("it is no serial port")) {
            try SerialPort(opening: "/dev/null", SerialSettings())
        }
        let terminal = try PseudoTerminal()
        let error = #expect(throws: SerialFailure.self) {
            try SerialPort(opening: terminal.path, try SerialSettings(mode: .rs485))
        }
        guard case .unsupported(let what) = error else {
            Issue.record("a pseudo terminal has no RS-485 mode: \(String(describing: error))")
            return
        }
        #expect(what.hasPrefix("mode 'RS485'"))
    }

    @Test("A second open of one port is refused while the first lasts")
    func exclusive() throws {
        let terminal = try PseudoTerminal()
        let first = try SerialPort(opening: terminal.path, SerialSettings())
        #expect(throws: SerialFailure.inUse) { try SerialPort(opening: terminal.path, SerialSettings()) }
        first.close()
        let second = try SerialPort(opening: terminal.path, SerialSettings())
        second.close()
    }

    @Test("Bytes go both ways, and the hang-up of the far end ends the stream with a reason")
    func bytesAndHangUp() async throws {
        let (received, reasons): (String, [CloseReason]) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            guard let terminal = try? PseudoTerminal() else { return done(("no pseudo terminal", [])) }
            let recorder = StreamRecorder()
            environment.openSerial(path: terminal.path, settings: SerialSettings()) { result in
                guard let transport = try? result.get() else { return done(("not opened: \(result)", [])) }
                recorder.onReceive = { _, _ in
                    if recorder.text == "hello" { terminal.hangUp() }
                }
                recorder.onClose = { _ in
                    environment.close {
                        #expect(environment.openSerialPorts == 0)
                        done((recorder.text, recorder.closes))
                    }
                }
                transport.start(delegate: recorder)
                terminal.write("hello")
            }
        }
        #expect(received == "hello")
        #expect(reasons == [.failed("the port was pulled out")])
    }

    @Test("A line with a character delay tells that its queue has drained")
    func drainWithDelay() async throws {
        let drains: [Bool] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            guard let terminal = try? PseudoTerminal(),
                let settings = try? SerialSettings(baud: 4_000_000, charDelay: .nanoseconds(1))
            else { return done([]) }
            let recorder = StreamRecorder()
            environment.openSerial(path: terminal.path, settings: settings) { result in
                guard let transport = try? result.get() else { return done([]) }
                let far = terminal.release()
                var isClosed = false
                var drains: [Bool] = []
                // The loop does not sleep until the next character is due, and the far end always has room.
                func turn() {
                    _ = Self.readAll(far)
                    if transport.queuedBytes < 30 << 10 { transport.close() }
                    if !isClosed { loop.execute(turn) }
                }
                recorder.onDrain = { drains.append($0.queuedBytes > 0 && $0.queuedBytes < 32 << 10) }
                recorder.onClose = { _ in
                    isClosed = true
                    close(far)
                    environment.close { done(drains) }
                }
                transport.start(delegate: recorder)
                transport.send(ByteBuffer(repeating: 0x41, count: 65 << 10))
                turn()
            }
        }
        #expect(drains == [true])
    }

    @Test(
        "What is sent behind settings that the port refuses does not go out with the former ones", arguments: ["", "a"])
    func behindRefusedSettings(before: String) async throws {
        let (sent, reasons): (String, [CloseReason]) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            guard let terminal = try? PseudoTerminal(), let refused = try? SerialSettings(mode: .rs485) else {
                return done(("no pseudo terminal", []))
            }
            let recorder = StreamRecorder()
            environment.openSerial(path: terminal.path, settings: SerialSettings()) { result in
                guard let transport = try? result.get() else { return done(("not opened: \(result)", [])) }
                let far = terminal.release()
                recorder.onClose = { _ in
                    let sent = Self.readAll(far)
                    close(far)
                    environment.close { done((sent, recorder.closes)) }
                }
                transport.start(delegate: recorder)
                transport.send(before)
                transport.reconfigure(refused)
                transport.send("behind")
            }
        }
        #expect(sent == before)
        guard case .failed(let reason) = reasons.first, reasons.count == 1 else {
            Issue.record("\(reasons)")
            return
        }
        #expect(reason.hasPrefix("the port cannot do mode 'RS485'"))
    }

    /// What waits at the far end of a pseudo terminal.
    private static func readAll(_ far: CInt) -> String {
        _ = fcntl(far, F_SETFL, fcntl(far, F_GETFL) | O_NONBLOCK)
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = read(far, &piece, piece.count), count > 0 { all += piece.prefix(count) }
        return String(decoding: all, as: UTF8.self)
    }

    @Test("A thousand opens and closes leave no descriptor")
    func cycles() async throws {
        let counts: [Int] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            guard let terminal = try? PseudoTerminal() else { return done([]) }
            let before = Self.openDescriptors(of: terminal.path)
            var left = 1000
            func cycle() {
                environment.openSerial(path: terminal.path, settings: SerialSettings()) { result in
                    guard let transport = try? result.get() else {
                        Issue.record("cycle \(1000 - left): \(result)")
                        return done([])
                    }
                    let recorder = StreamRecorder()
                    recorder.onClose = { _ in
                        left -= 1
                        guard left == 0 else { return cycle() }
                        let after = Self.openDescriptors(of: terminal.path)
                        let open = environment.openSerialPorts
                        terminal.hangUp()
                        environment.close { done([before, after, open]) }
                    }
                    transport.start(delegate: recorder)
                    transport.send("x")
                    transport.close()
                }
            }
            cycle()
        }
        #expect(counts == [0, 0, 0])
    }

    /// How many descriptors of the port this process has open.
    private static func openDescriptors(of path: String) -> Int {
        var port = stat()
        guard stat(path, &port) == 0 else { return -1 }
        return (0..<4096).count { descriptor in
            var other = stat()
            return fstat(CInt(descriptor), &other) == 0 && other.st_rdev == port.st_rdev
        }
    }

    @Test("An interface whose port hangs up is Offline, and Online when there is a port again")
    func interfaceOnLivePort() async throws {
        let events: [String] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            guard var terminal = try? PseudoTerminal() else { return done(["no pseudo terminal"]) }
            let link = "/tmp/lectern-port-\(getpid())"
            unlink(link)
            symlink(terminal.path, link)
            var events: [String] = []
            let interface = try? SerialInterface(
                environment: environment, name: "port", address: .device(path: link), claims: SerialPortClaims())
            interface?.onOnline = {
                events.append("Online")
                guard events.count > 1 else { return terminal.hangUp() }
                interface?.close()
                unlink(link)
                environment.close { done(events) }
            }
            interface?.onOffline = {
                events.append("Offline")
                guard let next = try? PseudoTerminal() else { return done(["no pseudo terminal"]) }
                terminal = next
                unlink(link)
                symlink(terminal.path, link)
            }
        }
        #expect(events == ["Online", "Offline", "Online"])
    }
}
