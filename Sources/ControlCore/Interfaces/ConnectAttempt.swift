import Polling

/// One attempt to open a connection, shared by all who wait while it is under way: there are never two at once.
///
/// Each waiter has a time-out of its own. The attempt is made with the first waiter's time; when that passes while
/// others still have time left, it is made again for them. It is called off when nobody waits for it any more.
final class ConnectAttempt {
    typealias Open = (TimeAmount?, @escaping (Result<any StreamTransport, ConnectFailure>) -> Void) -> any Cancellable

    private final class Waiter: Cancellable {
        /// `nil`: as long as the system waits.
        let deadline: Deadline?
        let completion: (ConnectOutcome) -> Void
        var timer: (any Cancellable)?
        weak var attempt: ConnectAttempt?

        init(deadline: Deadline?, completion: @escaping (ConnectOutcome) -> Void, attempt: ConnectAttempt) {
            self.deadline = deadline
            self.completion = completion
            self.attempt = attempt
        }

        func cancel() {
            attempt?.remove(self)
        }
    }

    private let environment: any Environment
    private let open: Open
    private let onEnd: (Result<any StreamTransport, ConnectFailure>) -> Void
    private var waiters: [Waiter] = []
    private var opening: (any Cancellable)?
    private var openingDeadline: Deadline?
    private var isOver = false

    /// - Parameters:
    ///   - open: opens a transport within a time.
    ///   - onEnd: called exactly once, before the waiters' completions.
    init(
        environment: any Environment,
        open: @escaping Open,
        onEnd: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) {
        self.environment = environment
        self.open = open
        self.onEnd = onEnd
    }

    /// Adds a waiter; the first one starts the attempt.
    /// - Returns: takes the waiter out again; its completion is then not called.
    func join(timeout: TimeAmount?, completion: @escaping (ConnectOutcome) -> Void) -> any Cancellable {
        let deadline = timeout.map { environment.now + $0.boundedDelay }
        let waiter = Waiter(deadline: deadline, completion: completion, attempt: self)
        waiters.append(waiter)
        if opening == nil {
            begin(deadline: deadline)
        } else if let deadline {
            waiter.timer = environment.schedule(at: deadline) { [weak waiter] in
                guard let waiter, let attempt = waiter.attempt else { return }
                attempt.remove(waiter)
                waiter.completion(.failed(.timedOut))
            }
        }
        return waiter
    }

    /// Ends the attempt on its owner's behalf, who is not told: every waiter gets ``ConnectFailure/calledOff``, in a
    /// turn of its own.
    func abandon() {
        guard !isOver else { return }
        isOver = true
        opening?.cancel()
        let waiting = waiters
        waiters = []
        environment.execute { self.settle(waiting, .failed(.calledOff)) }
    }

    private func begin(deadline: Deadline?) {
        openingDeadline = deadline
        opening = open(deadline.map { $0 - environment.now }) { self.opened($0) }
    }

    private func opened(_ result: Result<any StreamTransport, ConnectFailure>) {
        guard !isOver else { return }
        if case .failure(let failure) = result, let openingDeadline, environment.now >= openingDeadline {
            // The time that the attempt was made with is over; some may wait longer.
            let inTime = waiters.filter { $0.deadline.map { $0 > environment.now } ?? true }
            if !inTime.isEmpty {
                let late = waiters.filter { waiter in !inTime.contains { $0 === waiter } }
                waiters = inTime
                let deadlines = inTime.compactMap(\.deadline)
                begin(deadline: deadlines.count < inTime.count ? nil : deadlines.max())
                settle(late, .failed(failure))
                return
            }
        }
        end(result)
    }

    private func end(_ result: Result<any StreamTransport, ConnectFailure>) {
        isOver = true
        opening = nil
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.timer?.cancel() }
        onEnd(result)
        switch result {
        case .success: settle(waiting, .connected)
        case .failure(let failure): settle(waiting, .failed(failure))
        }
    }

    private func settle(_ waiters: [Waiter], _ outcome: ConnectOutcome) {
        for waiter in waiters where waiter.attempt != nil {
            waiter.timer?.cancel()
            waiter.attempt = nil
            waiter.completion(outcome)
        }
    }

    private func remove(_ waiter: Waiter) {
        waiter.timer?.cancel()
        waiter.attempt = nil
        waiters.removeAll { $0 === waiter }
        guard waiters.isEmpty, !isOver else { return }
        opening?.cancel()
        end(.failure(.calledOff))
    }
}
