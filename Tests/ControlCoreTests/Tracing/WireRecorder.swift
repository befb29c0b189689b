import Bytes
import ControlCore

/// Notes what goes over wires: `projector:23 > PWR ON`.
final class WireRecorder: WireSink {
    private(set) var events: [WireEvent] = []

    var lines: [String] { events.map { "\($0.wire.name) \(Self.shown($0.content))" } }

    func record(_ event: WireEvent) { events.append(event) }

    private static func shown(_ content: WireEvent.Content) -> String {
        switch content {
        case .opened: "opened"
        case .refused(let problem): "refused: \(problem)"
        case .secured(let session): "\(session.version)"
        case .insecure(let problem): "insecure: \(problem)"
        case .sent(let piece): "> \(String(buffer: piece.bytes))"
        case .received(let piece): "< \(String(buffer: piece.bytes))"
        case .undelivered(let problem): "undelivered: \(problem)"
        case .closed(let reason): "closed: \(reason)"
        }
    }
}
