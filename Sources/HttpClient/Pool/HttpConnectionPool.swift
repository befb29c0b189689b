import ControlCore
import Polling

/// The open connections of a session: lends them to exchanges, keeps them for the next ones, and closes those that
/// nobody wants any more.
final class HttpConnectionPool {
    /// So much memory is taken for an open connection, its TLS included.
    static let bytesPerLine = 48 << 10

    typealias Completion = (Result<HttpLease, HttpFailure>) -> Void

    private struct Waiter {
        let route: HttpRoute
        let deadline: Deadline
        let completion: Completion
        var dial: (any Cancellable)?
    }

    private let environment: any Environment
    private let dialer: HttpDialer
    private var ledger: HttpPoolLedger
    private var waiters: [HttpPoolLedger.Ticket: Waiter] = [:]
    private var lines: [HttpPoolLedger.LineID: HttpLine] = [:]
    private var lastTicket = 0
    private var timer: (any Cancellable)?
    private var timerDeadline: Deadline?
    private(set) var isClosed = false

    init(environment: any Environment, bounds: HttpPoolBounds) {
        self.environment = environment
        dialer = HttpDialer(environment: environment)
        ledger = HttpPoolLedger(bounds)
    }

    /// Whoever lets go of a session wants none of its connections any more. Those that are lent end with their
    /// exchanges, of which there are none then.
    deinit {
        timer?.cancel()
        for id in lines.keys.sorted() { lines[id]?.close() }
    }

    /// How many connections are open.
    var lineCount: Int { ledger.lineCount }
    /// How many of them no exchange has.
    var idleCount: Int { ledger.idleCount }
    /// How many exchanges wait for one.
    var waitingCount: Int { ledger.waitingCount }
    /// How many bytes of memory the connections keep.
    var heldBytes: Int { lines.count * Self.bytesPerLine }

    /// Lends a connection, an open one or a new one.
    /// - Parameters:
    ///   - route: whereto.
    ///   - isFresh: none that was used before will do.
    ///   - deadline: a new one must be open by then. The wait for one to become free has no other end than that the
    ///     caller gives up.
    ///   - completion: called once, unless cancelled; perhaps before this returns.
    func lease(
        _ route: HttpRoute, isFresh: Bool, by deadline: Deadline, completion: @escaping Completion
    ) -> any Cancellable {
        lastTicket += 1
        let ticket = lastTicket
        waiters[ticket] = Waiter(route: route, deadline: deadline, completion: completion)
        perform(ledger.wish(ticket, for: route, isFresh: isFresh))
        return HttpWish(ticket: ticket, pool: self)
    }

    /// Closes all connections. Those that are lent end with their exchanges.
    func close() {
        isClosed = true
        timer?.cancel()
        timer = nil
        for waiter in waiters.values { waiter.dial?.cancel() }
        waiters = [:]
        for id in lines.keys.sorted() { lines[id]?.close() }
        lines = [:]
    }

    fileprivate func withdraw(_ ticket: HttpPoolLedger.Ticket) {
        guard let waiter = waiters.removeValue(forKey: ticket) else { return }
        waiter.dial?.cancel()
        perform(ledger.withdraw(ticket))
    }

    fileprivate func giveBack(_ id: HttpPoolLedger.LineID, isReusable: Bool, patience: TimeAmount?) {
        guard !isClosed, let line = lines[id] else { return }
        line.receiver = nil
        guard isReusable, line.isOpen else {
            lines[id] = nil
            line.close()
            return perform(ledger.ended(id))
        }
        // It must read, lest its end goes unnoticed.
        line.start()
        line.setReading(true)
        line.onEndUnused = { [weak self] in self?.ended(id) }
        perform(ledger.release(id, at: environment.now, patience: patience))
    }

    // MARK: -

    private func ended(_ id: HttpPoolLedger.LineID) {
        lines[id] = nil
        perform(ledger.ended(id))
    }

    private func perform(_ actions: [HttpPoolLedger.Action]) {
        for action in actions {
            switch action {
            case .dial(let ticket): dial(ticket)
            case .use(let id, let ticket): lend(id, to: ticket, isReused: true)
            case .close(let id): lines.removeValue(forKey: id)?.close()
            case .refuse(let ticket):
                let text = "more than \(HttpLimits.waitingExchanges) exchanges wait for a connection"
                waiters.removeValue(forKey: ticket)?.completion(.failure(.connection(.other(text))))
            }
        }
        updateTimer()
    }

    private func dial(_ ticket: HttpPoolLedger.Ticket) {
        guard let waiter = waiters[ticket] else { return }
        let left = max(waiter.deadline - environment.now, .zero)
        waiters[ticket]?.dial = dialer.dial(waiter.route, timeout: left) { [weak self] result in
            self?.dialed(ticket, result)
        }
    }

    private func dialed(_ ticket: HttpPoolLedger.Ticket, _ result: Result<HttpLine, HttpFailure>) {
        switch result {
        case .success(let line):
            guard waiters[ticket] != nil, let id = ledger.dialed(ticket) else { return line.close() }
            lines[id] = line
            lend(id, to: ticket, isReused: false)
        case .failure(let failure):
            let waiter = waiters.removeValue(forKey: ticket)
            perform(ledger.withdraw(ticket))
            waiter?.completion(.failure(failure))
        }
    }

    private func lend(_ id: HttpPoolLedger.LineID, to ticket: HttpPoolLedger.Ticket, isReused: Bool) {
        guard let waiter = waiters.removeValue(forKey: ticket), let line = lines[id] else { return }
        line.onEndUnused = nil
        waiter.completion(.success(HttpLease(line: line, isReused: isReused, id: id, pool: self)))
    }

    private func updateTimer() {
        let next = ledger.nextExpiry
        guard next != timerDeadline else { return }
        timer?.cancel()
        timerDeadline = next
        timer = next.map { deadline in
            environment.schedule(at: deadline) { [weak self] in
                guard let self else { return }
                timerDeadline = nil
                perform(ledger.expire(at: environment.now))
            }
        }
    }
}

/// One who waits for a connection.
private final class HttpWish: Cancellable {
    private let ticket: HttpPoolLedger.Ticket
    private weak var pool: HttpConnectionPool?

    init(ticket: HttpPoolLedger.Ticket, pool: HttpConnectionPool) {
        self.ticket = ticket
        self.pool = pool
    }

    func cancel() { pool?.withdraw(ticket) }
}

/// A connection that an exchange has for itself until it gives it back.
final class HttpLease {
    let line: HttpLine
    /// Whether another exchange had it before: the server may be closing it.
    let isReused: Bool
    private let id: HttpPoolLedger.LineID
    private weak var pool: HttpConnectionPool?
    private var isGivenBack = false

    fileprivate init(line: HttpLine, isReused: Bool, id: HttpPoolLedger.LineID, pool: HttpConnectionPool) {
        self.line = line
        self.isReused = isReused
        self.id = id
        self.pool = pool
    }

    /// Gives it back. Idempotent.
    /// - Parameters:
    ///   - isReusable: whether the next exchange may have it; else it is closed.
    ///   - patience: how long the server keeps it, as far as it has said.
    func giveBack(isReusable: Bool, patience: TimeAmount? = nil) {
        guard !isGivenBack else { return }
        isGivenBack = true
        guard let pool, !pool.isClosed else { return line.close() }
        pool.giveBack(id, isReusable: isReusable, patience: patience)
    }
}
