import Glibc
public import Polling

/// The real world, seen from one loop: system clocks, sockets, names and randomness.
///
/// Every member is called on ``loop``, the initializer included. The owner calls ``close(_:)`` when the program
/// has ended; until then the environment, its sockets and its timers keep each other.
public final class LiveEnvironment: ClosableEnvironment {
    /// The loop on which everything happens.
    public let loop: PollLoop
    /// The zone of `Clock` and log times.
    public let timeZone: any LocalTimeZone

    /// The program's deadlines.
    let scheduler: LoopScheduler
    /// Deadlines that outlive the program's: sockets still sending when it ends.
    private let housekeeping: LoopScheduler
    let resolver: NameResolver
    let tlsContexts = TLSContexts()
    private(set) lazy var connectPacer = ConnectPacer(environment: self)

    private var resources = LiveResources()
    private(set) var isClosed = false
    private var onClosed: [() -> Void] = []
    /// When the program's end is to be over: see ``endsBy``.
    private var forcedEnd: (any Cancellable)?

    /// By when everything is to be closed once ``close(_:)`` is called; what is still to be sent then is dropped.
    /// `nil`: as each transport has it. Set before the program's objects are closed.
    public var endsBy: Deadline?

    /// Sets ``endsBy``.
    public func end(by deadline: Deadline) { endsBy = deadline }

    /// How long a stream that is closed now may go on sending.
    var linger: TimeAmount {
        guard let endsBy else { return StreamLimits.linger }
        return max(min(StreamLimits.linger, endsBy - now), .zero)
    }

    /// How long after ``endsBy`` the last socket may still take to close.
    static let closeGrace = TimeAmount.milliseconds(100)

    /// Makes the environment of one program.
    /// - Parameters:
    ///   - loop: the program's loop. The call comes from it.
    ///   - timeZone: by default the machine's.
    ///   - lookup: how names are found; it may block, on a thread of its own. By default the system's way.
    public init(
        loop: PollLoop,
        timeZone: any LocalTimeZone = SystemTimeZone(),
        lookup: @escaping NameLookup.Function = NameLookup.system
    ) {
        self.loop = loop
        self.timeZone = timeZone
        scheduler = LoopScheduler(loop: loop)
        housekeeping = LoopScheduler(loop: loop)
        resolver = NameResolver(scheduler: scheduler, now: { .now() }, lookup: lookup)
    }

    /// The sockets of streams that are open or still sending after their close.
    public var openTransports: Int { resources.count(.stream) }
    /// The serial ports that are open or still sending after their close.
    public var openSerialPorts: Int { resources.count(.serialPort) }
    /// The UDP sockets.
    public var openDatagramSockets: Int { resources.count(.datagrams) }
    /// The listening sockets.
    public var openListeners: Int { resources.count(.listener) }
    /// The deadlines that are armed.
    public var armedDeadlines: Int { scheduler.count }

    /// The monotonic time of the system.
    public var now: Deadline { .now() }

    /// The system's wall clock, in nanoseconds since 1970-01-01 00:00:00 UTC.
    public var wallClock: Int64 {
        var time = timespec()
        // CLOCK_REALTIME cannot fail: it exists on every system, and the pointer is good.
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// This machine, as the system describes it now.
    public var machine: MachineDescription { .system() }

    /// A number from the system's secure source.
    public func nextRandom() -> UInt64 {
        .random(in: .min ... .max)
    }

    /// Runs `body` on a fresh turn of the loop, also after ``close(_:)``.
    public func execute(_ body: @escaping () -> Void) {
        scheduler.execute(body)
    }

    /// Runs `work` on a thread of its own; see ``Environment/offload(_:completion:)``. It is run after ``close(_:)``,
    /// too, and here when the process may have no more threads.
    public func offload(_ work: @escaping @Sendable () -> Void, completion: @escaping (_ isDone: Bool) -> Void) {
        OffloadedWork(environment: self, completion: completion).begin(work)
    }

    /// Runs `body` at `deadline`; see ``Environment/schedule(at:_:)``. After ``close(_:)`` it is not run.
    @discardableResult
    public func schedule(at deadline: Deadline, _ body: @escaping () -> Void) -> any Cancellable {
        scheduler.schedule(at: deadline, body)
    }

    /// Has `node` fired at `deadline`; see ``Environment/arm(_:at:)``. After ``close(_:)`` it is not.
    public func arm(_ node: DeadlineNode, at deadline: Deadline) {
        scheduler.arm(node, at: deadline)
    }

    /// Finds the addresses of `host`; see ``Environment/resolve(_:timeout:completion:)``. After ``close(_:)`` it fails.
    @discardableResult
    public func resolve(
        _ host: String,
        timeout: TimeAmount,
        completion: @escaping (Result<[SocketAddress], ConnectFailure>) -> Void
    ) -> any Cancellable {
        guard !isClosed else {
            return executeCancellably { completion(.failure(.hostError)) }
        }
        return resolver.resolve(host, timeout: timeout, completion: completion)
    }

    /// Opens a TCP connection; see ``Environment/connectTCP(host:port:timeout:completion:)``.
    ///
    /// Each of a name's addresses gets an equal share of what is left of `timeout`. When all fail, the failure is
    /// reported that tells most about the host. After ``close(_:)`` it fails.
    @discardableResult
    public func connectTCP(
        host: String,
        port: Int,
        timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        guard !isClosed else { return refuse(completion) }
        let attempt = TCPConnectAttempt(environment: self, port: port, timeout: timeout, completion: completion)
        attempt.begin(host: host)
        return attempt
    }

    /// Finds out whether `terms` are of use; see ``Environment/checkTLS(_:)``. The first time it reads the machine's
    /// trusted certificates, if the terms need them.
    public func checkTLS(_ terms: TLSTerms) throws(ParameterError) {
        _ = try tlsContexts.context(for: terms)
    }

    /// Opens an SSH connection; see ``Environment/connectSSH(host:port:login:timeout:completion:)``. Each has a thread
    /// of its own, which ends with it. After ``close(_:)`` it fails.
    @discardableResult
    public func connectSSH(
        host: String,
        port: Int,
        login: SSHLogin,
        timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        guard !isClosed else { return refuse(completion) }
        let attempt = SSHConnectAttempt(
            environment: self, port: port, login: login, timeout: timeout, completion: completion)
        attempt.begin(host: host)
        return attempt
    }

    /// Listens for TCP connections; see ``Environment/listenTCP(address:port:accept:completion:)``. Without an address
    /// it serves IPv6 and IPv4; IPv4 peers appear under their IPv4 addresses. After ``close(_:)`` it fails.
    public func listenTCP(
        address: String?,
        port: Int,
        accept: @escaping (any StreamTransport) -> Void,
        completion: @escaping (Result<any Listener, ListenFailure>) -> Void
    ) {
        let candidates = address.map { [$0] } ?? ["::", "0.0.0.0"]
        onOpenTurn(completion) { [self] in
            do throws(ListenFailure) {
                guard (0...65535).contains(port) else { throw .other("port \(port) is not in 0...65535") }
                let listener = try bindFirst(of: candidates, port: port) { address throws(SystemError) in
                    try TCPListener(environment: self, on: address, accept: accept)
                }
                completion(.success(listener))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Opens a serial port; see ``Environment/openSerial(path:settings:completion:)``. After ``close(_:)`` it fails.
    @discardableResult
    public func openSerial(
        path: String,
        settings: SerialSettings,
        completion: @escaping (Result<any SerialTransport, SerialFailure>) -> Void
    ) -> any Cancellable {
        onOpenTurn(completion) { [self] in
            do throws(SerialFailure) {
                let port = try SerialPort(opening: path, settings)
                completion(.success(try SerialPortTransport(environment: self, port: port, settings: settings)))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Opens a UDP socket; see ``Environment/openDatagrams(_:completion:)``. After ``close(_:)`` it fails.
    public func openDatagrams(
        _ options: DatagramOptions,
        completion: @escaping (Result<any DatagramTransport, ListenFailure>) -> Void
    ) {
        onOpenTurn(completion) { [self] in
            do throws(ListenFailure) {
                completion(.success(try UDPTransport(environment: self, options: options)))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Sends an echo request; see ``Environment/echo(_:timeout:completion:)``. Needs no privilege, but the process's
    /// group in `net.ipv4.ping_group_range`. After ``close(_:)`` it fails.
    @discardableResult
    public func echo(
        _ address: SocketAddress,
        timeout: TimeAmount,
        completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) -> any Cancellable {
        guard !isClosed else { return refuse(completion) }
        let request = EchoRequest(environment: self, address: address, completion: completion)
        opened(request)
        // From a fresh turn: a socket may fail before the call that made it returns.
        execute { request.begin(timeout: timeout) }
        return request
    }

    /// Ends everything: cancels deadlines, connects and look-ups, closes listeners and streams.
    ///
    /// Streams send what is queued for at most one second, and no longer than until ``endsBy``; their delegates
    /// are told as after any close. What is being opened is closed as soon as it is open.
    /// - Parameter completion: called on the loop when the last socket is closed, or shortly after ``endsBy``.
    public func close(_ completion: @escaping () -> Void = {}) {
        isClosed = true
        onClosed.append(completion)
        if let endsBy, forcedEnd == nil {
            // The sockets keep to their time by themselves. What does not, such as a thread that computes, is not
            // awaited.
            forcedEnd = housekeeping.schedule(at: endsBy + Self.closeGrace) { [self] in
                // The loop may end before such a thread does: then nobody would hear of its end.
                for resource in resources.inClosingOrder { resource.abandonClose() }
                reportClosed()
            }
        }
        scheduler.close()
        resolver.close()
        for resource in resources.inClosingOrder { resource.close() }
        completeClose()
    }

    // MARK: Bookkeeping of what is open

    func opened(_ resource: any LiveResource) { resources.add(resource) }

    func closed(_ resource: any LiveResource) {
        resources.remove(resource)
        completeClose()
    }

    /// Runs `body` after `delay` even when the program's deadlines are cancelled.
    func scheduleHousekeeping(after delay: TimeAmount, _ body: @escaping () -> Void) -> any Cancellable {
        housekeeping.schedule(at: now + delay, body)
    }

    private func completeClose() {
        guard isClosed, resources.isEmpty else { return }
        reportClosed()
    }

    private func reportClosed() {
        forcedEnd?.cancel()
        forcedEnd = nil
        let completions = onClosed
        onClosed = []
        for completion in completions { execute(completion) }
    }
}
