import Bytes
import ControlCore
import Foundation
import LoopTesting
import Polling
import Testing

/// Serial ports that socat plays: a pair of pseudo terminals, and what is written to one is read from the other.
@Suite("Serial ports against socat", .serialized)
struct SerialInterop {
    @Test("A megabyte arrives intact, whatever the size of its pieces", arguments: [1, 2047, 2048, 2049, 65536])
    func intact(_ chunk: Int) async throws {
        let cable = try Cable()
        defer { cable.remove() }
        let socat = try await cable.plugIn()
        let (near, far) = (cable.near, cable.far)
        let outcome: String = try await onLiveLoop { loop, done in
            Transfer(loop: loop, chunk: chunk, done: done).begin(from: near, to: far)
        }
        #expect(outcome == "intact")
        await cable.pullOut(socat)
    }

    /// Sends a megabyte from one port to another, in pieces, as fast as the first takes it.
    private final class Transfer {
        private let environment: LiveEnvironment
        private let chunk: Int
        private var done: ((String) -> Void)?
        private var unsent: ByteBuffer
        private let expected: ByteBuffer
        private var received = ByteBuffer()
        private var ports: [SerialInterface] = []

        init(loop: PollLoop, chunk: Int, done: @escaping (String) -> Void) {
            environment = LiveEnvironment(loop: loop)
            self.chunk = chunk
            self.done = done
            var random = SplitMix64(seed: UInt64(chunk))
            // Every byte value, those of flow control included.
            expected = ByteBuffer(bytes: (0..<(1 << 20)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            unsent = expected
        }

        func begin(from near: String, to far: String) {
            let claims = SerialPortClaims()
            do {
                ports = try [near, far].map {
                    try SerialInterface(
                        environment: environment, name: $0, address: .device(path: $0),
                        settings: try SerialSettings(baud: 115_200), claims: claims)
                }
            } catch {
                return finish("\(error)")
            }
            ports[1].onReceiveData = { [self] bytes in
                received.writeImmutableBuffer(bytes)
                guard received.readableBytes >= expected.readableBytes else { return }
                finish(received == expected ? "intact" : "changed")
            }
            for port in ports { port.onOffline = { [self] in finish("\(port.name) \(port.problem ?? "")") } }
            ports[1].onOnline = { [self] in pump() }
            environment.schedule(after: .seconds(300).here) { [self] in
                finish("\(received.readableBytes) of \(expected.readableBytes) bytes when the time was over")
            }
        }

        private func pump() {
            while unsent.readableBytes > 0 {
                let resume = ports[0].whenWritable { [self] in environment.execute { self.pump() } }
                guard resume == nil else { return }
                guard let piece = unsent.readSlice(length: min(chunk, unsent.readableBytes)) else { return }
                do throws(IOFault) { try ports[0].send(piece) } catch { return finish("\(error)") }
            }
        }

        private func finish(_ outcome: String) {
            guard let done else { return }
            self.done = nil
            for port in ports { port.close() }
            ports = []
            environment.close { done(outcome) }
        }
    }

    private let program = """
        local device = SerialInterface(ProcessorDevice('Main'), 'COM1', {Baud = 19200, Stop = 2, FlowControl = 'SW'})
        event(device, {'Online', 'Offline'}, function(_, state) print('port', state) end)
        event(device, 'ReceiveData', function(from, data)
            if data:find('end') then ExitProgram(5) else from:Send(data:upper()) end
        end)
        """

    private func start(_ program: String, on path: String, in folder: String) throws -> Peer {
        try Project.write(program, to: "\(folder)/main.lua")
        return try Peer(Project.lectern, ["run", "\(folder)/main.lua", "--port", "Main:COM1=\(path)"])
    }

    @Test("A pulled cable is Offline once, and when it is back the program talks again")
    func replugged() async throws {
        let cable = try Cable()
        defer { cable.remove() }
        var socat = try await cable.plugIn()
        let peer = try start(program, on: cable.near, in: cable.folder)
        try await peer.line(containing: "port\tOnline")
        await cable.pullOut(socat)
        try await peer.line(containing: "port\tOffline")
        socat = try await cable.plugIn()
        try await peer.line(containing: "port\tOnline", count: 2)
        // The far end is an ordinary file to the shell.
        let talk = try Peer(
            "/bin/bash", ["-c", "exec 3<>'\(cable.far)'; printf hello >&3; head -c 5 <&3; echo; printf end >&3"])
        try await talk.line(containing: "HELLO")
        #expect(try await peer.exitCode() == 5)
        #expect(peer.lines.filter { $0.contains("port\tOffline") }.count == 1, "\(peer.lines)")
        await cable.pullOut(socat)
    }

    @Test("The settings of the port are those that the program asked for")
    func settings() async throws {
        let cable = try Cable()
        defer { cable.remove() }
        let socat = try await cable.plugIn()
        let peer = try start(program, on: cable.near, in: cable.folder)
        try await peer.line(containing: "port\tOnline")
        peer.signal(SIGTERM)
        #expect(try await peer.exitCode() == 0)
        // They stay when the port is closed, and only then may others open it.
        let stty = try Peer("/bin/stty", ["-F", cable.near, "-a"])
        #expect(try await stty.exitCode() == 0)
        let words = Set(stty.lines.joined(separator: " ").split { " ;".contains($0) }.map(String.init))
        #expect(stty.lines.first?.hasPrefix("speed 19200 baud") == true, "\(stty.lines)")
        for word in [
            "cs8", "cstopb", "ixon", "ixoff", "-crtscts", "-parenb", "clocal", "cread", "-icanon", "-echo",
            "-isig", "-opost", "-icrnl",
        ] {
            #expect(words.contains(word), "\(word): \(stty.lines)")
        }
        #expect(stty.lines.contains { $0.contains("min = 1; time = 0") }, "\(stty.lines)")
        await cable.pullOut(socat)
    }

    @Test("A port that another process has is refused, and taken when that process has ended")
    func exclusive() async throws {
        let cable = try Cable()
        defer { cable.remove() }
        let socat = try await cable.plugIn()
        let first = try start(program, on: cable.near, in: cable.folder)
        try await first.line(containing: "port\tOnline")
        let second = try start(program, on: cable.near, in: cable.folder)
        try await second.line(containing: "PortInUse; it is looked for again")
        try await second.line(containing: "port\tOffline")
        first.signal(SIGINT)
        #expect(try await first.exitCode() == 0)
        try await second.line(containing: "port\tOnline")
        second.signal(SIGINT)
        #expect(try await second.exitCode() == 0)
        await cable.pullOut(socat)
    }
}
