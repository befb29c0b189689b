internal import ByteText
import Bytes
public import ControlCore
internal import HSMS
import Polling

/// Writes what goes over wires as lines for people: `13:45:01.123 Projector 10.0.0.9:23  > "PWR ON\r\n"  8`.
public final class WireLines: WireSink {
    /// How wide the names are at first; longer ones make the column wider up to ``widest``.
    private static let width = 22
    private static let widest = 44

    private let bytes: ShownBytes
    private let timeZone: any LocalTimeZone
    private let output: (String) -> Void
    private var width = WireLines.width
    private var day = ""
    private var streams: [Int: HsmsStream] = [:]

    /// The two directions of a stream, as long as they may be HSMS.
    private struct HsmsStream {
        var sent = HsmsFollower()
        var received = HsmsFollower()
    }

    /// Makes a sink.
    /// - Parameters:
    ///   - rendering: how bytes are shown.
    ///   - isFull: whether all bytes of long pieces are shown.
    ///   - timeZone: the zone of the times.
    ///   - output: takes finished lines, line ends included.
    public init(
        rendering: TraceConfiguration.Rendering = .auto, isFull: Bool = false, timeZone: any LocalTimeZone,
        output: @escaping (String) -> Void
    ) {
        bytes = ShownBytes(rendering: rendering, isFull: isFull)
        self.timeZone = timeZone
        self.output = output
    }

    /// Writes an event, on one line; HSMS messages on a line each.
    public func record(_ event: WireEvent) {
        switch event.content {
        case .opened: write(event, "= \(Self.opening(event.wire))")
        case .refused(let problem):
            let verb = event.wire.kind == .listener ? "not listening" : "not opened"
            write(event, "= \(verb): \(problem)")
        case .secured(let session): write(event, "= \(session.version) is on; what follows is inside of it")
        case .insecure(let problem): write(event, "= closed, as TLS was not agreed on: \(problem)")
        case .undelivered(let problem): write(event, "= not delivered: \(problem)")
        case .closed(let reason):
            streams[event.wire.number] = nil
            write(event, "= \(Self.closing(event.wire, reason))")
        case .sent(let piece): write(event, ">", piece, messages(of: piece, in: event.wire, \.sent))
        case .received(let piece): write(event, "<", piece, messages(of: piece, in: event.wire, \.received))
        }
    }

    // MARK: - Words

    private static func opening(_ wire: Wire) -> String {
        guard wire.kind != .listener else { return "listening" }
        let verb = wire.isIncoming && wire.kind != .udp ? "accepted" : "opened"
        let local = wire.localAddress.map { " from \(shown($0))" } ?? ""
        let remote = wire.remoteAddress.map { " to \(shown($0))" } ?? ""
        let place = wire.kind == .serial ? wire.target.map { " \($0)" } ?? "" : ""
        return "\(verb) \(wire.kind.rawValue)\(place)" + (wire.isIncoming ? "" : local + remote)
    }

    private static func closing(_ wire: Wire, _ reason: CloseReason) -> String {
        if wire.kind == .listener { return "no longer listening" }
        return switch reason {
        case .local: "closed by the program"
        case .peer: "closed by the other side"
        case .failed(let problem): "closed: \(problem)"
        }
    }

    private static func shown(_ address: SocketAddress) -> String {
        "\(address)"
    }

    // MARK: - Pieces

    private func write(_ event: WireEvent, _ sign: String, _ piece: WireEvent.Piece, _ messages: [String]?) {
        for line in messages ?? [bytes.show(piece)] { write(event, "\(sign) \(line)") }
    }

    /// The messages of HSMS in a piece, a line each; nil when it is none.
    private func messages(
        of piece: WireEvent.Piece, in wire: Wire, _ direction: WritableKeyPath<HsmsStream, HsmsFollower>
    ) -> [String]? {
        guard bytes.rendering == .auto, wire.kind == .tcp else { return nil }
        var stream = streams[wire.number] ?? HsmsStream()
        defer { streams[wire.number] = stream }
        guard let parts = stream[keyPath: direction].follow(piece.bytes) else { return nil }
        var offset = 0
        return parts.map { part in
            switch part {
            case .message(let header, let length, let count, let text):
                offset += count
                let line = "HSMS \(header.shown)"
                guard text > 0 else { return line + "  \(length)" }
                return "\(line) " + bytes.show(piece.part(offset - text..<offset)) + " of \(length)"
            case .more(let count):
                offset += count
                return "HSMS … " + bytes.show(piece.part(offset - count..<offset))
            case .begun(let count):
                offset += count
                return bytes.show(piece.part(offset - count..<offset))
            }
        }
    }

    // MARK: - Lines

    private func write(_ event: WireEvent, _ text: String) {
        let seconds = event.time / 1_000_000_000
        let local = CivilTime(unixTime: seconds, in: timeZone)
        let today = "\(local.year)-\(Self.digits(local.month))-\(Self.digits(local.day))"
        var lines = ""
        if today != day {
            day = today
            lines = "# \(today)\n"
        }
        let time =
            "\(Self.digits(local.hour)):\(Self.digits(local.minute)):\(Self.digits(local.second))"
            + ".\(Self.digits(Int(event.time / 1_000_000 % 1000), 3))"
        let name = (event.wire.fullName + (event.peer.map { Self.peer($0, of: event.wire) } ?? "")).showingRawBytes
        width = min(max(width, name.count), Self.widest)
        let padding = String(repeating: " ", count: max(width - name.count, 0))
        output("\(lines)\(time) \(name)\(padding) \(text.showingRawBytes)\n")
    }

    /// The peer of a datagram, where the wire's name does not say it.
    private static func peer(_ address: SocketAddress, of wire: Wire) -> String {
        wire.remoteAddress == address ? "" : " \(shown(address))"
    }

    private static func digits(_ value: Int, _ count: Int = 2) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(count - text.count, 0)) + text
    }
}

extension WireEvent.Piece {
    /// A part of it.
    fileprivate func part(_ range: Range<Int>) -> WireEvent.Piece {
        let slice = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
        let inside = secrets.map { $0.clamped(to: range) }.filter { !$0.isEmpty }
        return WireEvent.Piece(
            bytes: slice ?? ByteBuffer(),
            secrets: inside.map { $0.lowerBound - range.lowerBound..<$0.upperBound - range.lowerBound })
    }
}
