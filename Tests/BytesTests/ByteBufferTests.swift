import Bytes
import Glibc
import Testing

@Suite("Byte buffer")
struct ByteBufferTests {
    /// Bytes that tell their place.
    private static func numbers(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

    @Test("An empty buffer takes no memory, however it was made")
    func empty() {
        let buffers = [
            ByteBuffer(), ByteBuffer(bytes: []), ByteBuffer(string: ""), ByteBuffer(repeating: 7, count: 0),
            ByteBuffer(copying: UnsafeRawBufferPointer(start: nil, count: 0)), ByteBuffer(copying: RawSpan()),
            ByteBuffer(bytes: EmptyCollection<UInt8>()),
        ]
        for buffer in buffers {
            #expect(buffer == ByteBuffer())
            #expect(buffer.readableBytes == 0)
            #expect(buffer.capacity == 0)
            #expect(buffer.storageCapacity == 0)
            #expect(buffer.withUnsafeReadableBytes { $0.count } == 0)
            #expect(buffer.withBytes { $0.byteCount } == 0)
            #expect(Array(buffer.readableBytesView) == [])
            #expect(String(buffer: buffer) == "")
        }
    }

    @Test("A buffer holds the bytes that it was made of")
    func made() {
        let bytes = Self.numbers(300)
        #expect(Array(ByteBuffer(bytes: bytes).readableBytesView) == bytes)
        #expect(Array(ByteBuffer(bytes: bytes[17...]).readableBytesView) == Array(bytes[17...]))
        #expect(Array(ByteBuffer(bytes: bytes.lazy.filter { _ in true }).readableBytesView) == bytes)
        #expect(bytes.withUnsafeBytes { ByteBuffer(copying: $0) } == ByteBuffer(bytes: bytes))
        #expect(ByteBuffer(copying: bytes.span.bytes) == ByteBuffer(bytes: bytes))
        #expect(String(buffer: ByteBuffer(string: "Grüße")) == "Grüße")
        #expect(Array(ByteBuffer(repeating: 9, count: 3).readableBytesView) == [9, 9, 9])
    }

    @Test("A run of one byte is written about as fast as bytes are copied")
    func repeatingIsFast() {
        let original = ByteBuffer(repeating: 1, count: 4 << 20)
        /// The shortest of several times, as whatever else runs makes them longer only.
        func time(_ body: () -> ByteBuffer) -> Int {
            (0..<5).map { _ in
                let begin = Self.threadTime()
                let made = body()
                let end = Self.threadTime()
                #expect(made.readableBytes == original.readableBytes)
                return end - begin
            }.min() ?? 0
        }
        let copying = time { original.withUnsafeReadableBytes { ByteBuffer(copying: $0) } }
        let repeating = time { ByteBuffer(repeating: 7, count: original.readableBytes) }
        let setting = time {
            var copy = original
            copy.setRepeatingByte(7, count: copy.readableBytes, at: 0)
            return copy
        }
        #expect(repeating < copying * 8, "\(repeating) ns, and \(copying) ns for a copy")
        #expect(setting < copying * 16, "\(setting) ns, and \(copying) ns for a copy")
    }

    /// The nanoseconds that this thread has computed.
    private static func threadTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    @Test("Text that is not valid UTF-8 is mended when it becomes a string")
    func invalidText() {
        #expect(String(buffer: ByteBuffer(bytes: [0x61, 0xFF, 0x62])) == "a\u{FFFD}b")
    }

    @Test("Numbers are written and read with the most significant byte first")
    func integers() {
        var buffer = ByteBuffer()
        #expect(buffer.writeInteger(0x01 as UInt8) == 1)
        #expect(buffer.writeInteger(0x0203 as UInt16) == 2)
        #expect(buffer.writeInteger(0x0405_0607 as UInt32) == 4)
        #expect(buffer.writeInteger(-2, as: Int64.self) == 8)
        #expect(Array(buffer.readableBytesView.prefix(7)) == [1, 2, 3, 4, 5, 6, 7])
        #expect(buffer.getInteger(at: 1, as: UInt16.self) == 0x0203)
        #expect(buffer.readInteger(as: UInt8.self) == 1)
        #expect(buffer.getInteger(at: 0, as: UInt8.self) == nil)
        #expect(buffer.readInteger(as: UInt16.self) == 0x0203)
        #expect(buffer.readInteger() == 0x0405_0607 as UInt32)
        #expect(buffer.readInteger(as: Int64.self) == -2)
        #expect(buffer.readInteger(as: UInt8.self) == nil)
    }

    @Test("What is not there is not read, and nothing is taken")
    func outOfRange() {
        var buffer = ByteBuffer(bytes: [1, 2, 3])
        buffer.moveReaderIndex(forwardBy: 1)
        #expect(buffer.readInteger(as: UInt32.self) == nil)
        #expect(buffer.readSlice(length: 3) == nil)
        #expect(buffer.readSlice(length: -1) == nil)
        #expect(buffer.readBytes(length: 3) == nil)
        #expect(buffer.readBytes(length: -1) == nil)
        #expect(buffer.readString(length: 3) == nil)
        #expect(buffer.getSlice(at: 0, length: 1) == nil)
        #expect(buffer.getSlice(at: 1, length: .max) == nil)
        #expect(buffer.getSlice(at: .max, length: .max) == nil)
        #expect(buffer.getSlice(at: 3, length: 0) == ByteBuffer())
        #expect(buffer.getSlice(at: 4, length: 0) == nil)
        #expect(buffer.getInteger(at: -1, as: UInt8.self) == nil)
        #expect(buffer.getInteger(at: .max, as: UInt16.self) == nil)
        #expect(buffer.readBytes(length: 2) == [2, 3])
    }

    @Test("A slice shares the memory of its buffer")
    func slices() {
        var buffer = ByteBuffer(bytes: Self.numbers(1000))
        let slice = buffer.readSlice(length: 400)
        #expect(slice == ByteBuffer(bytes: Self.numbers(400)))
        #expect(slice?.readerIndex == 0)
        #expect(slice?.capacity == 400)
        #expect(slice?.storageCapacity == buffer.storageCapacity)
        #expect(buffer.readerIndex == 400)
        let first = buffer.withUnsafeReadableBytes { $0.baseAddress }
        #expect(slice?.withUnsafeReadableBytes { $0.baseAddress.map { $0 + 400 } } == first)
        #expect(slice?.getSlice(at: 100, length: 3) == ByteBuffer(bytes: [100, 101, 102]))
    }

    @Test("A change of one buffer shows in no other")
    func copies() {
        let original = ByteBuffer(bytes: [1, 2, 3, 4])
        var appended = original
        appended.writeInteger(5 as UInt8)
        var replaced = original
        replaced.setInteger(0x0909 as UInt16, at: 1)
        var filled = original
        filled.setRepeatingByte(7, count: 2, at: 2)
        var slice = original.getSlice(at: 1, length: 2)
        slice?.writeBytes([8, 8])
        var read = original
        #expect(read.readInteger(as: UInt8.self) == 1)
        read.discardReadBytes()
        var cleared = original
        cleared.clear()
        cleared.writeString("x")
        #expect(original == ByteBuffer(bytes: [1, 2, 3, 4]))
        #expect(appended == ByteBuffer(bytes: [1, 2, 3, 4, 5]))
        #expect(replaced == ByteBuffer(bytes: [1, 9, 9, 4]))
        #expect(filled == ByteBuffer(bytes: [1, 2, 7, 7]))
        #expect(slice == ByteBuffer(bytes: [2, 3, 8, 8]))
        #expect(read == ByteBuffer(bytes: [2, 3, 4]))
        #expect(cleared == ByteBuffer(string: "x"))
    }

    @Test("A buffer can be appended to itself")
    func toItself() {
        var buffer = ByteBuffer(bytes: [1, 2])
        buffer.reserveCapacity(64)
        buffer.writeImmutableBuffer(buffer)
        #expect(buffer == ByteBuffer(bytes: [1, 2, 1, 2]))
    }

    @Test("Bytes are appended from any source")
    func writes() {
        var buffer = ByteBuffer()
        #expect(buffer.writeBytes([1, 2]) == 2)
        #expect(buffer.writeBytes((3..<5).lazy.map { UInt8($0) }) == 2)
        #expect(buffer.writeString("é") == 2)
        #expect(buffer.writeRepeatingByte(0, count: 2) == 2)
        #expect(buffer.writeImmutableBuffer(ByteBuffer(bytes: [9])) == 1)
        buffer.write([10, 11].span.bytes)
        #expect(Array(buffer.readableBytesView.prefix(9)) == [1, 2, 3, 4, 0xC3, 0xA9, 0, 0, 9])
    }

    @Test("Memory grows to powers of two, and what was made whole takes no more than it needs")
    func growth() {
        var buffer = ByteBuffer()
        buffer.writeInteger(1 as UInt8)
        #expect(buffer.storageCapacity == 16)
        buffer.writeRepeatingByte(2, count: 16)
        #expect(buffer.storageCapacity == 32)
        buffer.reserveCapacity(1000)
        #expect(buffer.capacity == 1024)
        buffer.reserveCapacity(minimumWritableBytes: 1008)
        #expect(buffer.capacity == 2048)
        #expect(buffer.writableBytes == 2048 - 17)
        #expect(ByteBuffer(bytes: Self.numbers(1025)).storageCapacity == 1040)
    }

    @Test("What was reserved is filled without moving the bytes")
    func reserved() {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(5000)
        buffer.writeInteger(0 as UInt8)
        let first = buffer.withUnsafeReadableBytes { $0.baseAddress }
        for number in Self.numbers(4999) { buffer.writeInteger(number) }
        #expect(buffer.withUnsafeReadableBytes { $0.baseAddress } == first)
    }

    @Test("A slice that has its memory for itself grows into what lies behind it")
    func growingSlice() throws {
        var buffer = ByteBuffer(bytes: Self.numbers(100))
        buffer = try #require(buffer.getSlice(at: 10, length: 20))
        let first = buffer.withUnsafeReadableBytes { $0.baseAddress }
        buffer.writeRepeatingByte(1, count: 80)
        #expect(buffer.withUnsafeReadableBytes { $0.baseAddress } == first)
        buffer.writeRepeatingByte(2, count: 50)
        #expect(buffer.readableBytes == 150)
        #expect(buffer.readBytes(length: 20) == Array(Self.numbers(30)[10...]))
        #expect(buffer.readBytes(length: 80) == Array(repeating: 1, count: 80))
        #expect(buffer.readBytes(length: 50) == Array(repeating: 2, count: 50))
    }

    @Test("Indices stay when a buffer grows or is copied")
    func stableIndices() {
        var buffer = ByteBuffer(bytes: [1, 2, 3, 4])
        buffer.moveReaderIndex(to: 2)
        let copy = buffer
        buffer.writeRepeatingByte(5, count: 100)
        #expect(buffer.readerIndex == 2)
        #expect(buffer.writerIndex == 104)
        #expect(buffer.readBytes(length: 3) == [3, 4, 5])
        #expect(copy.readableBytesView.firstIndex(of: 4) == 3)
        buffer.moveWriterIndex(to: 6)
        #expect(buffer.readableBytes == 1)
    }

    @Test("The room of bytes that were read is used again")
    func discarding() {
        var buffer = ByteBuffer(bytes: Self.numbers(64))
        let before = buffer.discardReadBytes()
        #expect(!before)
        buffer.moveReaderIndex(to: 60)
        buffer.discardReadBytes()
        #expect(buffer.readerIndex == 0)
        #expect(buffer == ByteBuffer(bytes: [60, 61, 62, 63]))
        #expect(buffer.capacity == 64)
        buffer.moveReaderIndex(to: 4)
        buffer.discardReadBytes()
        #expect(buffer.readerIndex == 0 && buffer.writerIndex == 0 && buffer.capacity == 64)
    }

    @Test("Clearing keeps memory that is not shared, and lets go of what is")
    func clearing() {
        var buffer = ByteBuffer(bytes: Self.numbers(64))
        buffer.clear()
        #expect(buffer.readableBytes == 0 && buffer.capacity == 64)
        buffer.writeInteger(1 as UInt8)
        let kept = buffer
        buffer.clear()
        #expect(buffer.readableBytes == 0 && buffer.storageCapacity == 0)
        #expect(kept.readableBytes == 1)
    }

    @Test("Bytes that a body writes in place are appended")
    func inPlace() {
        var buffer = ByteBuffer(bytes: [1])
        let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 40) { room in
            #expect(room.count >= 40)
            room.copyBytes(from: [2, 3])
            return 2
        }
        #expect(count == 2)
        #expect(buffer == ByteBuffer(bytes: [1, 2, 3]))
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { _ in throw Refused() }
        }
        #expect(buffer.readableBytes == 3)
    }

    @Test("Buffers with the same bytes are equal and have one hash, wherever the bytes lie")
    func equality() {
        var later = ByteBuffer(bytes: [0, 1, 2, 3])
        later.moveReaderIndex(to: 1)
        let plain = ByteBuffer(bytes: [1, 2, 3])
        #expect(later == plain)
        #expect(later.hashValue == plain.hashValue)
        #expect(Set([later, plain]).count == 1)
        #expect(plain != ByteBuffer(bytes: [1, 2, 4]))
        #expect(plain != ByteBuffer(bytes: [1, 2]))
        #expect(plain != ByteBuffer())
    }

    @Test("Lent bytes are those to be read, and an error passes through")
    func lending() {
        var buffer = ByteBuffer(bytes: [1, 2, 3])
        buffer.moveReaderIndex(to: 1)
        #expect(buffer.withBytes { $0.byteCount } == 2)
        #expect(buffer.withBytes { $0.unsafeLoad(fromByteOffset: 1, as: UInt8.self) } == 3)
        #expect(buffer.withBytes { ByteBuffer(copying: $0) } == ByteBuffer(bytes: [2, 3]))
        struct Refused: Error {}
        #expect(throws: Refused.self) { try buffer.withBytes { _ throws(Refused) in throw Refused() } }
    }

    @Test("The description shows the bytes, and of many the first")
    func descriptions() {
        #expect("\(ByteBuffer(bytes: [0, 15, 255]))" == "[00 0f ff](3 bytes)")
        #expect("\(ByteBuffer(repeating: 1, count: 65))".hasSuffix("01 …](65 bytes)"))
    }

    @Test("A buffer behaves like an array through thousands of steps")
    func likeAnArray() {
        var random = SystemRandomNumberGenerator()
        var buffer = ByteBuffer()
        var model: [UInt8] = []
        var kept: [(ByteBuffer, [UInt8])] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<9, using: &random) {
            case 0:
                let count = Int.random(in: 0...40, using: &random)
                buffer.writeRepeatingByte(UInt8(truncatingIfNeeded: step), count: count)
                model += Array(repeating: UInt8(truncatingIfNeeded: step), count: count)
            case 1:
                buffer.writeInteger(UInt32(step))
                model += withUnsafeBytes(of: UInt32(step).bigEndian) { Array($0) }
            case 2:
                let length = Int.random(in: 0...60, using: &random)
                let taken = buffer.readBytes(length: length)
                #expect(taken == (length <= model.count ? Array(model.prefix(length)) : nil))
                if taken != nil { model.removeFirst(length) }
            case 3:
                let length = Int.random(in: 0...model.count, using: &random)
                if let slice = buffer.readSlice(length: length) { kept.append((slice, Array(model.prefix(length)))) }
                model.removeFirst(length)
            case 4: kept.append((buffer, model))
            case 5: buffer.discardReadBytes()
            case 6:
                guard !model.isEmpty else { continue }
                let place = Int.random(in: model.indices, using: &random)
                buffer.setInteger(UInt8(truncatingIfNeeded: step), at: buffer.readerIndex + place)
                model[place] = UInt8(truncatingIfNeeded: step)
            case 7:
                if let (next, bytes) = kept.randomElement(using: &random) {
                    (buffer, model) = (next, bytes)
                    if kept.count > 8 { kept.removeFirst(4) }
                }
            default:
                guard step % 16 == 0 else { continue }
                buffer.clear()
                model = []
            }
            #expect(buffer.readableBytesView.elementsEqual(model))
        }
        for (buffer, bytes) in kept { #expect(buffer == ByteBuffer(bytes: bytes)) }
    }

    @Test(
        "A view that is appended to an array gives all its bytes, from the reader index on", arguments: [0, 1, 5, 300])
    func appendsView(_ count: Int) {
        var buffer = ByteBuffer(bytes: (0..<count + 3).map { UInt8(truncatingIfNeeded: $0) })
        buffer.moveReaderIndex(forwardBy: 3)
        let bytes = (3..<count + 3).map { UInt8(truncatingIfNeeded: $0) }
        #expect([9] + buffer.readableBytesView == [9] + bytes)
        #expect(Array(buffer.readableBytesView) == bytes)
        #expect(Array(buffer.readableBytesView.dropFirst()) == Array(bytes.dropFirst()))
    }
}
