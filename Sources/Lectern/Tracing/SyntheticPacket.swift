/// Makes packets of IP that hold what went over a wire, with all lengths and checksums as they must be.
enum SyntheticPacket {
    /// One end of a conversation: an address of 4 or 16 bytes, and a port.
    struct End: Hashable {
        var address: [UInt8]
        var port: UInt16
    }

    /// What a segment of TCP says.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let end = Flags(rawValue: 0x01)
        static let begin = Flags(rawValue: 0x02)
        static let reset = Flags(rawValue: 0x04)
        static let push = Flags(rawValue: 0x08)
        static let acknowledge = Flags(rawValue: 0x10)
    }

    /// The most bytes that one packet of either kind carries: an IPv4 packet has 65,535 with its headers.
    static let capacity = 65_535 - 20 - 20

    /// The largest segment that an end takes.
    private static let largestSegment = UInt16(capacity)
    /// How far the windows of TCP are scaled: to a gigabyte, so that none is ever full.
    private static let windowScale: UInt8 = 14

    /// A segment of TCP.
    static func tcp(
        from source: End, to target: End, sequence: UInt32, acknowledged: UInt32, flags: Flags,
        payload: some Collection<UInt8>
    ) -> [UInt8] {
        var segment: [UInt8] = []
        segment += big(source.port) + big(target.port) + big(sequence) + big(acknowledged)
        let options: [UInt8] =
            flags.contains(.begin) ? [2, 4] + big(largestSegment) + [1, 3, 3, windowScale] : []
        segment += [UInt8(5 + options.count / 4) << 4, flags.rawValue]
        segment += big(UInt16.max) + [0, 0, 0, 0]
        segment += options
        segment += payload
        setChecksum(of: &segment, at: 16, from: source, to: target, protocol: 6)
        return packet(segment, from: source, to: target, protocol: 6)
    }

    /// A datagram of UDP.
    static func udp(from source: End, to target: End, payload: some Collection<UInt8>) -> [UInt8] {
        var datagram = big(source.port) + big(target.port) + big(UInt16(8 + payload.count)) + [0, 0]
        datagram += payload
        setChecksum(of: &datagram, at: 6, from: source, to: target, protocol: 17)
        // A checksum of zero says that there is none.
        if datagram[6] == 0, datagram[7] == 0 { datagram.replaceSubrange(6...7, with: [0xFF, 0xFF]) }
        return packet(datagram, from: source, to: target, protocol: 17)
    }

    private static func packet(_ body: [UInt8], from source: End, to target: End, protocol number: UInt8) -> [UInt8] {
        guard source.address.count == 4 else {
            return [0x60, 0, 0, 0] + big(UInt16(body.count)) + [number, 64] + source.address + target.address + body
        }
        // Whole packets need no number.
        var header = [0x45, 0] + big(UInt16(20 + body.count)) + [0, 0, 0x40, 0, 64, number, 0, 0]
        header += source.address + target.address
        let sum = checksum(header)
        header[10] = UInt8(sum >> 8)
        header[11] = UInt8(sum & 0xFF)
        return header + body
    }

    /// Puts a checksum over the body and what IP says of it to its place.
    private static func setChecksum(
        of body: inout [UInt8], at place: Int, from source: End, to target: End, protocol number: UInt8
    ) {
        let pseudoHeader = source.address + target.address + [0, number] + big(UInt32(body.count))
        let sum = checksum(pseudoHeader + body)
        body[place] = UInt8(sum >> 8)
        body[place + 1] = UInt8(sum & 0xFF)
    }

    /// The checksum of the internet protocols (RFC 1071).
    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt64 = 0
        var index = 0
        while index + 1 < bytes.count {
            sum += UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1])
            index += 2
        }
        if index < bytes.count { sum += UInt64(bytes[index]) << 8 }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(sum)
    }

    private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
