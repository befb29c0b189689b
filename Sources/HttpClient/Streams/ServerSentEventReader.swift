import ByteText
public import Bytes

/// An event that a server has pushed.
public struct ServerSentEvent: Equatable, Sendable {
    /// Its kind; `message` when the server names none.
    public var event: String
    /// What it says, its lines joined by line feeds.
    public var data: String
    /// The last identifier that the server has given, to be sent as `Last-Event-ID` when the stream is opened again;
    /// empty for none.
    public var id: String
}

/// Reads server-sent events, as the HTML standard has them. A plain value: it is fed with bytes, and gives events.
public struct ServerSentEventReader: Sendable {
    /// Room for the name of a field, with which each line begins.
    private static let longestFieldStart = 64

    private var lines: HttpLineSplitter
    private let limit: Int
    private var event = ""
    private var data: [UInt8] = []
    private var isFirstLine = true

    /// The last identifier that the server has given.
    public private(set) var lastID: String
    /// After how many milliseconds the stream is to be opened again when it ends: what the server has asked for.
    public private(set) var retry: Int?

    /// Begins a stream.
    /// - Parameters:
    ///   - lastID: the last identifier of the stream that this one goes on from.
    ///   - limit: the most bytes of an event.
    public init(lastID: String = "", limit: Int = HttpLimits.eventBytes) {
        self.lastID = lastID
        self.limit = limit
        lines = HttpLineSplitter(.any, limit: limit + Self.longestFieldStart)
    }

    /// How many bytes of memory it keeps.
    public var heldBytes: Int { lines.heldBytes + data.capacity + event.utf8.count + lastID.utf8.count }

    /// Takes the next bytes.
    /// - Returns: the events that they complete.
    /// - Throws: ``HttpFailure/tooLarge(_:)`` when an event is larger than allowed; the stream is of no use then.
    public mutating func feed(_ bytes: ByteBuffer) throws(HttpFailure) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for line in try lines.feed(bytes) {
            if let event = try take(Array(line.readableBytesView)) { events.append(event) }
        }
        return events
    }

    private mutating func take(_ line: [UInt8]) throws(HttpFailure) -> ServerSentEvent? {
        var line = line[...]
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self) {
        case "event": event = String(rawBytes: value)
        case "data":
            guard data.count + value.count < limit else { throw .tooLarge("an event has more than \(limit) bytes") }
            data += value
            data.append(UInt8(ascii: "\n"))
        case "id":
            if !value.contains(0) { lastID = String(rawBytes: value) }
        case "retry":
            if value.allSatisfy({ (0x30...0x39).contains($0) }) {
                retry = Int(String(decoding: value, as: UTF8.self)) ?? retry
            }
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            event = ""
            data = []
        }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(
            event: event.isEmpty ? "message" : event, data: String(rawBytes: data.dropLast()), id: lastID)
    }
}
