import Bytes
import ControlCore
import Lectern
import Polling
import Testing

/// What Wireshark gets of a trace.
@Suite("Packet captures")
struct PacketCaptureTests {
    private final class File {
        var bytes: [UInt8] = []
    }

    /// The capture of events, a millisecond apart.
    private func capture(_ events: [(Wire, WireEvent.Content)], peer: SocketAddress? = nil) -> CaptureReader {
        let file = File()
        let capture = PacketCapture { file.bytes += $0 }
        for (index, (wire, content)) in events.enumerated() {
            capture.record(
                WireEvent(time: Self.begin + Int64(index) * 1_000_000, wire: wire, content: content, peer: peer))
        }
        let reader = CaptureReader(file.bytes)
        #expect(reader.problems.isEmpty)
        return reader
    }

    private static let begin = SimulatedEnvironment.defaultWallClock

    private func wire(
        _ kind: Wire.Kind = .tcp, _ name: String = "projector:23", target: String? = "projector",
        isIncoming: Bool = false,
        from local: String? = "10.0.0.1", to remote: String? = "10.0.0.2", port: Int = 23
    ) throws -> Wire {
        Wire(
            number: 1, kind: kind, name: name, target: target, isIncoming: isIncoming,
            localAddress: try local.map { try SocketAddress(ipAddress: $0, port: 40_000) },
            remoteAddress: try remote.map { try SocketAddress(ipAddress: $0, port: port) })
    }

    private static func piece(_ text: String) -> WireEvent.Piece { .init(bytes: ByteBuffer(string: text)) }

    @Test("A connection has a handshake, its pieces and an end, with the right numbers; names are there")
    func connection() throws {
        let wire = try wire()
        let reader = capture([
            (wire, .opened), (wire, .sent(Self.piece("pwr?"))), (wire, .received(Self.piece("on\r\n"))),
            (wire, .sent(Self.piece("bye"))), (wire, .closed(.peer)),
        ])
        #expect(reader.packets.compactMap(\.flags) == [0x02, 0x12, 0x10, 0x18, 0x18, 0x18, 0x11, 0x11, 0x10])
        #expect(reader.packets.map(\.isOutbound) == [true, false, true, true, false, true, false, true, false])
        let streams = reader.streams()
        #expect(streams["10.0.0.1:40000 10.0.0.2:23"].map { [$0.0, $0.1] } == ["pwr?bye", "on\r\n"])
        #expect(reader.packets.first?.comment == "TCP projector:23")
        #expect(reader.packets[6].comment == "projector:23: closed by the other side")
        #expect(reader.packets[3].time == Self.begin + 1_000_000)
        #expect(reader.names == ["10.0.0.2": "projector"])
    }

    @Test("A connection that breaks ends with a reset, and one that came from outside was begun there")
    func incoming() throws {
        let wire = try wire(.tcp, ":9000 10.0.0.2:23", target: nil, isIncoming: true)
        let reader = capture([(wire, .opened), (wire, .closed(.failed("Connection reset by peer")))])
        #expect(reader.packets.compactMap(\.flags) == [0x02, 0x12, 0x10, 0x14])
        #expect(reader.packets.map(\.isOutbound) == [false, true, false, false])
        #expect(reader.streams().keys.first == "10.0.0.2:23 10.0.0.1:40000")
        #expect(reader.names.isEmpty)
    }

    @Test("A connection that is refused is answered by a reset, one that times out by nothing")
    func refused() throws {
        let wire = try wire()
        #expect(capture([(wire, .refused("ConnectionRefused"))]).packets.compactMap(\.flags) == [0x02, 0x14])
        #expect(capture([(wire, .refused("TimedOut"))]).packets.compactMap(\.flags) == [0x02])
        #expect(capture([(try self.wire(to: nil), .refused("HostError"))]).packets.isEmpty)
    }

    @Test(
        "A piece longer than a packet is in several, and a long one-sided transfer is confirmed",
        arguments: [false, true])
    func longPieces(_ isV6: Bool) throws {
        let wire = try isV6 ? wire(from: "2001:db8::1", to: "2001:db8::2") : wire()
        let long = Self.piece(String(repeating: "x", count: 300_001))
        let reader = capture([(wire, .opened)] + (0..<8).map { _ in (wire, .received(long)) })
        let stream = try #require(reader.streams().values.first)
        #expect(stream.1.utf8.count == 8 * 300_001 && stream.0.isEmpty)
        #expect(reader.packets.contains { $0.isOutbound && $0.payload.isEmpty && $0.flags == 0x10 })
    }

    @Test("What TLS and SSH carry is in conversations of their own, 10,000 ports higher")
    func plainSides() throws {
        let tls = try wire(port: 443)
        let session = TLSSession(version: .tls13, peerFingerprint: nil)
        var streams = capture([
            (tls, .opened), (tls, .sent(Self.piece("STARTTLS"))), (tls, .secured(session)),
            (tls, .sent(Self.piece("V"))),
            (tls, .closed(.local)),
        ]).streams()
        #expect(streams["10.0.0.1:40000 10.0.0.2:443"]?.0 == "STARTTLS")
        #expect(streams["10.0.0.1:40000 10.0.0.2:10443"]?.0 == "V")
        let ssh = try wire(.ssh, port: 22)
        streams = capture([(ssh, .opened), (ssh, .sent(Self.piece("ls\r")))]).streams()
        #expect(streams.mapValues(\.0) == ["10.0.0.1:40000 10.0.0.2:10022": "ls\r"])
    }

    @Test("Datagrams are datagrams, empty and long ones too; a socket for all addresses has a documentation address")
    func datagrams() throws {
        let wire = try wire(.udp, "udp :40000", target: nil, from: "0.0.0.0", to: nil)
        let peer = try SocketAddress(ipAddress: "10.0.0.9", port: 7000)
        let reader = capture(
            [
                (wire, .opened), (wire, .sent(Self.piece(""))), (wire, .received(Self.piece("answer"))),
                (wire, .sent(.init(bytes: ByteBuffer(repeating: 1, count: 65_507)))), (wire, .closed(.local)),
            ], peer: peer)
        #expect(reader.packets.prefix(2).map(\.text) == ["", "answer"])
        #expect(reader.packets[1].source == "10.0.0.9:7000" && reader.packets[1].target == "192.0.2.1:40000")
        #expect(reader.packets.dropFirst(2).map(\.payload.count).reduce(0, +) == 65_507)
        let six = try self.wire(.udp, "udp :40000", target: nil, from: "::", to: nil)
        let other = try SocketAddress(ipAddress: "2001:db8::9", port: 7000)
        #expect(capture([(six, .sent(Self.piece("x")))], peer: other).packets.count == 1)
    }

    @Test("A serial line is datagrams between documentation addresses, with its name")
    func serial() throws {
        let wire = try wire(.serial, "Main:COM1", target: "/dev/ttyUSB0", from: nil, to: nil)
        let reader = capture([
            (wire, .opened), (wire, .sent(Self.piece("ping"))), (wire, .received(Self.piece("pong"))),
        ])
        #expect(reader.packets.map(\.text) == ["ping", "pong"])
        #expect(reader.packets.map(\.source) == ["192.0.2.1:49152", "192.0.2.2:49152"])
        #expect(reader.names == ["192.0.2.2": "Main:COM1"])
        #expect(reader.packets.first?.comment == "Main:COM1")
    }

    @Test("A connection of the program to itself is there once, and again when it is made again")
    func ownPeer() throws {
        let near = try wire()
        let far = Wire(
            number: 2, kind: .tcp, name: ":23", isIncoming: true, localAddress: near.remoteAddress,
            remoteAddress: near.localAddress)
        let once: [(Wire, WireEvent.Content)] = [
            (near, .opened), (near, .sent(Self.piece("a"))), (far, .opened), (far, .received(Self.piece("a"))),
            (far, .closed(.local)), (near, .closed(.peer)),
        ]
        #expect(capture(once + once).packets.map(\.text).joined() == "aa")
    }

    @Test("The port of a listener makes no packet")
    func listener() {
        #expect(capture([(Wire(number: 1, kind: .listener, name: ":9000"), .opened)]).packets.isEmpty)
    }
}
