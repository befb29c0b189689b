import NIOCore

/// One attempt to open a connection, shared by all who ask while it is under way: there are never two at once.
///
/// Each asker has a time-out of its own. The attempt is made with the first asker's time; when that passes while others
/// still have time left, it is made again for them. It is called off when nobody waits for it any more.
final class ConnectAttempt {
    typealias Open = (TimeAmount?, @escaping (Result<any StreamTransport, ConnectFailure>) -> Void) -> any Cancellable

    private final class Asker: Cancellable {
        /// `nil`: as long as the system waits.
        let deadline: NIODeadline?
        let completion: (ConnectOutcome) -> Void
        var timer: (any Cancellable)?
        weak var attempt: ConnectAttempt?

        init(deadline: NIODeadline?, completion: @escaping (ConnectOutcome) -> Void, attempt: ConnectAttempt) {
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
    private var askers: [Asker] = []
    private var opening: (any Cancellable)?
    private var openingDeadline: NIODeadline?
    private var isOver = false

    /// - Parameters:
    ///   - open: opens a transport within a time.
    ///   - onEnd: called exactly once, before the askers' completions.
    init(
        environment: any Environment,
        open: @escaping Open,
        onEnd: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) {
        self.environment = environment
        self.open = open
        self.onEnd = onEnd
    }

    /// Adds an asker; the first one starts the attempt.
    /// - Returns: takes the asker out again; its completion is then not called.
    func join(timeout: TimeAmount?, completion: @escaping (ConnectOutcome) -> Void) -> any Cancellable {
        let deadline = timeout.map { environment.now + $0.boundedDelay }
        let asker = Asker(deadline: deadline, completion: completion, attempt: self)
        askers.append(asker)
        if opening == nil {
            begin(deadline: deadline)
        } else if let deadline {
            asker.timer = environment.schedule(at: deadline) { [weak asker] in
                guard let asker, let attempt = asker.attempt else { return }
                attempt.remove(asker)
                asker.completion(.failed(.timedOut))
            }
        }
        return asker
    }

    /// Ends the attempt on its owner's behalf, who is not told: every asker gets ``ConnectFailure/calledOff``, in a
    /// turn of its own.
    func abandon() {
        guard !isOver else { return }
        isOver = true
        opening?.cancel()
        let waiting = askers
        askers = []
        environment.execute { self.settle(waiting, .failed(.calledOff)) }
    }

    private func begin(deadline: NIODeadline?) {
        openingDeadline = deadline
        opening = open(deadline.map { $0 - environment.now }) { self.opened($0) }
    }

    private func opened(_ result: Result<any StreamTransport, ConnectFailure>) {
        guard !isOver else { return }
        if case .failure(let failure) = result, let openingDeadline, environment.now >= openingDeadline {
            // The time that the attempt was made with is over; some may have asked for more.
            let patient = askers.filter { $0.deadline.map { $0 > environment.now } ?? true }
            if !patient.isEmpty {
                let late = askers.filter { asker in !patient.contains { $0 === asker } }
                askers = patient
                let deadlines = patient.compactMap(\.deadline)
                begin(deadline: deadlines.count < patient.count ? nil : deadlines.max())
                settle(late, .failed(failure))
                return
            }
        }
        end(result)
    }

    private func end(_ result: Result<any StreamTransport, ConnectFailure>) {
        isOver = true
        opening = nil
        let waiting = askers
        askers = []
        for asker in waiting { asker.timer?.cancel() }
        onEnd(result)
        switch result {
        case .success: settle(waiting, .connected)
        case .failure(let failure): settle(waiting, .failed(failure))
        }
    }

    private func settle(_ askers: [Asker], _ outcome: ConnectOutcome) {
        for asker in askers where asker.attempt != nil {
            asker.timer?.cancel()
            asker.attempt = nil
            asker.completion(outcome)
        }
    }

    private func remove(_ asker: Asker) {
        asker.timer?.cancel()
        asker.attempt = nil
        askers.removeAll { $0 === asker }
        guard askers.isEmpty, !isOver else { return }
        opening?.cancel()
        end(.failure(.calledOff))
    }
}
