public import Polling

/// The most of what a session keeps open. A plain value.
public struct HttpPoolBounds: Equatable, Sendable {
    /// The most connections to one host, at least 1.
    public var perHost = HttpLimits.connectionsPerHost
    /// The most connections altogether, at least 1.
    public var altogether = HttpLimits.connections
    /// How long a connection without an exchange is kept.
    public var idleTime = HttpLimits.idleTime

    /// The usual bounds.
    public init() {}
}

/// Which connections there are and who waits for one, as a plain value: it decides, and opens and closes nothing.
struct HttpPoolLedger {
    /// One who wants a connection.
    typealias Ticket = Int
    /// An open connection.
    typealias LineID = Int

    /// What is to be done.
    enum Action: Equatable {
        /// Open a connection for one who waits.
        case dial(Ticket)
        /// Give an open one to one who waits.
        case use(LineID, Ticket)
        /// Close one that nobody has.
        case close(LineID)
        /// Too many wait.
        case refuse(Ticket)
    }

    private struct Line {
        let route: HttpRoute
        /// `nil` while an exchange has it.
        var idleSince: Deadline?
        /// How long it is kept then.
        var idleTime: TimeAmount

        var expiry: Deadline? { idleSince.map { $0 + idleTime } }
    }

    private struct Wish {
        let ticket: Ticket
        let route: HttpRoute
        let isFresh: Bool
    }

    private let bounds: HttpPoolBounds
    private var lines: [LineID: Line] = [:]
    private var dialing: [Ticket: HttpRoute] = [:]
    /// The one who waits longest first.
    private var waiting: [Wish] = []
    private var lastLine = 0

    init(_ bounds: HttpPoolBounds) { self.bounds = bounds }

    /// Open connections.
    var lineCount: Int { lines.count }
    /// Those without an exchange.
    var idleCount: Int { lines.values.count { $0.idleSince != nil } }
    /// Those who wait for one to become free.
    var waitingCount: Int { waiting.count }

    /// When the next connection has been idle for long enough; `nil` when none is.
    var nextExpiry: Deadline? { lines.values.compactMap(\.expiry).min() }

    /// Somebody wants a connection.
    /// - Parameter isFresh: none that was used before will do.
    mutating func wish(_ ticket: Ticket, for route: HttpRoute, isFresh: Bool) -> [Action] {
        let wish = Wish(ticket: ticket, route: route, isFresh: isFresh)
        // Nothing has changed for those who wait, and one of them on the same route would be in the way of this one,
        // too.
        if let served = serve(wish) { return served }
        guard waiting.count < HttpLimits.waitingExchanges else { return [.refuse(ticket)] }
        waiting.append(wish)
        return []
    }

    /// A connection was opened, for the one who wanted it.
    mutating func dialed(_ ticket: Ticket) -> LineID? {
        guard let route = dialing.removeValue(forKey: ticket) else { return nil }
        lastLine += 1
        lines[lastLine] = Line(route: route, idleSince: nil, idleTime: bounds.idleTime)
        return lastLine
    }

    /// Somebody wants none any more, or none could be opened.
    mutating func withdraw(_ ticket: Ticket) -> [Action] {
        dialing[ticket] = nil
        waiting.removeAll { $0.ticket == ticket }
        return serve()
    }

    /// An exchange needs its connection no longer, which may be used again.
    /// - Parameter patience: how long the server keeps it, as far as it has said.
    mutating func release(_ line: LineID, at now: Deadline, patience: TimeAmount? = nil) -> [Action] {
        lines[line]?.idleSince = now
        lines[line]?.idleTime = min(bounds.idleTime, patience ?? bounds.idleTime)
        return serve()
    }

    /// A connection is closed.
    mutating func ended(_ line: LineID) -> [Action] {
        lines[line] = nil
        return serve()
    }

    /// Time has passed.
    mutating func expire(at now: Deadline) -> [Action] {
        let old = lines.filter { $0.value.expiry.map { $0 <= now } ?? false }.keys.sorted()
        for line in old { lines[line] = nil }
        return old.map { .close($0) } + serve()
    }

    // MARK: -

    private mutating func serve() -> [Action] {
        var actions: [Action] = []
        var index = 0
        while index < waiting.count, idleCount > 0 || lines.count + dialing.count < bounds.altogether {
            if let served = serve(waiting[index]) {
                actions += served
                waiting.remove(at: index)
            } else {
                index += 1
            }
        }
        return actions
    }

    private mutating func serve(_ wish: Wish) -> [Action]? {
        if !wish.isFresh, let line = idle(on: wish.route).last {
            lines[line]?.idleSince = nil
            return [.use(line, wish.ticket)]
        }
        let onRoute =
            lines.values.count { $0.route == wish.route } + dialing.values.count { $0 == wish.route }
        if onRoute < bounds.perHost, lines.count + dialing.count < bounds.altogether {
            dialing[wish.ticket] = wish.route
            return [.dial(wish.ticket)]
        }
        // One that nobody has makes room: of this host when it has too many, else the one that is idle longest.
        let spare = onRoute < bounds.perHost ? idle().first : idle(on: wish.route).first
        guard let spare else { return nil }
        lines[spare] = nil
        dialing[wish.ticket] = wish.route
        return [.close(spare), .dial(wish.ticket)]
    }

    /// Those that nobody has, the one that is idle longest first.
    private func idle(on route: HttpRoute? = nil) -> [LineID] {
        let idle = lines.compactMap { id, line -> (since: Deadline, id: LineID)? in
            guard let since = line.idleSince, route == nil || line.route == route else { return nil }
            return (since, id)
        }
        return idle.sorted { ($0.since, $0.id) < ($1.since, $1.id) }.map(\.id)
    }
}
