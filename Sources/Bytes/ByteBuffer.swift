import Glibc

/// Bytes with a position to read from and a position to write to.
///
/// A value: a change of one buffer shows in no other. Copies and slices share their memory until one of them writes.
/// An empty buffer needs none. Indices count from the beginning of the buffer; reading moves ``readerIndex`` on and
/// keeps what lies before it until ``discardReadBytes()`` or ``clear()``.
public struct ByteBuffer: @unchecked Sendable {
    // Unchecked, since storage is a class: it is changed only by the one buffer that holds it.
    @usableFromInline var storage: ByteStorage?
    /// Where in the storage index 0 is.
    @usableFromInline var start: UInt32
    /// The end of the part of the storage that this buffer uses.
    @usableFromInline var limit: UInt32
    @usableFromInline var reader: UInt32
    @usableFromInline var writer: UInt32

    /// Makes an empty buffer, without an allocation.
    @inlinable
    public init() {
        self.init(storage: nil, start: 0, limit: 0, writer: 0)
    }

    @inlinable
    init(storage: ByteStorage?, start: UInt32, limit: UInt32, writer: UInt32) {
        self.storage = storage
        self.start = start
        self.limit = limit
        self.reader = 0
        self.writer = writer
    }

    /// Makes a buffer with a copy of `bytes`.
    @inlinable
    public init(copying bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else {
            self.init()
            return
        }
        let capacity = ByteStorage.exact(bytes.count)
        let storage = ByteStorage.make(capacity: capacity)
        storage.bytes.copyMemory(from: base, byteCount: bytes.count)
        self.init(storage: storage, start: 0, limit: UInt32(capacity), writer: UInt32(bytes.count))
    }

    /// Makes a buffer with a copy of `bytes`.
    @inlinable
    public init(copying bytes: RawSpan) {
        self = bytes.withUnsafeBytes { ByteBuffer(copying: $0) }
    }

    /// Makes a buffer with a copy of `bytes`.
    @inlinable
    public init(bytes: some Sequence<UInt8>) {
        let copy = bytes.withContiguousStorageIfAvailable { ByteBuffer(copying: UnsafeRawBufferPointer($0)) }
        if let copy {
            self = copy
        } else {
            self.init()
            writeBytes(bytes)
        }
    }

    /// Makes a buffer with the UTF-8 bytes of `string`.
    @inlinable
    public init(string: String) {
        var string = string
        self = string.withUTF8 { ByteBuffer(copying: UnsafeRawBufferPointer($0)) }
    }

    /// Makes a buffer with `count` times `byte`.
    @inlinable
    public init(repeating byte: UInt8, count: Int) {
        self.init()
        writeRepeatingByte(byte, count: count)
    }

    // MARK: Positions and sizes

    /// The index of the next byte to be read.
    @inlinable
    public var readerIndex: Int { Int(reader) }

    /// The index at which the next byte is written: the end of the readable bytes.
    @inlinable
    public var writerIndex: Int { Int(writer) }

    /// How many bytes there are to be read.
    @inlinable
    public var readableBytes: Int { Int(writer) - Int(reader) }

    /// How many bytes can be written without an allocation if the storage is not shared.
    @inlinable
    public var writableBytes: Int { capacity - writerIndex }

    /// How many bytes this buffer can hold before it grows, those included that were read.
    @inlinable
    public var capacity: Int { Int(limit) - Int(start) }

    /// How many bytes of memory this buffer keeps, which it may share with others.
    @inlinable
    public var storageCapacity: Int { storage?.header ?? 0 }

    /// Moves ``readerIndex`` to `index`, which lies from 0 to ``writerIndex``.
    @inlinable
    public mutating func moveReaderIndex(to index: Int) {
        precondition(index >= 0 && index <= writerIndex, "reader index \(index) of 0...\(writerIndex)")
        reader = UInt32(truncatingIfNeeded: index)
    }

    /// Moves ``readerIndex`` by `offset`, which leads to an index from 0 to ``writerIndex``.
    @inlinable
    public mutating func moveReaderIndex(forwardBy offset: Int) {
        moveReaderIndex(to: readerIndex + offset)
    }

    /// Moves ``writerIndex`` to `index`, which lies from ``readerIndex`` to the present one: what lies behind it is
    /// forgotten.
    @inlinable
    public mutating func moveWriterIndex(to index: Int) {
        precondition(index >= readerIndex && index <= writerIndex, "writer index \(index) of \(reader)...\(writer)")
        writer = UInt32(truncatingIfNeeded: index)
    }

    // MARK: Memory

    /// Sees to it that ``capacity`` is at least `minimum` and that this buffer has its storage for itself.
    @inlinable
    public mutating func reserveCapacity(_ minimum: Int) {
        guard minimum > 0 else { return }
        if minimum <= capacity, isKnownUniquelyReferenced(&storage) { return }
        growInPlace(minimum)
    }

    /// Sees to it that `count` bytes can be written without a further allocation.
    @inlinable
    public mutating func reserveCapacity(minimumWritableBytes count: Int) {
        guard count > 0 else { return }
        reserveCapacity(writerIndex + count)
    }

    /// Forgets all bytes. The memory is kept for the next ones unless it is shared.
    @inlinable
    public mutating func clear() {
        reader = 0
        writer = 0
        start = 0
        if isKnownUniquelyReferenced(&storage) {
            limit = UInt32(truncatingIfNeeded: storageCapacity)
        } else {
            storage = nil
            limit = 0
        }
    }

    /// Gives the room of the bytes that were read to those that will be written: ``readerIndex`` becomes 0.
    /// - Returns: whether there were any.
    @discardableResult
    public mutating func discardReadBytes() -> Bool {
        guard reader > 0 else { return false }
        if reader == writer {
            reader = 0
            writer = 0
        } else if isKnownUniquelyReferenced(&storage), let storage {
            let base = storage.bytes + Int(start)
            base.copyMemory(from: base + readerIndex, byteCount: readableBytes)
            writer -= reader
            reader = 0
        } else {
            self = withUnsafeReadableBytes { ByteBuffer(copying: $0) }
        }
        return true
    }

    /// Makes room for `minimum` bytes from index 0, in storage that belongs to this buffer alone. Indices stay.
    @usableFromInline
    mutating func growInPlace(_ minimum: Int) {
        if isKnownUniquelyReferenced(&storage), Int(start) + minimum <= storageCapacity {
            limit = UInt32(storageCapacity)
            return
        }
        let capacity = ByteStorage.growing(max(minimum, writerIndex))
        let grown = ByteStorage.make(capacity: capacity)
        withUnsafeReadableBytes { readable in
            if let base = readable.baseAddress {
                (grown.bytes + readerIndex).copyMemory(from: base, byteCount: readable.count)
            }
        }
        storage = grown
        start = 0
        limit = UInt32(capacity)
    }

    /// The memory at the writer index, in storage that belongs to this buffer alone. It has room for `count` bytes.
    /// - Parameter count: not negative.
    @inlinable
    mutating func room(for count: Int) -> UnsafeMutableRawPointer {
        precondition(count >= 0, "\(count) bytes cannot be written")
        let needed = writerIndex + count
        if needed > capacity || !isKnownUniquelyReferenced(&storage) { growInPlace(needed) }
        // There is storage: without any the buffer has grown.
        return storage.unsafelyUnwrapped.bytes + (Int(start) + writerIndex)
    }

    /// Calls `fill` with the memory of the next `count` bytes and counts them as written.
    @inlinable
    mutating func append(_ count: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
        guard count != 0 else { return }
        fill(room(for: count))
        writer += UInt32(truncatingIfNeeded: count)
    }

    /// Calls `change` with the memory of `count` readable bytes from `index`, which belongs to this buffer alone.
    @inlinable
    mutating func replace(_ count: Int, at index: Int, _ change: (UnsafeMutableRawPointer) -> Void) {
        precondition(isReadable(index, count), "\(count) bytes at \(index) of \(reader)..<\(writer)")
        guard count > 0 else { return }
        if !isKnownUniquelyReferenced(&storage) { growInPlace(writerIndex) }
        guard let storage else { return }
        change(storage.bytes + (Int(start) + index))
    }

    /// Sets `count` bytes of memory: by one call of the system, however the program is compiled.
    @usableFromInline
    static func fill(_ memory: UnsafeMutableRawPointer, with byte: UInt8, count: Int) {
        memset(memory, CInt(byte), count)
    }

    /// Whether `count` bytes from `index` lie in the readable ones.
    @inlinable
    func isReadable(_ index: Int, _ count: Int) -> Bool {
        index >= readerIndex && count >= 0 && index <= writerIndex && count <= writerIndex - index
    }

    // MARK: All readable bytes

    /// Lends the readable bytes.
    @inlinable
    public func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try withUnsafeReadableBytes { (bytes) throws(E) -> R in try body(bytes.bytes) }
    }

    /// Calls `body` with the memory of the readable bytes, which is valid until it returns. Its base address is `nil`
    /// when there is no memory.
    @inlinable
    public func withUnsafeReadableBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        guard let storage else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let first = UnsafeRawPointer(storage.bytes) + (Int(start) + readerIndex)
        return try withExtendedLifetime(storage) { () throws(E) -> R in
            try body(UnsafeRawBufferPointer(start: first, count: readableBytes))
        }
    }

    // MARK: Reading

    /// The number at `index`, the most significant byte first; `nil` when its bytes are not all readable.
    @inlinable
    public func getInteger<T: FixedWidthInteger>(at index: Int, as _: T.Type = T.self) -> T? {
        guard isReadable(index, MemoryLayout<T>.size), let storage else { return nil }
        return withExtendedLifetime(storage) {
            T(bigEndian: (storage.bytes + (Int(start) + index)).loadUnaligned(as: T.self))
        }
    }

    /// Takes a number from the front, the most significant byte first; `nil`, and nothing is taken, when there are too
    /// few bytes.
    @inlinable
    public mutating func readInteger<T: FixedWidthInteger>(as _: T.Type = T.self) -> T? {
        guard let number = getInteger(at: readerIndex, as: T.self) else { return nil }
        reader += UInt32(truncatingIfNeeded: MemoryLayout<T>.size)
        return number
    }

    /// A buffer that shares `length` bytes from `index` on; `nil` when they are not all readable.
    @inlinable
    public func getSlice(at index: Int, length: Int) -> ByteBuffer? {
        guard isReadable(index, length) else { return nil }
        guard length > 0 else { return ByteBuffer() }
        let from = start + UInt32(truncatingIfNeeded: index)
        let count = UInt32(truncatingIfNeeded: length)
        return ByteBuffer(storage: storage, start: from, limit: from + count, writer: count)
    }

    /// Takes `length` bytes from the front, without copying them; `nil`, and nothing is taken, when there are fewer.
    @inlinable
    public mutating func readSlice(length: Int) -> ByteBuffer? {
        guard let slice = getSlice(at: readerIndex, length: length) else { return nil }
        reader += UInt32(truncatingIfNeeded: length)
        return slice
    }

    /// Takes `length` bytes from the front; `nil`, and nothing is taken, when there are fewer.
    @inlinable
    public mutating func readBytes(length: Int) -> [UInt8]? {
        guard isReadable(readerIndex, length) else { return nil }
        defer { reader += UInt32(truncatingIfNeeded: length) }
        return withUnsafeReadableBytes { Array($0.prefix(length)) }
    }

    /// Takes `length` bytes from the front as UTF-8 text; `nil`, and nothing is taken, when there are fewer.
    @inlinable
    public mutating func readString(length: Int) -> String? {
        readSlice(length: length).map { String(buffer: $0) }
    }

    // MARK: Writing

    /// Appends `bytes`.
    @inlinable
    public mutating func write(_ bytes: RawSpan) {
        _ = bytes.withUnsafeBytes { writeBytes($0) }
    }

    /// Appends `bytes`.
    /// - Returns: how many they are.
    @inlinable @discardableResult
    public mutating func writeBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        append(bytes.count) { $0.copyMemory(from: base, byteCount: bytes.count) }
        return bytes.count
    }

    /// Appends `bytes`.
    /// - Returns: how many they are.
    @inlinable @discardableResult
    public mutating func writeBytes(_ bytes: some Sequence<UInt8>) -> Int {
        let count = bytes.withContiguousStorageIfAvailable { writeBytes(UnsafeRawBufferPointer($0)) }
        if let count { return count }
        let begin = writerIndex
        reserveCapacity(minimumWritableBytes: bytes.underestimatedCount)
        for byte in bytes { writeInteger(byte) }
        return writerIndex - begin
    }

    /// Appends the UTF-8 bytes of `string`.
    /// - Returns: how many they are.
    @inlinable @discardableResult
    public mutating func writeString(_ string: String) -> Int {
        var string = string
        return string.withUTF8 { writeBytes(UnsafeRawBufferPointer($0)) }
    }

    /// Appends the readable bytes of `buffer`, which stays as it is.
    /// - Returns: how many they are.
    @inlinable @discardableResult
    public mutating func writeImmutableBuffer(_ buffer: ByteBuffer) -> Int {
        buffer.withUnsafeReadableBytes { writeBytes($0) }
    }

    /// Appends a number, the most significant byte first.
    /// - Returns: how many bytes it takes.
    @inlinable @discardableResult
    public mutating func writeInteger<T: FixedWidthInteger>(_ number: T, as _: T.Type = T.self) -> Int {
        append(MemoryLayout<T>.size) { $0.storeBytes(of: number.bigEndian, as: T.self) }
        return MemoryLayout<T>.size
    }

    /// Appends `count` times `byte`.
    /// - Parameter count: not negative.
    /// - Returns: `count`.
    @inlinable @discardableResult
    public mutating func writeRepeatingByte(_ byte: UInt8, count: Int) -> Int {
        append(count) { Self.fill($0, with: byte, count: count) }
        return count
    }

    /// Calls `body` with the memory behind the readable bytes and counts what it has written there.
    /// - Parameters:
    ///   - count: how many bytes the memory has room for, at least; not negative.
    ///   - body: writes from the beginning of the memory on, and returns how many bytes it wrote.
    /// - Returns: what `body` returned.
    @inlinable @discardableResult
    public mutating func writeWithUnsafeMutableBytes<E: Error>(
        minimumWritableBytes count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) -> Int {
        let first = room(for: count)
        let room = writableBytes
        let written = try body(UnsafeMutableRawBufferPointer(start: first, count: room))
        precondition(written >= 0 && written <= room, "\(written) of \(room) bytes were written")
        writer += UInt32(truncatingIfNeeded: written)
        return written
    }

    /// Replaces the bytes at `index` by a number, the most significant byte first.
    /// - Parameter index: where the bytes begin, all of which are readable.
    @inlinable
    public mutating func setInteger<T: FixedWidthInteger>(_ number: T, at index: Int) {
        replace(MemoryLayout<T>.size, at: index) { $0.storeBytes(of: number.bigEndian, as: T.self) }
    }

    /// Replaces `count` bytes at `index` by `byte`.
    /// - Parameters:
    ///   - byte: what they become.
    ///   - count: how many they are, all of which are readable.
    ///   - index: where they begin.
    @inlinable
    public mutating func setRepeatingByte(_ byte: UInt8, count: Int, at index: Int) {
        replace(count, at: index) { Self.fill($0, with: byte, count: count) }
    }
}

extension ByteBuffer: Equatable {
    /// Whether the readable bytes are the same.
    public static func == (one: ByteBuffer, other: ByteBuffer) -> Bool {
        guard one.readableBytes == other.readableBytes else { return false }
        return one.withUnsafeReadableBytes { one in
            other.withUnsafeReadableBytes { other in
                guard let mine = one.baseAddress, let its = other.baseAddress, mine != its else { return true }
                return memcmp(mine, its, one.count) == 0
            }
        }
    }
}

extension ByteBuffer: Hashable {
    /// Hashes the readable bytes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(readableBytes)
        withUnsafeReadableBytes { hasher.combine(bytes: $0) }
    }
}

extension ByteBuffer: CustomStringConvertible {
    /// The readable bytes in hexadecimal, the first 64 of them, and how many there are.
    public var description: String {
        let shown = readableBytesView.prefix(64).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let rest = readableBytes > shown.count ? " …" : ""
        return "[\(shown.joined(separator: " "))\(rest)](\(readableBytes) bytes)"
    }
}

extension String {
    /// The readable bytes of `buffer` as UTF-8 text; what is not valid becomes U+FFFD.
    @inlinable
    public init(buffer: ByteBuffer) {
        self = buffer.withUnsafeReadableBytes { String(decoding: $0, as: UTF8.self) }
    }
}
