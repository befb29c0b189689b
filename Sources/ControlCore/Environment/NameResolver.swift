import Polling

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
    private let now: () -> Deadline
    private let lookup: NameLookup.Function
    private var underway: [String: [Request]] = [:]
    private var cache: [String: (outcome: Outcome, expires: Deadline)] = [:]

    /// - Parameters:
    ///   - scheduler: for time-outs and fresh turns of the loop.
    ///   - now: by which results grow old.
    ///   - lookup: blocks on a thread of ``NameLookup/threads``.
    init(scheduler: LoopScheduler, now: @escaping () -> Deadline, lookup: @escaping NameLookup.Function) {
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
        let bound = LoopBound(WeakReference(self), loop: scheduler.loop)
        NameLookup.threads.run(lookup, for: name) { [loop = scheduler.loop] outcome in
            loop.submit { bound.value.resolver?.finish(name, outcome) }
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

    /// What a thread carries: it does not keep a resolver alive, nor let go of the last reference to it.
    private struct WeakReference {
        weak var resolver: NameResolver?

        init(_ resolver: NameResolver) { self.resolver = resolver }
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
