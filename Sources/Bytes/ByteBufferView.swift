extension ByteBuffer {
    /// The readable bytes of a buffer as a collection. Its indices are those of the buffer.
    public struct View: RandomAccessCollection, Sendable {
        @usableFromInline let buffer: ByteBuffer

        @inlinable
        init(_ buffer: ByteBuffer) { self.buffer = buffer }

        /// The buffer's ``ByteBuffer/readerIndex``.
        @inlinable
        public var startIndex: Int { buffer.readerIndex }

        /// The buffer's ``ByteBuffer/writerIndex``.
        @inlinable
        public var endIndex: Int { buffer.writerIndex }

        /// The byte at `index`, which is one of the collection.
        @inlinable
        public subscript(index: Int) -> UInt8 {
            guard let byte = buffer.getInteger(at: index, as: UInt8.self) else {
                preconditionFailure("index \(index) of \(startIndex)..<\(endIndex)")
            }
            return byte
        }

        /// Calls `body` with the memory of the bytes, which is valid until it returns.
        @inlinable
        public func withContiguousStorageIfAvailable<R>(
            _ body: (UnsafeBufferPointer<UInt8>) throws -> R
        ) rethrows -> R? {
            try buffer.withUnsafeReadableBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
        }

        /// Copies all bytes at once where a collection is appended to an array, which would take them one by one.
        @inlinable
        public func _copyContents(
            initializing memory: UnsafeMutableBufferPointer<UInt8>
        ) -> (Iterator, UnsafeMutableBufferPointer<UInt8>.Index) {
            let count = Swift.min(memory.count, buffer.readableBytes)
            buffer.withUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(memory).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
            }
            return (IndexingIterator(_elements: self, _position: startIndex + count), count)
        }
    }

    /// The readable bytes as a collection, which shares the buffer's memory.
    @inlinable
    public var readableBytesView: View { View(self) }
}
