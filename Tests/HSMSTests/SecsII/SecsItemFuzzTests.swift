import Bytes
import ControlCore
import Glibc
import HSMS
import Testing

/// Random and mutated texts, 500,000 of each kind. `LECTERN_FUZZ` is how many millions instead; of SML there are fewer.
@Suite("SECS-II fuzzing")
struct SecsItemFuzzTests {
    static let count: Int = {
        guard let text = getenv("LECTERN_FUZZ"), let millions = Int(String(cString: text)) else { return 500_000 }
        return millions * 1_000_000
    }()

    /// What decodes must encode to the same bytes.
    private static func roundTrip(_ text: [UInt8], into buffer: inout ByteBuffer) throws -> Bool {
        let item: SecsItem
        do {
            guard let decoded = try SecsItem.decode(text) else { return text.isEmpty }
            item = decoded
        } catch {
            // Refused: that is all right, too.
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

    @Test("What decodes is printed in SML that reads as the same item")
    func sml() throws {
        var random = SplitMix64(seed: 3)
        var text: [UInt8] = []
        var compared = 0
        for _ in 0..<Self.count / 200 {
            Self.fill(&text, from: &random)
            // What is not a number equals nothing, not itself either.
            guard let item = try? SecsItem.decode(text), item == item else { continue }
            #expect(try SecsItem(sml: item.description) == item)
            compared += 1
        }
        #expect(compared > Self.count / 20_000)
    }

    @Test("Mutated SML is read or refused with a place in it")
    func mutatedSML() throws {
        let other = "<L [4] <A \"a b\" 0x0A> <C2 2 'x'> /* c */ <F4 -1.5 1e3> <BOOLEAN T F>>"
        let seeds = SmlTests.texts.map { Array($0.1.utf8) } + [Array(other.utf8)]
        let bytes = Array("<>[]\"'./*:LABUI124 0xTF\n".utf8)
        var random = SplitMix64(seed: 4)
        var read = 0
        for _ in 0..<Self.count / 200 {
            var bits = random.next()
            var text = seeds[Int(bits & 0xFFFF) % seeds.count]
            bits >>= 16
            let index = Int(bits & 0xFFFF) % text.count
            let byte = bytes[Int(bits >> 16 & 0xFFFF) % bytes.count]
            switch bits >> 40 & 3 {
            case 0: text[index] = byte
            case 1: text.remove(at: index)
            case 2: text.insert(byte, at: index)
            default: text.removeSubrange(index...)
            }
            do throws(SmlError) {
                _ = try SecsItem(sml: String(decoding: text, as: UTF8.self))
                read += 1
            } catch {
                #expect(error.line >= 1 && error.line <= 12 && error.column >= 1)
            }
        }
        #expect(read > 0)
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
