import Testing

/// Reads a capture in the format pcapng, by the rules of the format and of the protocols in it. What breaks one is
/// noted.
struct CaptureReader {
    struct Packet {
        var time: Int64
        var isOutbound: Bool
        var comment: String?
        /// `10.0.0.1:40000`.
        var source: String
        var target: String
        /// Of TCP; nil for UDP.
        var sequence: UInt32?
        var acknowledged: UInt32?
        var flags: UInt8?
        var payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
    }

    private(set) var packets: [Packet] = []
    private(set) var names: [String: String] = [:]
    private(set) var problems: [String] = []

    init(_ bytes: [UInt8]) {
        var index = 0
        var count = 0
        while index < bytes.count {
            let type = Self.little(bytes, index, 4)
            let length = Self.little(bytes, index + 4, 4)
            guard length >= 12, length % 4 == 0, index + length <= bytes.count,
                Self.little(bytes, index + length - 4, 4) == length
            else {
                problems.append("block \(count) has a bad length")
                return
            }
            let body = Array(bytes[index + 8..<index + length - 4])
            switch (count, type) {
            case (0, 0x0A0D_0D0A):
                if Self.little(body, 0, 4) != 0x1A2B_3C4D || Self.little(body, 4, 4) != 1 {
                    problems.append("bad section")
                }
                _ = options(body, from: 16)
            case (1, 1):
                if Self.little(body, 0, 2) != 101 || options(body, from: 8)[9] != [9] {
                    problems.append("bad interface")
                }
            case (2..., 6): packet(body)
            case (2..., 4): name(body)
            default: problems.append("block \(count) of type \(type) is out of place")
            }
            index += length
            count += 1
        }
        if count < 2 { problems.append("no interface") }
    }

    /// What was carried each way, put together by the numbers of TCP, for each pair of ends from the one that began.
    func streams() -> [String: (String, String)] {
        var result: [String: (String, String)] = [:]
        var next: [String: UInt32] = [:]
        for packet in packets {
            guard let sequence = packet.sequence, let flags = packet.flags else { continue }
            let way = "\(packet.source) \(packet.target)"
            let back = "\(packet.target) \(packet.source)"
            if flags & 2 != 0 { next[way] = sequence }
            #expect(next[way] == sequence, "\(way): a gap")
            if flags & 16 != 0 { #expect(packet.acknowledged == next[back], "\(way): confirms what was not sent") }
            next[way] = sequence &+ UInt32(packet.payload.count) &+ (flags & 3 != 0 ? 1 : 0)
            if flags & 0x12 == 2 { result[way] = ("", "") }
            result[way]?.0 += packet.text
            result[back]?.1 += packet.text
        }
        return result
    }

    private mutating func packet(_ body: [UInt8]) {
        let length = Self.little(body, 12, 4)
        let time = Int64(Self.little(body, 4, 4)) << 32 | Int64(Self.little(body, 8, 4))
        guard Self.little(body, 16, 4) == length, 20 + length <= body.count else {
            return problems.append("packet cut")
        }
        let bytes = Array(body[20..<20 + length])
        let options = options(body, from: 20 + (length + 3) / 4 * 4)
        let isV6 = bytes.first.map { $0 >> 4 } == 6
        let head = isV6 ? 40 : 20
        guard bytes.count >= head + 8 else { return problems.append("short packet") }
        let addresses =
            isV6 ? (Array(bytes[8..<24]), Array(bytes[24..<40])) : (Array(bytes[12..<16]), Array(bytes[16..<20]))
        let number = bytes[isV6 ? 6 : 9]
        let body = Array(bytes[head...])
        let claimed = isV6 ? Self.big(bytes, 4, 2) + 40 : Self.big(bytes, 2, 2)
        if claimed != bytes.count { problems.append("IP length \(claimed) of \(bytes.count)") }
        if !isV6, Self.sum(Array(bytes[..<20])) != 0xFFFF { problems.append("IP checksum") }
        let pseudo = addresses.0 + addresses.1 + [0, number] + [24, 16, 8, 0].map { UInt8(body.count >> $0 & 0xFF) }
        if Self.sum(pseudo + body) != 0xFFFF { problems.append("checksum of protocol \(number)") }
        let isTCP = number == 6
        if !isTCP, Self.big(body, 4, 2) != body.count { problems.append("UDP length") }
        packets.append(
            Packet(
                time: time,
                isOutbound: options[2]?.first == 2,
                comment: options[1].map { String(decoding: $0, as: UTF8.self) },
                source: "\(Self.shown(addresses.0)):\(Self.big(body, 0, 2))",
                target: "\(Self.shown(addresses.1)):\(Self.big(body, 2, 2))",
                sequence: isTCP ? UInt32(Self.big(body, 4, 4)) : nil,
                acknowledged: isTCP ? UInt32(Self.big(body, 8, 4)) : nil, flags: isTCP ? body[13] : nil,
                payload: Array(body[(isTCP ? Int(body[12] >> 4) * 4 : 8)...])))
    }

    private mutating func name(_ body: [UInt8]) {
        let type = Self.little(body, 0, 2)
        let length = Self.little(body, 2, 2)
        let size = type == 1 ? 4 : 16
        guard length > size, 4 + length <= body.count, body[3 + length] == 0 else { return problems.append("bad name") }
        names[Self.shown(Array(body[4..<4 + size]))] = String(decoding: body[4 + size..<3 + length], as: UTF8.self)
    }

    private mutating func options(_ body: [UInt8], from start: Int) -> [Int: [UInt8]] {
        var options: [Int: [UInt8]] = [:]
        var index = start
        while index + 4 <= body.count {
            let code = Self.little(body, index, 2)
            let length = Self.little(body, index + 2, 2)
            if code == 0 { return options }
            guard index + 4 + length <= body.count else { break }
            options[code] = Array(body[index + 4..<index + 4 + length])
            index += 4 + (length + 3) / 4 * 4
        }
        problems.append("options without an end")
        return options
    }

    private static func shown(_ address: [UInt8]) -> String {
        address.count == 4
            ? address.map { String($0) }.joined(separator: ".")
            : "[" + address.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "]"
    }

    private static func little(_ bytes: [UInt8], _ index: Int, _ count: Int) -> Int {
        (0..<count).reversed().reduce(0) { index + $1 < bytes.count ? $0 << 8 | Int(bytes[index + $1]) : 0 }
    }

    private static func big(_ bytes: [UInt8], _ index: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 << 8 | Int(bytes[index + $1]) }
    }

    /// The sum of words in ones' complement: all ones where a checksum is right.
    private static func sum(_ bytes: [UInt8]) -> Int {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) << 8 + (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
            sum = sum & 0xFFFF + sum >> 16
        }
        return sum
    }
}
