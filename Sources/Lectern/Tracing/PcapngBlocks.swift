/// The blocks of a file in Wireshark's format pcapng, of which each is whole in itself. Numbers have their lowest byte
/// first.
enum PcapngBlocks {
    /// Which way a packet went.
    enum Direction: UInt32 {
        case inbound = 1
        case outbound = 2
    }

    /// What a file begins with: who wrote it, and its one interface, whose packets begin with the header of IP.
    static func beginning(application: String) -> [UInt8] {
        var section = Bytes()
        section.add(UInt32(0x1A2B_3C4D))  // by which readers tell the order of the bytes
        section.add(UInt16(1))  // version 1.0
        section.add(UInt16(0))
        section.add(UInt64.max)  // a section of unknown length
        section.addOption(4, Array(application.utf8))
        section.endOptions()
        var interface = Bytes()
        interface.add(UInt16(101))  // LINKTYPE_RAW
        interface.add(UInt16(0))
        interface.add(UInt32(0))  // packets are whole
        interface.addOption(2, Array("lectern".utf8))
        interface.addOption(9, [9])  // times are in nanoseconds
        interface.endOptions()
        return block(0x0A0D_0D0A, section) + block(1, interface)
    }

    /// A packet.
    /// - Parameter time: nanoseconds since 1970 UTC.
    static func packet(_ packet: [UInt8], time: Int64, direction: Direction, comment: String?) -> [UInt8] {
        var body = Bytes()
        body.add(UInt32(0))  // the interface
        let time = UInt64(max(time, 0))
        body.add(UInt32(time >> 32))
        body.add(UInt32(truncatingIfNeeded: time))
        body.add(UInt32(packet.count))
        body.add(UInt32(packet.count))
        body.add(padded: packet)
        if let comment { body.addOption(1, Array(comment.utf8.prefix(1000))) }
        body.addOption(2, Bytes(direction.rawValue).bytes)
        body.endOptions()
        return block(6, body)
    }

    /// A name of an address.
    /// - Parameter address: of 4 or 16 bytes.
    static func name(_ name: String, of address: [UInt8]) -> [UInt8] {
        var body = Bytes()
        let value = address + name.utf8.prefix(255).filter { $0 != 0 } + [0]
        body.add(UInt16(address.count == 4 ? 1 : 2))
        body.add(UInt16(value.count))
        body.add(padded: value)
        body.endOptions()
        return block(4, body)
    }

    private static func block(_ type: UInt32, _ body: Bytes) -> [UInt8] {
        var bytes = Bytes()
        let length = UInt32(body.bytes.count + 12)
        bytes.add(type)
        bytes.add(length)
        bytes.bytes += body.bytes
        bytes.add(length)
        return bytes.bytes
    }

    private struct Bytes {
        var bytes: [UInt8] = []

        init() {}
        init(_ number: UInt32) { add(number) }

        mutating func add(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }

        /// Blocks and options are of whole words.
        mutating func add(padded value: [UInt8]) {
            bytes += value
            bytes += [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
        }

        mutating func addOption(_ code: UInt16, _ value: [UInt8]) {
            add(code)
            add(UInt16(value.count))
            add(padded: value)
        }

        mutating func endOptions() { add(UInt32(0)) }
    }
}
