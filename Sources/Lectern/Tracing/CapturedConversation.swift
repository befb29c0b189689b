/// A conversation of TCP as a capture shows it: the packets that would carry it.
struct CapturedConversation {
    /// A packet, and which way it went.
    typealias Packet = (bytes: [UInt8], direction: PcapngBlocks.Direction)

    /// After so many bytes the receiver confirms, also when it has nothing to say.
    private static let confirmedAfter: UInt32 = 1 << 20

    private struct Side {
        let end: SyntheticPacket.End
        /// The number of the byte that it sends next.
        var next: UInt32 = 0
        /// What the other side has confirmed.
        var confirmed: UInt32 = 0
    }

    private var here: Side
    private var there: Side

    init(here: SyntheticPacket.End, there: SyntheticPacket.End) {
        self.here = Side(end: here)
        self.there = Side(end: there)
    }

    /// Between whom it is: this end first.
    var ends: [SyntheticPacket.End] { [here.end, there.end] }

    /// The three packets of a connection that comes about.
    mutating func begin(isIncoming: Bool) -> [Packet] {
        let first: PcapngBlocks.Direction = isIncoming ? .inbound : .outbound
        let second: PcapngBlocks.Direction = isIncoming ? .outbound : .inbound
        return [
            segment(first, .begin), segment(second, [.begin, .acknowledge]), segment(first, .acknowledge),
        ]
    }

    /// The packets of a connection that does not come about.
    /// - Parameter isAnswered: the other side says that it does not want it.
    mutating func fail(isAnswered: Bool) -> [Packet] {
        let request = segment(.outbound, .begin)
        return isAnswered ? [request, segment(.inbound, [.reset, .acknowledge])] : [request]
    }

    /// The packets that carry a piece.
    mutating func carry(_ bytes: [UInt8], _ direction: PcapngBlocks.Direction) -> [Packet] {
        var packets: [Packet] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(SyntheticPacket.capacity)
            rest = rest.dropFirst(part.count)
            packets.append(segment(direction, [.push, .acknowledge], part))
            let sender = direction == .outbound ? here : there
            if sender.next &- sender.confirmed >= Self.confirmedAfter {
                packets.append(segment(direction == .outbound ? .inbound : .outbound, .acknowledge))
            }
        }
        return packets
    }

    /// The packets of an orderly end that one side begins.
    mutating func end(by direction: PcapngBlocks.Direction) -> [Packet] {
        let other: PcapngBlocks.Direction = direction == .outbound ? .inbound : .outbound
        return [
            segment(direction, [.end, .acknowledge]), segment(other, [.end, .acknowledge]),
            segment(direction, .acknowledge),
        ]
    }

    /// The packet of a connection that breaks.
    mutating func reset() -> [Packet] { [segment(.inbound, [.reset, .acknowledge])] }

    private mutating func segment(
        _ direction: PcapngBlocks.Direction, _ flags: SyntheticPacket.Flags, _ payload: ArraySlice<UInt8> = []
    ) -> Packet {
        let sender = direction == .outbound ? here : there
        let receiver = direction == .outbound ? there : here
        let confirms = flags.contains(.acknowledge)
        let bytes = SyntheticPacket.tcp(
            from: sender.end, to: receiver.end, sequence: sender.next, acknowledged: confirms ? receiver.next : 0,
            flags: flags, payload: payload)
        // The beginning and the end count as a byte each.
        let isCounted = flags.contains(.begin) || flags.contains(.end)
        let next = sender.next &+ UInt32(payload.count) &+ (isCounted ? 1 : 0)
        if direction == .outbound {
            here.next = next
            if confirms { there.confirmed = there.next }
        } else {
            there.next = next
            if confirms { here.confirmed = here.next }
        }
        return (bytes, direction)
    }
}
