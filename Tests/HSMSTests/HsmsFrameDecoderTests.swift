import Bytes
import ControlCore
import Testing

@testable import HSMS

#if canImport(Glibc)
    import Glibc
#endif

@Suite("HSMS framing")
struct HsmsFrameDecoderTests {
    private func messages(_ count: Int) -> [HsmsPacket] {
        (0..<count).map { index in
            HsmsPacket(
                .data(session: 0, stream: 1, function: 1, requireResponse: true, system: UInt32(index)),
                data: ByteBuffer(bytes: (0..<index * 7 % 60).map { UInt8($0) }))
        }
    }

    @Test("However the stream is cut, the messages are the same", arguments: [1, 2, 3, 5, 13, 14, 64, 10_000])
    func pieces(_ size: Int) throws {
        let messages = messages(60)
        var stream = ByteBuffer()
        for message in messages { stream.writeImmutableBuffer(message.encoded()) }
        var decoder = HsmsFrameDecoder(maximumLength: 1_000)
        var decoded: [HsmsPacket] = []
        while let piece = stream.readSlice(length: min(size, stream.readableBytes)), piece.readableBytes > 0 {
            decoder.feed(piece)
            while let packet = try decoder.next() { decoded.append(packet) }
        }
        #expect(decoded == messages)
        #expect(!decoder.isMidMessage)
        #expect(decoder.bufferedBytes == 0)
    }

    @Test("The rest of a message may come with the begin of the next one, and what is kept is counted")
    func restAndNext() throws {
        let header = HsmsHeader.data(session: 0, stream: 6, function: 11, requireResponse: false, system: 7)
        let packet = HsmsPacket(header, data: ByteBuffer(bytes: (0..<40).map { UInt8($0) }))
        var bytes = packet.encoded()
        bytes.writeImmutableBuffer(packet.encoded())
        var decoder = HsmsFrameDecoder(maximumLength: 1_000)
        for length in [30, 50] {
            let piece = bytes.readSlice(length: length)
            decoder.feed(try #require(piece))
            while let found = try decoder.next() { #expect(found == packet) }
        }
        // Of the second message 26 bytes have come, of which 4 were its length.
        #expect(decoder.isMidMessage)
        #expect(decoder.bufferedBytes == 22)
        decoder.feed(bytes)
        let last = try decoder.next()
        #expect(last == packet)
        #expect(decoder.bufferedBytes == 0)
    }

    @Test("A length above the maximum is refused before anything is kept for it, and for good")
    func tooLong() {
        var decoder = HsmsFrameDecoder(maximumLength: 1_000)
        decoder.feed(ByteBuffer(hex: "ffffffff0102"))
        let error = HsmsFrameError.tooLong(length: 0xFFFF_FFFF, maximum: 1_000)
        #expect(throws: error) { try decoder.next() }
        #expect(decoder.bufferedBytes == 0)
        #expect(decoder.reservedBytes == 0)
        decoder.feed(HsmsPacket(.linktestRequest(system: 1)).encoded())
        #expect(throws: error) { try decoder.next() }
    }

    @Test("A length below a header's is refused")
    func tooShort() {
        for length in 0..<10 as Range<UInt32> {
            var decoder = HsmsFrameDecoder(maximumLength: 1_000)
            var bytes = ByteBuffer()
            bytes.writeInteger(length)
            decoder.feed(bytes)
            #expect(throws: HsmsFrameError.tooShort(length: Int(length))) { try decoder.next() }
        }
    }

    @Test("An announced length takes no memory before its bytes come")
    func memory() throws {
        var decoder = HsmsFrameDecoder(maximumLength: 1 << 30)
        decoder.feed(ByteBuffer(hex: "40000000"))
        #expect(try decoder.next() == nil)
        decoder.feed(ByteBuffer(repeating: 1, count: 1_000))
        #expect(try decoder.next() == nil)
        #expect(decoder.isMidMessage)
        #expect(decoder.reservedBytes <= 4_096)
    }

    @Test("A message of 16 MB is put together from chunks in time proportional to its length")
    func large() throws {
        func seconds(_ megabytes: Int) throws -> Double {
            let chunk = ByteBuffer(repeating: 7, count: 64 << 10)
            let text = megabytes << 20
            let began = Self.processorSeconds
            var decoder = HsmsFrameDecoder(maximumLength: 64 << 20)
            var head = ByteBuffer()
            head.writeInteger(UInt32(10 + text))
            HsmsHeader.data(session: 0, stream: 7, function: 3, requireResponse: true, system: 1).write(to: &head)
            decoder.feed(head)
            for _ in 0..<text / chunk.readableBytes {
                let early = try decoder.next()
                #expect(early == nil)
                decoder.feed(chunk)
            }
            let packet = try decoder.next()
            #expect(packet?.data.readableBytes == text)
            return Self.processorSeconds - began
        }
        let fast = try min(seconds(16), seconds(16), seconds(16))
        #expect(fast < (isSanitized ? 5 : 0.2))
    }

    /// Seconds that this thread has computed: what else runs on the machine does not count.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Random and mutated streams. `LECTERN_FUZZ` is how many millions of them: 1 unless told otherwise.
    @Test("A million random and mutated messages neither crash the decoder nor let it keep more than has come")
    func fuzz() throws {
        let millions = getenv("LECTERN_FUZZ").flatMap { Int(String(cString: $0)) } ?? 1
        var random = SplitMix64(seed: UInt64(millions))
        let maximum = 256
        var decoder = HsmsFrameDecoder(maximumLength: maximum)
        var decoded = 0
        var refused = 0
        var pool = ByteBuffer()
        for message in messages(40) { pool.writeImmutableBuffer(message.encoded()) }
        let sound = Array(pool.readableBytesView)
        while decoded + refused < millions * 1_000_000 {
            var bytes = sound
            let kind = random.next() % 4
            if kind == 0 {
                bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                for _ in 0..<kind {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next() % 16)
                }
            }
            var stream = ByteBuffer(bytes: bytes)
            while stream.readableBytes > 0 {
                let size = min(1 + Int(random.next() % 600), stream.readableBytes)
                guard let piece = stream.readSlice(length: size) else { break }
                decoder.feed(piece)
                do throws(HsmsFrameError) {
                    while let packet = try decoder.next() {
                        decoded += 1
                        guard packet.data.readableBytes <= maximum - HsmsHeader.length else {
                            Issue.record("a message longer than the maximum")
                            return
                        }
                    }
                } catch {
                    refused += 1
                    decoder = HsmsFrameDecoder(maximumLength: maximum)
                }
                guard decoder.bufferedBytes <= maximum else {
                    Issue.record("\(decoder.bufferedBytes) bytes are kept")
                    return
                }
            }
        }
        #expect(decoded > 1_000)
        #expect(refused > 1_000)
    }
}
