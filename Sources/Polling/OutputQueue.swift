import Bytes

/// What a stream has still to send: pieces of up to 64 KiB, so that many short messages cost no more than their bytes.
struct OutputQueue {
    private static let pieceLimit = 64 * 1024
    /// From so many bytes on, storage is shared instead of copied.
    private static let sharedFrom = 4 * 1024

    private var pieces: ContiguousArray<ByteBuffer> = []
    /// Pieces before this one are sent.
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// What is to be sent first.
    var first: ByteBuffer? { isEmpty ? nil : pieces[head] }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        // What was sent of a piece keeps its room: it counts.
        if let last = pieces.indices.last, last >= head, pieces[last].writerIndex + bytes.count <= Self.pieceLimit {
            pieces[last].write(bytes.bytes)
        } else {
            pieces.append(ByteBuffer(copying: bytes))
        }
        count += bytes.count
    }

    mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes >= Self.sharedFrom else {
            bytes.withUnsafeReadableBytes { append($0) }
            return
        }
        pieces.append(bytes)
        count += bytes.readableBytes
    }

    mutating func removeFirst(_ sent: Int) {
        guard sent > 0 else { return }
        count -= sent
        if sent == pieces[head].readableBytes {
            pieces[head] = ByteBuffer()
            head += 1
            if head == pieces.count {
                pieces.removeAll(keepingCapacity: pieces.count <= 16)
                head = 0
            } else if head >= 32, head * 2 >= pieces.count {
                pieces.removeFirst(head)
                head = 0
            }
        } else {
            pieces[head].moveReaderIndex(forwardBy: sent)
        }
    }
}
