/// The memory of one or more byte buffers: a counted object with its bytes behind it, in one allocation.
@usableFromInline
final class ByteStorage: ManagedBuffer<Int, UInt8> {
    /// Makes storage for `capacity` bytes, which are not initialized.
    @inlinable
    static func make(capacity: Int) -> ByteStorage {
        // `create` returns an instance of the class that it is called on.
        unsafeDowncast(create(minimumCapacity: capacity) { _ in capacity }, to: ByteStorage.self)
    }

    /// The capacity for `count` bytes that may grow: the next power of two.
    /// - Parameter count: at most the largest `UInt32`, for which the indices of a buffer have room.
    @inlinable
    static func growing(_ count: Int) -> Int {
        precondition(count <= UInt32.max, "\(count) bytes are more than a buffer can hold")
        guard count > 16 else { return 16 }
        return min(1 << (Int.bitWidth - (count - 1).leadingZeroBitCount), Int(UInt32.max))
    }

    /// The capacity for `count` bytes that most likely stay as they are: what the allocator would give anyway.
    @inlinable
    static func exact(_ count: Int) -> Int {
        precondition(count <= UInt32.max, "\(count) bytes are more than a buffer can hold")
        return min((count + 15) & ~15, Int(UInt32.max))
    }

    /// The first byte. The pointer is valid as long as the storage is kept.
    @inlinable
    var bytes: UnsafeMutableRawPointer {
        withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
    }
}
