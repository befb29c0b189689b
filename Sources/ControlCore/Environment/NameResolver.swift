import NIOCore
import NIOPosix

/// Resolves names for one program without ever blocking its loop.
///
/// Each name has its own thread while it is looked up, so a name that does not answer delays no other. Requests for a
/// name that is already under way join it; a dead name that is tried again and again so holds one thread, not all.
/// Found addresses are kept for 30 s, failures for 2 s. IP literals are answered without a look-up.
final class NameResolver {
    /// How long found addresses are used again.
    static let positiveLifetime = TimeAmount.seconds(30)
    /// How long a failure is taken for granted.
    static let negativeLifetime = TimeAmount.seconds(2)
    /// How many results are kept at most.
    static let cacheLimit = 512

    typealias Outcome = Result<[SocketAddress], ConnectFailure>

    private let scheduler: LoopScheduler
    private let now: () -> NIODeadline
    private let lookup: NameLookup.Function
    private var underway: [String: [Request]] = [:]
    private var cache: [String: (outcome: Outcome, expires: NIODeadline)] = [:]

    /// - Parameters:
    ///   - scheduler: for time-outs and fresh turns of the loop.
    ///   - now: by which results grow old.
    ///   - lookup: blocks on a thread of ``NameLookup/threads``.
    init(scheduler: LoopScheduler, now: @escaping () -> NIODeadline, lookup: @escaping NameLookup.Function) {
        self.scheduler = scheduler
        self.now = now
        self.lookup = lookup
    }

    /// Finds the addresses of `host`; see ``Environment/resolve(_:timeout:completion:)``.
    /// - Parameter timeout: `nil` waits as long as the system does.
    func resolve(
        _ host: String,
        timeout: TimeAmount?,
        completion: @escaping (Outcome) -> Void
    ) -> any Cancellable {
        let request = Request(completion)
        let name = host.lowercased()
        if let literal = try? SocketAddress(ipAddress: host, port: 0) {
            scheduler.execute { request.finish(.success([literal])) }
        } else if let known = cache[name], known.expires > now() {
            scheduler.execute { request.finish(known.outcome) }
        } else {
            if let timeout {
                request.timer = scheduler.schedule(at: now() + timeout) { request.finish(.failure(.hostError)) }
            }
            if underway[name] != nil {
                underway[name]?.append(request)
            } else {
                underway[name] = [request]
                start(name)
            }
        }
        return request
    }

    /// Calls off all requests. Look-ups under way end unheard.
    func close() {
        let requests = underway.values.joined()
        underway = [:]
        for request in requests { request.cancel() }
    }

    private func start(_ name: String) {
        let lookup = lookup
        // A result is a value here, not an error: the future fails only when the pool is shut down, which the process's
        // pool never is.
        NameLookup.threads.runIfActive(eventLoop: scheduler.eventLoop) { lookup(name) }
            .assumeIsolated()
            .whenComplete { [weak self] result in
                let outcome: Outcome =
                    switch result {
                    case .success(let outcome): outcome
                    case .failure: .failure(.hostError)
                    }
                self?.finish(name, outcome)
            }
    }

    private func finish(_ name: String, _ outcome: Outcome) {
        let lifetime: TimeAmount =
            switch outcome {
            case .success: Self.positiveLifetime
            case .failure(.hostError): Self.negativeLifetime
            // It says nothing of the name.
            case .failure: .zero
            }
        let now = now()
        if cache.count >= Self.cacheLimit {
            cache = cache.filter { $0.value.expires > now }
            if cache.count >= Self.cacheLimit { cache = [:] }
        }
        cache[name] = (outcome, now + lifetime)
        for request in underway.removeValue(forKey: name) ?? [] { request.finish(outcome) }
    }

    /// One who waits for a name.
    private final class Request: Cancellable {
        private var completion: ((Outcome) -> Void)?
        var timer: ScheduledDeadline?

        init(_ completion: @escaping (Outcome) -> Void) {
            self.completion = completion
        }

        func finish(_ outcome: Outcome) {
            let completion = completion
            cancel()
            completion?(outcome)
        }

        func cancel() {
            completion = nil
            timer?.cancel()
            timer = nil
        }
    }
}
