import ControlCore
import HSMS

/// Notes events in order, and tells who waits for one.
final class EventLog {
    private(set) var lines: [String] = []
    var onLine: ((String) -> Void)?

    func note(_ line: String) {
        lines.append(line)
        onLine?(line)
    }

    func note(_ event: HsmsEvent) { note(event.brief) }

    func take() -> [String] {
        defer { lines = [] }
        return lines
    }
}

extension HsmsEvent {
    /// The event in a few words.
    var brief: String {
        switch self {
        case .connected: "connected"
        case .selected: "selected"
        case .deselected: "deselected"
        case .disconnected(let reason): "disconnected: \(reason)"
        case .packetReceived(let packet): "received \(packet.brief)"
        case .unexpectedReply(let packet): "unexpected \(packet.brief)"
        case .openFailed(let reason): "open failed: \(reason)"
        }
    }
}

/// A delegate that notes what it is told.
final class RecordingDelegate: HsmsConnectionDelegate {
    let log = EventLog()
    var onPacket: ((HsmsConnection, HsmsPacket) -> Void)?
    var onEstablished: ((HsmsConnection) -> Void)?

    func connectionEstablished(_ connection: HsmsConnection) {
        log.note("established")
        onEstablished?(connection)
    }

    func connection(_ connection: HsmsConnection, didReceive packet: HsmsPacket) {
        log.note("packet \(packet.brief)")
        onPacket?(connection, packet)
    }

    func connectionBeforeClosed(_ connection: HsmsConnection) { log.note("before closed") }

    func connectionClosed(_ connection: HsmsConnection, reason: HsmsCloseReason) { log.note("closed: \(reason)") }

    func connection(_ connection: HsmsConnection, didFailToOpen reason: String) { log.note("open failed: \(reason)") }
}
