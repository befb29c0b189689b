import Glibc
public import NIOCore
import NIOPosix

/// The real world, seen from one event loop: system clocks, sockets, names and randomness.
///
/// Every member is called on ``eventLoop``, the initializer included. The owner calls ``close(_:)`` when the program
/// has ended; until then the environment, its sockets and its timers keep each other.
public final class LiveEnvironment: ClosableEnvironment {
    /// The loop on which everything happens.
    public let eventLoop: any EventLoop
    /// The zone of `Clock` and log times.
    public let timeZone: any LocalTimeZone

    /// The program's deadlines.
    let scheduler: LoopScheduler
    /// Deadlines that outlive the program's: sockets still sending when it ends.
    private let housekeeping: LoopScheduler
    let resolver: NameResolver
    let tlsContexts = TLSContexts()
    private(set) lazy var connectPacer = ConnectPacer(environment: self)

    private var transports: [ObjectIdentifier: TCPTransport] = [:]
    private var listeners: [ObjectIdentifier: TCPListener] = [:]
    private var sshTransports: [ObjectIdentifier: SSHTransport] = [:]
    private var attempts: [ObjectIdentifier: any Cancellable] = [:]
    private var serialPorts: [ObjectIdentifier: SerialPortTransport] = [:]
    private var datagrams: [ObjectIdentifier: UDPTransport] = [:]
    private var echoes: [ObjectIdentifier: EchoRequest] = [:]
    private(set) var isClosed = false
    private var onClosed: [() -> Void] = []
    /// Sockets that the loop is still opening. What opens after the close is closed at once, and awaited like all else.
    private var openings = 0
    /// When the program's end is to be over: see ``endsBy``.
    private var forcedEnd: (any Cancellable)?

    /// By when everything is to be closed once ``close(_:)`` is called; what is still to be sent then is dropped.
    /// `nil`: as each transport has it. Set before the program's objects are closed.
    public var endsBy: NIODeadline?

    /// Sets ``endsBy``.
    public func end(by deadline: NIODeadline) { endsBy = deadline }

    /// How long a stream that is closed now may go on sending.
    var linger: TimeAmount {
        guard let endsBy else { return TCPTransport.linger }
        return max(min(TCPTransport.linger, endsBy - now), .zero)
    }

    /// How long after ``endsBy`` the last socket may still take to close.
    static let closeGrace = TimeAmount.milliseconds(100)

    /// What every stream reads into: grows with the traffic from 512 bytes up to 64 KiB, the most a delegate gets at
    /// once. It begins small, as every connection keeps its last buffer, and most carry short messages.
    static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
        minimum: 512, initial: 512, maximum: StreamInbox.chunkLimit)
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(
        low: TCPTransport.lowWaterMark, high: TCPTransport.highWaterMark)

    /// Makes the environment of one program.
    /// - Parameters:
    ///   - eventLoop: the program's loop. The call comes from it.
    ///   - timeZone: by default the machine's.
    ///   - lookup: how names are found; it may block, on a thread of its own. By default the system's way.
    public init(
        eventLoop: any EventLoop,
        timeZone: any LocalTimeZone = SystemTimeZone(),
        lookup: @escaping NameLookup.Function = NameLookup.system
    ) {
        self.eventLoop = eventLoop
        self.timeZone = timeZone
        scheduler = LoopScheduler(eventLoop: eventLoop)
        housekeeping = LoopScheduler(eventLoop: eventLoop)
        resolver = NameResolver(scheduler: scheduler, now: { .now() }, lookup: lookup)
    }

    /// The sockets of streams that are connecting, open or still sending after their close.
    public var openTransports: Int { transports.count + sshTransports.count }
    /// The serial ports that are open or still sending after their close.
    public var openSerialPorts: Int { serialPorts.count }
    /// The UDP sockets.
    public var openDatagramSockets: Int { datagrams.count }
    /// The listening sockets.
    public var openListeners: Int { listeners.count }
    /// The deadlines that are armed.
    public var armedDeadlines: Int { scheduler.count }

    /// The monotonic time of the system.
    public var now: NIODeadline { .now() }

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

    /// Runs `body` at `deadline`; see ``Environment/schedule(at:_:)``. After ``close(_:)`` it is not run.
    @discardableResult
    public func schedule(at deadline: NIODeadline, _ body: @escaping () -> Void) -> any Cancellable {
        scheduler.schedule(at: deadline, body)
    }

    /// Has `node` fired at `deadline`; see ``Environment/arm(_:at:)``. After ``close(_:)`` it is not.
    public func arm(_ node: DeadlineNode, at deadline: NIODeadline) {
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
        attempts[ObjectIdentifier(attempt)] = attempt
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
        attempts[ObjectIdentifier(attempt)] = attempt
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
            listen(on: candidates[...], port: port, accept: accept, completion: completion)
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
                let transport = SerialPortTransport(environment: self, port: port, settings: settings)
                transport.open()
                completion(.success(transport))
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
            UDPTransport(environment: self, options: options).open(completion: completion)
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
        echoes[ObjectIdentifier(request)] = request
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
            forcedEnd = housekeeping.schedule(at: endsBy + Self.closeGrace) { [self] in reportClosed() }
        }
        scheduler.close()
        resolver.close()
        for attempt in Array(attempts.values) { attempt.cancel() }
        for echo in Array(echoes.values) { echo.cancel() }
        for listener in Array(listeners.values) { listener.close() }
        for transport in Array(transports.values) { transport.close() }
        for transport in Array(sshTransports.values) { transport.close() }
        for port in Array(serialPorts.values) { port.close() }
        for socket in Array(datagrams.values) { socket.close() }
        completeClose()
    }

    // MARK: Bookkeeping of what is open

    /// The loop begins to open a socket.
    func openingBegan() { openings += 1 }

    /// It is open, and noted as such, or has failed.
    func openingEnded() {
        openings -= 1
        completeClose()
    }

    func transportOpened(_ transport: TCPTransport) { transports[ObjectIdentifier(transport)] = transport }
    func listenerOpened(_ listener: TCPListener) { listeners[ObjectIdentifier(listener)] = listener }
    func attemptEnded(_ attempt: any Cancellable) { attempts[ObjectIdentifier(attempt)] = nil }

    func echoEnded(_ request: EchoRequest) { echoes[ObjectIdentifier(request)] = nil }

    func datagramsOpened(_ socket: UDPTransport) { datagrams[ObjectIdentifier(socket)] = socket }

    func datagramsClosed(_ socket: UDPTransport) {
        datagrams[ObjectIdentifier(socket)] = nil
        completeClose()
    }

    func sshOpened(_ transport: SSHTransport) { sshTransports[ObjectIdentifier(transport)] = transport }

    func sshClosed(_ transport: SSHTransport) {
        sshTransports[ObjectIdentifier(transport)] = nil
        completeClose()
    }

    func transportClosed(_ transport: TCPTransport) {
        transports[ObjectIdentifier(transport)] = nil
        completeClose()
    }

    func serialPortOpened(_ port: SerialPortTransport) { serialPorts[ObjectIdentifier(port)] = port }

    func serialPortClosed(_ port: SerialPortTransport) {
        serialPorts[ObjectIdentifier(port)] = nil
        completeClose()
    }

    func listenerClosed(_ listener: TCPListener) {
        listeners[ObjectIdentifier(listener)] = nil
        completeClose()
    }

    /// Runs `body` after `delay` even when the program's deadlines are cancelled.
    func scheduleHousekeeping(after delay: TimeAmount, _ body: @escaping () -> Void) -> any Cancellable {
        housekeeping.schedule(at: now + delay, body)
    }

    private func completeClose() {
        let isEmpty =
            openTransports == 0 && listeners.isEmpty && serialPorts.isEmpty && datagrams.isEmpty && openings == 0
        guard isClosed, isEmpty else { return }
        reportClosed()
    }

    private func reportClosed() {
        forcedEnd?.cancel()
        forcedEnd = nil
        let completions = onClosed
        onClosed = []
        for completion in completions { execute(completion) }
    }

    private func listen(
        on candidates: ArraySlice<String>,
        port: Int,
        accept: @escaping (any StreamTransport) -> Void,
        completion: @escaping (Result<any Listener, ListenFailure>) -> Void
    ) {
        guard let interface = candidates.first else { return }
        guard (0...65535).contains(port) else {
            completion(.failure(.other("port \(port) is not in 0...65535")))
            return
        }
        guard let address = try? SocketAddress(ipAddress: interface, port: port) else {
            completion(.failure(.interfaceUnavailable(interface)))
            return
        }
        let listener = TCPListener(environment: self)
        let bound = NIOLoopBound((self, listener, accept), eventLoop: eventLoop)
        var bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // The program may have ended since the socket was made: then nobody would ever close it.
                    guard !bound.value.0.isClosed else { throw ChannelError.alreadyClosed }
                    try channel.pipeline.syncOperations.addHandler(bound.value.1)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.autoRead, value: false)
            // One read each turn: a second one would find nothing, but for a stream that fills the largest buffer.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: Self.receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: Self.waterMark)
            .childChannelInitializer { channel in
                let (environment, listener, accept) = bound.value
                let transport = TCPTransport(environment: environment) { transport in
                    if listener.isOpen { accept(transport) } else { transport.close() }
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(transport)
                }
            }
        if case .v6 = address {
            let onlyV6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(onlyV6, value: 0)
        }
        openingBegan()
        bootstrap.bind(to: address).assumeIsolated().whenComplete { [self] result in
            defer { openingEnded() }
            switch result {
            case .success(let channel):
                guard !isClosed else {
                    listener.close()
                    completion(.failure(.environmentClosed))
                    return
                }
                listener.didBind(channel)
                completion(.success(listener))
            case .failure(let error):
                let code = (error as? IOError)?.errnoCode
                if isClosed {
                    completion(.failure(.environmentClosed))
                } else if candidates.count > 1, code == EAFNOSUPPORT || code == EADDRNOTAVAIL {
                    // A machine without IPv6.
                    listen(on: candidates.dropFirst(), port: port, accept: accept, completion: completion)
                } else {
                    completion(.failure(ListenFailure(binding: error, interface: interface)))
                }
            }
        }
    }
}
