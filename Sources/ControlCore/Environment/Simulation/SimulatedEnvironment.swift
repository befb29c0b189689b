public import Polling

/// One host of a ``SimulatedWorld``, as the program sees it that runs there.
public final class SimulatedEnvironment: ClosableEnvironment {
    /// The world in which the host is.
    public let world: SimulatedWorld
    /// The zone of `Clock` and log times; UTC by default.
    public var timeZone: any LocalTimeZone = RuleTimeZone.utc

    /// Where the wall clock stands by default when the world begins: 2026-01-01 00:00:00 UTC, in nanoseconds since
    /// 1970.
    public static let defaultWallClock: Int64 = 1_767_225_600_000_000_000

    /// The hosts' keys in each file of known hosts: by the file's path, then by the host, which is `name`, or
    /// `[name]:port` when the port is not 22.
    public var knownHosts: [String: [String: String]] = [:]

    let host: SimulatedHost
    private var random: SplitMix64
    private(set) var isClosed = false

    init(world: SimulatedWorld, host: SimulatedHost) {
        self.world = world
        self.host = host
        random = SplitMix64(seed: world.seed, label: host.name)
    }

    /// Makes a world with a single host, `host` at 10.0.0.1.
    public convenience init(seed: UInt64) {
        let world = SimulatedWorld(seed: seed)
        self.init(world: world, host: world.network.addHost(named: "host", address: "10.0.0.1"))
    }

    /// The host's name in the trace.
    public var name: String { host.name }
    /// The host's IP address.
    public var address: String { host.address }
    /// The authorities whose certificates the host trusts; by default ``SimulatedCertificate/commonAuthority`` alone.
    public var trustedIssuers: Set<String> {
        get { host.trustedIssuers }
        set { host.trustedIssuers = newValue }
    }
    /// The streams that are open or still sending after their close.
    public var openTransports: Int { host.transports.count }
    /// The serial ports that are open or still sending after their close.
    public var openSerialPorts: Int { host.openSerialPorts }
    /// The UDP sockets.
    public var openDatagramSockets: Int { host.datagrams.count }
    /// The listening sockets.
    public var openListeners: Int { host.openListeners }

    /// A simulated world repeats itself.
    public var isRepeatable: Bool { true }

    /// The world's virtual monotonic time.
    public var now: Deadline { world.now }

    /// The host's wall clock, in nanoseconds since 1970-01-01 00:00:00 UTC. Setting it lets it jump; it runs on from
    /// there.
    public var wallClock: Int64 {
        get { host.wallClockAtZero + Int64(world.now.uptimeNanoseconds) }
        set { host.wallClockAtZero = newValue - Int64(world.now.uptimeNanoseconds) }
    }

    /// The host as a machine: by default with one interface, and nothing beyond its name and address.
    public lazy var machine: MachineDescription = {
        var machine = MachineDescription()
        machine.hostname = name
        machine.interfaces = [MachineDescription.NetworkInterface(name: "eth0", address: address)]
        machine.defaultInterface = "eth0"
        return machine
    }()

    /// Lets the wall clock jump, forward or back.
    public func jumpWallClock(by amount: TimeAmount) {
        host.wallClockAtZero += amount.nanoseconds
    }

    /// The next number of the host's sequence, which the world's seed and the host's name decide.
    public func nextRandom() -> UInt64 {
        random.next()
    }

    /// Runs `body` at the present virtual time, after what is due already; also after ``close()``.
    public func execute(_ body: @escaping () -> Void) {
        world.arm(after: .zero, body)
    }

    /// Runs `work` at once: no virtual time passes over it.
    public func offload(_ work: @escaping @Sendable () -> Void, completion: @escaping (_ isDone: Bool) -> Void) {
        work()
        execute { completion(true) }
    }

    /// Runs `body` at `deadline`; see ``Environment/schedule(at:_:)``. After ``close()`` it is not run.
    @discardableResult
    public func schedule(at deadline: Deadline, _ body: @escaping () -> Void) -> any Cancellable {
        var traced = body
        if world.trace.includesTimers {
            traced = { [world, host] in
                world.trace.record(world.now, host.name, "timer")
                body()
            }
        }
        let handle = world.arm(at: deadline, owner: host.id, traced)
        if isClosed { handle.cancel() }
        return handle
    }

    /// Has `node` fired at `deadline`; see ``Environment/arm(_:at:)``. After ``close()`` it is not.
    public func arm(_ node: DeadlineNode, at deadline: Deadline) {
        if !isClosed { world.arm(node, at: deadline, owner: host.id) }
    }

    /// Finds the addresses of `host` in the network's names; see ``Environment/resolve(_:timeout:completion:)``.
    @discardableResult
    public func resolve(
        _ host: String,
        timeout: TimeAmount,
        completion: @escaping (Result<[SocketAddress], ConnectFailure>) -> Void
    ) -> any Cancellable {
        let (addresses, delay) = world.network.look(up: host)
        let isInTime = delay <= timeout && !isClosed
        return world.arm(at: now + (isInTime ? delay : min(delay, timeout)), owner: self.host.id) {
            completion(isInTime && !addresses.isEmpty ? .success(addresses) : .failure(.hostError))
        }
    }

    /// Opens a TCP connection; see ``Environment/connectTCP(host:port:timeout:completion:)``. After ``close()`` it
    /// fails.
    @discardableResult
    public func connectTCP(
        host: String,
        port: Int,
        timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        guard !isClosed else { return refuse(completion) }
        let attempt = SimulatedConnectAttempt(
            world: world, host: self.host, name: host, port: port, timeout: timeout, completion: completion)
        attempt.begin()
        return attempt
    }

    /// Finds out whether `terms` are of use; see ``Environment/checkTLS(_:)``. Certificates are
    /// ``SimulatedCertificate``s.
    public func checkTLS(_ terms: TLSTerms) throws(ParameterError) {
        try SimulatedTLS.check(terms)
    }

    /// Opens an SSH connection to a host that serves SSH; see
    /// ``Environment/connectSSH(host:port:login:timeout:completion:)``. After ``close()`` it fails.
    @discardableResult
    public func connectSSH(
        host: String,
        port: Int,
        login: SSHLogin,
        timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        let attempt = SimulatedSSHLogin(
            environment: self, host: host, port: port, login: login, timeout: timeout, completion: completion)
        attempt.begin()
        return attempt
    }

    /// Serves SSH: whoever is let in has a stream as from ``listenTCP(address:port:accept:completion:)``, whose terms
    /// hold.
    public func listenSSH(
        address: String?,
        port: Int,
        service: SimulatedSSHService,
        accept: @escaping (any StreamTransport) -> Void,
        completion: @escaping (Result<any Listener, ListenFailure>) -> Void
    ) {
        let gate = SimulatedSSHGate(environment: self, service: service, accept: accept)
        listenTCP(address: address, port: port, accept: { gate.admit($0) }, completion: completion)
    }

    /// Listens for TCP connections; see ``Environment/listenTCP(address:port:accept:completion:)``. After ``close()``
    /// it fails.
    public func listenTCP(
        address: String?,
        port: Int,
        accept: @escaping (any StreamTransport) -> Void,
        completion: @escaping (Result<any Listener, ListenFailure>) -> Void
    ) {
        onOpenTurn(completion) { [self] in
            completion(listen(address: address, port: port, accept: accept))
        }
    }

    /// Opens a serial port that a line of the world ends at; see ``Environment/openSerial(path:settings:completion:)``.
    /// After ``close()`` it fails.
    @discardableResult
    public func openSerial(
        path: String,
        settings: SerialSettings,
        completion: @escaping (Result<any SerialTransport, SerialFailure>) -> Void
    ) -> any Cancellable {
        onOpenTurn(completion) { [self] in
            do throws(SerialFailure) {
                guard let port = host.serialPorts[path] else { throw .missing }
                completion(.success(try port.open(settings)))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Opens a UDP socket; see ``Environment/openDatagrams(_:completion:)``. After ``close()`` it fails.
    public func openDatagrams(
        _ options: DatagramOptions,
        completion: @escaping (Result<any DatagramTransport, ListenFailure>) -> Void
    ) {
        onOpenTurn(completion) { [self] in
            completion(SimulatedDatagramSocket.open(options, on: host, in: world.network))
        }
    }

    /// Whether the system lets the program send echo requests, as ``LiveEnvironment`` may find that it does not.
    public var permitsEcho = true

    /// Sends an echo request; see ``Environment/echo(_:timeout:completion:)``. Every host answers, unless faults of the
    /// network keep packets away. After ``close()`` it fails.
    @discardableResult
    public func echo(
        _ address: SocketAddress,
        timeout: TimeAmount,
        completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) -> any Cancellable {
        guard !isClosed else { return refuse(completion) }
        guard permitsEcho else { return executeCancellably { completion(.failure(.notPermitted)) } }
        let request = SimulatedEchoRequest(world: world, host: host, completion: completion)
        execute { request.begin(to: address.ipAddress, timeout: timeout) }
        return request
    }

    /// Ends everything that the program had: deadlines, connects, listeners, serial ports, UDP sockets and streams,
    /// which send what is queued.
    public func close() {
        isClosed = true
        world.disarm(owner: host.id)
        host.closeEverything()
    }

    private func listen(
        address: String?, port: Int, accept: @escaping (any StreamTransport) -> Void
    ) -> Result<any Listener, ListenFailure> {
        guard (0...65535).contains(port) else { return .failure(.other("port \(port) is not in 0...65535")) }
        let isWildcard = address == nil || address == "0.0.0.0" || address == "::"
        if let address, !isWildcard, !host.owns(address) { return .failure(.interfaceUnavailable(address)) }
        let local = isWildcard ? nil : address
        guard host.canListen(at: local, port: port) else { return .failure(.portUnavailable) }
        let chosen = port == 0 ? host.nextPort() : port
        let listener = SimulatedListener(host: host, address: local, port: chosen, accept: accept)
        host.add(listener)
        world.trace.record(world.now, host.name, "listen \(chosen)")
        return .success(listener)
    }
}
