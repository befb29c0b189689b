import ControlCore
import Glibc
import HSMS
import NIOCore
import Testing

/// Random and mutated texts. `LECTERN_FUZZ=10000000` runs as many of them in each test.
@Suite("SECS-II fuzzing")
struct SecsItemFuzzTests {
    static let count: Int = {
        guard let text = getenv("LECTERN_FUZZ"), let count = Int(String(cString: text)) else { return 500_000 }
        return count
    }()

    /// What decodes must encode to the same bytes.
    private static func roundTrip(_ text: [UInt8], into buffer: inout ByteBuffer) throws -> Bool {
        let item: SecsItem
        do {
            guard let decoded = try SecsItem.decode(text) else { return text.isEmpty }
            item = decoded
        } catch is SecsDecodingError {
            return false
        }
        buffer.clear()
        try item.encode(into: &buffer)
        let isSame = buffer.readableBytesView.elementsEqual(text)
        if !isSame { Issue.record("\(text) became \(Array(buffer.readableBytesView))") }
        return true
    }

    @Test("Random bytes are refused, or come back as they were")
    func random() throws {
        var random = SplitMix64(seed: 1)
        var buffer = ByteBuffer()
        var text: [UInt8] = []
        var decoded = 0
        for _ in 0..<Self.count {
            Self.fill(&text, from: &random)
            if try Self.roundTrip(text, into: &buffer) { decoded += 1 }
        }
        // Enough of them are items for the test to mean something, and enough are not.
        #expect(decoded > Self.count / 100)
        #expect(decoded < Self.count * 99 / 100)
    }

    @Test("Mutated items are refused, or come back as they were")
    func mutated() throws {
        let seeds = try SecsItemTests.vectors.map { Array(try $0.0.encoded().readableBytesView) }
        var random = SplitMix64(seed: 2)
        var buffer = ByteBuffer()
        var decoded = 0
        for _ in 0..<Self.count {
            var bits = random.next()
            var text = seeds[Int(bits & 0xFFFF) % seeds.count]
            bits >>= 16
            for _ in 0...bits & 1 {
                guard !text.isEmpty else { break }
                bits = random.next()
                let index = Int(bits & 0xFFFF) % text.count
                let byte = UInt8(truncatingIfNeeded: bits >> 16)
                switch bits >> 24 & 3 {
                case 0: text[index] = byte
                case 1: text.remove(at: index)
                case 2: text.insert(byte, at: index)
                default: text[index] ^= 1 << (byte & 7)
                }
            }
            if try Self.roundTrip(text, into: &buffer) { decoded += 1 }
        }
        #expect(decoded > Self.count / 100)
        #expect(decoded < Self.count * 99 / 100)
    }

    /// Up to 24 bytes that often look like items: plain noise hardly ever is one.
    private static func fill(_ text: inout [UInt8], from random: inout SplitMix64) {
        text.removeAll(keepingCapacity: true)
        var bits = random.next()
        let length = Int(bits & 0xF) + Int(bits >> 4 & 7)
        bits >>= 8
        while text.count < length {
            if bits & 3 != 0, let format = SecsFormat.allCases.dropFirst(Int(bits >> 2 & 15)).first {
                text.append(format.rawValue << 2 | (bits >> 6 & 7 == 0 ? 2 : 1))
                text.append(UInt8(bits >> 9 & 7 == 0 ? bits >> 12 & 0xFF : bits >> 12 & 3))
            } else {
                text.append(UInt8(bits >> 2 & 0xFF))
            }
            bits = random.next()
        }
    }
}
