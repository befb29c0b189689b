internal import ByteText
import Bytes
public import ControlCore
internal import Glibc
import Polling

/// Writes what goes over wires as a capture in Wireshark's format pcapng.
///
/// The packets are made up: for each piece one of TCP or UDP between the addresses of the wire, or several when it is
/// too long for one. What is no TCP or UDP, or has no addresses that are known, is between addresses that are kept for
/// documentation: 192.0.2.1 is this machine, and each serial line has a number of its own from 192.0.2.2 on, with its
/// name.
///
/// A connection of the program to itself is there once.
///
/// What SSH and TLS carry is there in the plain, on a port 10,000 above the real one: on the real one Wireshark would
/// take it for what is encrypted.
public final class PacketCapture: WireSink {
    private let output: ([UInt8]) -> Void
    private var conversations: [Int: CapturedConversation] = [:]
    /// The ends of those: this one first.
    private var pairs: Set<[SyntheticPacket.End]> = []
    private var named: Set<[UInt8]> = []
    /// The lines that have an address for want of a better one, by the wire's name.
    private var documented: [String: SyntheticPacket.End] = [:]

    private static let thisMachine: [UInt8] = [192, 0, 2, 1]
    /// The first port that is nobody's.
    private static let firstPort = 49_152

    /// Makes a sink, and writes the file's beginning.
    /// - Parameter output: takes what is to be written, in order.
    public init(output: @escaping ([UInt8]) -> Void) {
        self.output = output
        output(PcapngBlocks.beginning(application: "lectern \(LecternVersion.current)"))
    }

    /// Writes the packets of an event; some have none, as that of a port that listens.
    public func record(_ event: WireEvent) {
        switch event.wire.kind {
        case .tcp, .ssh: recordStream(event)
        case .udp, .serial: recordDatagram(event)
        case .listener: break
        }
    }

    // MARK: - Streams

    private func recordStream(_ event: WireEvent) {
        let wire = event.wire
        switch event.content {
        case .opened:
            begin(event, isPlainSide: wire.kind == .ssh, "\(wire.kind.rawValue) \(wire.fullName)")
        case .refused(let problem):
            // What was never found has no address.
            guard wire.remoteAddress != nil else { return }
            let (here, there) = ends(of: wire, isPlainSide: wire.kind == .ssh)
            var conversation = CapturedConversation(here: here, there: there)
            let isAnswered = problem == ConnectFailure.connectionRefused.text
            write(conversation.fail(isAnswered: isAnswered), event, "\(wire.fullName): not opened: \(problem)")
        case .secured(let session):
            end(event, "\(wire.fullName): \(session.version) begins") { $0.end(by: .outbound) }
            begin(event, isPlainSide: true, "\(wire.fullName): what \(session.version) carries")
        case .sent(let piece): carry(piece, .outbound, event)
        case .received(let piece): carry(piece, .inbound, event)
        case .insecure(let problem): end(event, "\(wire.fullName): TLS was not agreed on: \(problem)") { $0.reset() }
        case .closed(.local): end(event, "\(wire.fullName): closed by the program") { $0.end(by: .outbound) }
        case .closed(.peer): end(event, "\(wire.fullName): closed by the other side") { $0.end(by: .inbound) }
        case .closed(.failed(let problem)): end(event, "\(wire.fullName): closed: \(problem)") { $0.reset() }
        case .undelivered: break
        }
    }

    private func begin(_ event: WireEvent, isPlainSide: Bool, _ comment: String) {
        let (here, there) = ends(of: event.wire, isPlainSide: isPlainSide)
        // The other end of a connection that is there already.
        guard !pairs.contains([there, here]) else { return }
        pairs.insert([here, there])
        if let name = event.wire.target { note(name, of: there.address) }
        var conversation = CapturedConversation(here: here, there: there)
        write(conversation.begin(isIncoming: event.wire.isIncoming), event, comment)
        conversations[event.wire.number] = conversation
    }

    private func carry(_ piece: WireEvent.Piece, _ direction: PcapngBlocks.Direction, _ event: WireEvent) {
        change(event, nil) { $0.carry(Array(piece.bytes.readableBytesView), direction) }
    }

    private func end(
        _ event: WireEvent, _ comment: String,
        _ packets: (inout CapturedConversation) -> [CapturedConversation.Packet]
    ) {
        change(event, comment, packets)
        if let ended = conversations.removeValue(forKey: event.wire.number) { pairs.remove(ended.ends) }
    }

    private func change(
        _ event: WireEvent, _ comment: String?,
        _ packets: (inout CapturedConversation) -> [CapturedConversation.Packet]
    ) {
        guard var conversation = conversations[event.wire.number] else { return }
        write(packets(&conversation), event, comment)
        conversations[event.wire.number] = conversation
    }

    /// - Parameter comment: stands at the first of the packets.
    private func write(_ packets: [CapturedConversation.Packet], _ event: WireEvent, _ comment: String?) {
        for (index, packet) in packets.enumerated() {
            output(
                PcapngBlocks.packet(
                    packet.bytes, time: event.time, direction: packet.direction,
                    comment: index == 0 ? comment?.showingRawBytes : nil))
        }
    }

    // MARK: - Datagrams and serial lines

    private func recordDatagram(_ event: WireEvent) {
        let piece: WireEvent.Piece
        let direction: PcapngBlocks.Direction
        switch event.content {
        case .sent(let sent): (piece, direction) = (sent, .outbound)
        case .received(let received): (piece, direction) = (received, .inbound)
        case .opened, .refused, .secured, .insecure, .undelivered, .closed: return
        }
        let (here, there) = datagramEnds(of: event)
        var rest = Array(piece.bytes.readableBytesView)[...]
        // An empty datagram is one, too.
        repeat {
            let part = rest.prefix(SyntheticPacket.capacity)
            rest = rest.dropFirst(part.count)
            let packet =
                direction == .outbound
                ? SyntheticPacket.udp(from: here, to: there, payload: part)
                : SyntheticPacket.udp(from: there, to: here, payload: part)
            output(
                PcapngBlocks.packet(
                    packet, time: event.time, direction: direction, comment: event.wire.fullName.showingRawBytes))
        } while !rest.isEmpty
    }

    private func datagramEnds(of event: WireEvent) -> (here: SyntheticPacket.End, there: SyntheticPacket.End) {
        guard let peer = event.peer.map(SyntheticPacket.End.init) else {
            let line = documentedEnd(of: event.wire)
            return (SyntheticPacket.End(address: Self.thisMachine, port: line.port), line)
        }
        return (Self.here(event.wire.localAddress, towards: peer), peer)
    }

    // MARK: - Addresses

    private func ends(
        of wire: Wire, isPlainSide: Bool
    ) -> (here: SyntheticPacket.End, there: SyntheticPacket.End) {
        var there = wire.remoteAddress.map(SyntheticPacket.End.init) ?? documentedEnd(of: wire)
        var here = Self.here(wire.localAddress, towards: there)
        if isPlainSide {
            // The server's port tells Wireshark what to expect.
            if wire.isIncoming { here.port = Self.moved(here.port) } else { there.port = Self.moved(there.port) }
        }
        return (here, there)
    }

    private static func moved(_ port: UInt16) -> UInt16 { port < 50_000 ? port + 10_000 : port - 10_000 }

    /// This machine's end; a socket for all addresses has none of its own.
    private static func here(_ local: SocketAddress?, towards there: SyntheticPacket.End) -> SyntheticPacket.End {
        if let here = local.map(SyntheticPacket.End.init), here.address.count == there.address.count,
            here.address.contains(where: { $0 != 0 })
        {
            return here
        }
        let port = UInt16(local?.port ?? firstPort)
        guard there.address.count == 4 else {
            return SyntheticPacket.End(
                address: [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1], port: port)
        }
        return SyntheticPacket.End(address: thisMachine, port: port)
    }

    private func documentedEnd(of wire: Wire) -> SyntheticPacket.End {
        if let known = documented[wire.name] { return known }
        let number = documented.count
        let end = SyntheticPacket.End(
            address: [192, 0, 2, UInt8(2 + number % 253)], port: UInt16(Self.firstPort + number % 10_000))
        documented[wire.name] = end
        note(wire.name, of: end.address)
        return end
    }

    /// Gives an address the name by which the program knows it.
    private func note(_ name: String, of address: [UInt8]) {
        let isLiteral = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        guard !isLiteral, named.insert(address).inserted else { return }
        output(PcapngBlocks.name(name.showingRawBytes, of: address))
    }
}

extension SyntheticPacket.End {
    fileprivate init(_ address: SocketAddress) {
        self.init(address: address.packedIPAddress, port: UInt16(address.port))
    }
}
