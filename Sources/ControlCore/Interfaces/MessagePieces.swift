public import Bytes
import DequeModule

/// A message that is too large to wait as a whole for a peer that takes it slowly: whoever sends it keeps it, and gives
/// it piece by piece as the peer takes it.
public protocol MessagePieces {
    /// How many bytes it has.
    var count: Int { get }

    /// So many of its bytes from `offset` on; nothing when it is not there any more.
    func piece(at offset: Int, count: Int) -> ByteBuffer
}

/// What may be sent messages in pieces.
public protocol PiecewiseSender: Writable {
    /// A message of more bytes is to be sent in pieces.
    var largestWholeMessage: Int { get }

    /// Sends a message of any size in pieces, behind those that were sent before; what is sent meanwhile comes behind
    /// it.
    /// - Parameters:
    ///   - pieces: the message; it is asked for each piece when there is room for it.
    ///   - completion: called once, unless cancelled, perhaps before this returns: when the last piece is queued, or
    ///     with the reason why it never will be.
    /// - Returns: gives up; what was sent of it stays sent.
    /// - Throws: when not connected.
    func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable
}

/// The messages of one ``StreamConnection`` that are sent in pieces, one after the other, and what was sent behind
/// them.
final class PiecewiseQueue {
    /// One message under way.
    final class Message: Cancellable {
        fileprivate let pieces: any MessagePieces
        fileprivate var offset = 0
        fileprivate var completion: ((Result<Void, IOFault>) -> Void)?
        private var onCancel: (() -> Void)?

        init(
            _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void,
            onCancel: @escaping () -> Void
        ) {
            self.pieces = pieces
            self.completion = completion
            self.onCancel = onCancel
        }

        fileprivate var isOver: Bool { completion == nil || offset >= pieces.count }

        fileprivate func end(_ result: Result<Void, IOFault>) {
            let completion = completion
            self.completion = nil
            onCancel = nil
            completion?(result)
        }

        func cancel() {
            guard completion != nil else { return }
            completion = nil
            let onCancel = onCancel
            self.onCancel = nil
            onCancel?()
        }
    }

    private enum Entry {
        case message(Message)
        /// What was sent behind a message.
        case bytes(ByteBuffer)
    }

    private var entries: Deque<Entry> = []
    /// How many bytes were sent behind messages and wait for their end.
    private(set) var bytesBehind = 0

    /// Whether nothing is under way, so that bytes may be sent at once.
    var isEmpty: Bool { entries.isEmpty }

    func add(_ message: Message) { entries.append(.message(message)) }

    func addBehind(_ bytes: ByteBuffer) {
        bytesBehind += bytes.readableBytes
        guard let last = entries.indices.last, case .bytes(var waiting) = entries[last] else {
            entries.append(.bytes(bytes))
            return
        }
        // Moved out and back, so that it is not copied.
        entries[last] = .bytes(ByteBuffer())
        waiting.writeImmutableBuffer(bytes)
        entries[last] = .bytes(waiting)
    }

    /// Gives pieces away as long as there is room.
    /// - Parameters:
    ///   - size: of a piece, at most.
    ///   - send: sends a piece.
    func advance(size: Int, hasRoom: () -> Bool, send: (ByteBuffer) -> Void) {
        while let entry = entries.first {
            switch entry {
            case .bytes(let bytes):
                guard hasRoom() else { return }
                entries.removeFirst()
                bytesBehind -= bytes.readableBytes
                send(bytes)
            case .message(let message):
                while !message.isOver {
                    guard hasRoom() else { return }
                    let count = min(size, message.pieces.count - message.offset)
                    let piece = message.pieces.piece(at: message.offset, count: count)
                    message.offset += count
                    send(piece)
                }
                entries.removeFirst()
                // Its sender may send again inside this call.
                message.end(.success(()))
            }
        }
    }

    /// Nothing of it can be sent any more.
    func fail(_ fault: IOFault) {
        bytesBehind = 0
        let failing = entries
        entries = []
        for case .message(let message) in failing { message.end(.failure(fault)) }
    }
}
