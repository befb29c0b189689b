import Bytes
import DequeModule

/// Messages for a program that is held up: first in, first out, with an end.
public struct HsmsHeldMessages {
    /// The most messages that wait. With those that wait at the program's handlers they are fewer than the events that
    /// may wait there, so that the end of a session can hand them all over.
    public static let mostMessages = 960
    /// The most bytes of memory that they take: 4 MiB. A message is kept when it is the only one, however long it is.
    public static let mostBytes = 4 << 20
    /// What a message takes beside its text.
    static let overhead = 128

    private var events: Deque<HsmsEvent> = []
    private(set) var bytes = 0
    private var hasRefused = false

    var count: Int { events.count }
    var isEmpty: Bool { events.isEmpty }

    /// - Returns: false when there is no room.
    mutating func keep(_ event: HsmsEvent) -> Bool {
        let size = Self.overhead + event.textBytes
        guard events.isEmpty || events.count < Self.mostMessages && bytes + size <= Self.mostBytes else { return false }
        bytes += size
        events.append(event.compacted)
        return true
    }

    mutating func popFirst() -> HsmsEvent? {
        guard let event = events.popFirst() else { return nil }
        bytes -= Self.overhead + event.textBytes
        if events.isEmpty {
            events = []
            hasRefused = false
        }
        return event
    }

    /// Notes that one was refused.
    /// - Returns: whether it is the first since all were taken.
    mutating func refuse() -> Bool {
        defer { hasRefused = true }
        return !hasRefused
    }
}

extension HsmsEvent {
    /// The bytes of the text of a message.
    var textBytes: Int {
        switch self {
        case .packetReceived(let packet), .unexpectedReply(let packet): packet.data.readableBytes
        case .connected, .selected, .deselected, .disconnected, .openFailed: 0
        }
    }

    /// The event with memory of its own: a short text would otherwise keep all that came with it.
    fileprivate var compacted: HsmsEvent {
        switch self {
        case .packetReceived(let packet): .packetReceived(packet.compacted)
        case .unexpectedReply(let packet): .unexpectedReply(packet.compacted)
        case .connected, .selected, .deselected, .disconnected, .openFailed: self
        }
    }
}

extension HsmsPacket {
    fileprivate var compacted: HsmsPacket {
        let length = data.readableBytes
        guard length > 0 else { return HsmsPacket(header) }
        guard data.storageCapacity > 2 * length + 64 else { return self }
        return HsmsPacket(header, data: data.withUnsafeReadableBytes { ByteBuffer(copying: $0) })
    }
}
