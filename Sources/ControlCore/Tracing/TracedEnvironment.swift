public import Polling

/// An environment whose wires are watched: it is as the one that it wraps, and tells a sink of all that goes over those
/// wires that a filter names.
///
/// What is not watched is handed through as it is. Without a trace there is no such environment, so that none costs
/// nothing.
///
/// Each object of a program may have one of its own, by which its wires get the program's names of it: see
/// ``owned(by:)``.
public final class TracedEnvironment: Environment {
    /// The environment that is watched.
    let environment: any Environment
    private let book: TraceBook
    private let owner = WireNames()

    /// Wraps `environment`.
    /// - Parameters:
    ///   - environment: the one that is watched.
    ///   - filter: which wires are watched.
    ///   - aliases: what the configuration calls serial ports: `Alias:COM1`.
    ///   - sink: told of everything.
    public convenience init(
        _ environment: any Environment, filter: WireFilter = .all, aliases: [SerialPortAddress: [String]] = [:],
        sink: any WireSink
    ) {
        self.init(environment, TraceBook(filter: filter, aliases: aliases, sink: sink))
    }

    private init(_ environment: any Environment, _ book: TraceBook) {
        self.environment = environment
        self.book = book
    }

    // MARK: Names

    /// The environment for one object of the program: of the same trace, and what is opened in it has these names and
    /// those of this one.
    /// - Parameter names: what the program calls the object. Traces show the first one; terms may be any, as they are
    ///   written.
    public func owned(by names: [String]) -> TracedEnvironment {
        let environment = TracedEnvironment(environment, book)
        environment.add(names + owner.all)
        return environment
    }

    /// Adds names of the object whose environment this is, for what it opens from now on.
    public func add(_ names: [String]) {
        owner.add(names)
        book.note(names: names)
    }

    /// Adds names for what a host opens to the server whose environment this is, from now on.
    /// - Parameters:
    ///   - names: what the program calls the peer. Traces show the first one.
    ///   - host: its name or address.
    public func add(_ names: [String], ofPeer host: String) {
        owner.add(names, ofPeer: host)
        book.note(names: names)
    }

    /// The names of the wires that were opened or tried, traced or not; the first 1000 only.
    public var knownWires: [String] { book.knownWires }

    /// What the program calls the objects that can open wires; the first ones only.
    public var knownNames: Set<String> { book.knownNames }

    /// The terms of the filter that have named no wire so far; `all` is none of them.
    public var unmatchedTerms: [String] {
        let filter = book.filter
        return filter.terms.indices.filter { filter.terms[$0] != .all && !book.usedTerms.contains($0) }
            .map { filter.texts[$0] }
    }

    var secrets: SecretRegistry { book.secrets }

    /// Hides `secret` in all that is recorded from now on.
    public func keepSecret(_ secret: [UInt8]) { secrets.add(secret) }

    func record(_ event: WireEvent) { book.sink.record(event) }

    // MARK: What is not watched

    /// As the wrapped environment has it.
    public var now: Deadline { environment.now }
    /// As the wrapped environment has it.
    public var wallClock: Int64 { environment.wallClock }
    /// As the wrapped environment has it.
    public var timeZone: any LocalTimeZone { environment.timeZone }
    /// As the wrapped environment has it.
    public var machine: MachineDescription { environment.machine }
    /// As the wrapped environment has it.
    public var isRepeatable: Bool { environment.isRepeatable }

    /// As the wrapped environment has it.
    public func end(by deadline: Deadline) { environment.end(by: deadline) }

    /// As the wrapped environment has it.
    public func nextRandom() -> UInt64 { environment.nextRandom() }

    /// As the wrapped environment has it.
    public func execute(_ body: @escaping () -> Void) { environment.execute(body) }

    /// As the wrapped environment has it.
    public func offload(_ work: @escaping @Sendable () -> Void, completion: @escaping (_ isDone: Bool) -> Void) {
        environment.offload(work, completion: completion)
    }

    /// As the wrapped environment has it.
    @discardableResult
    public func schedule(at deadline: Deadline, _ body: @escaping () -> Void) -> any Cancellable {
        environment.schedule(at: deadline, body)
    }

    /// As the wrapped environment has it.
    public func arm(_ node: DeadlineNode, at deadline: Deadline) { environment.arm(node, at: deadline) }

    /// As the wrapped environment has it. What the addresses are called is kept, for the names of UDP peers.
    @discardableResult
    public func resolve(
        _ host: String, timeout: TimeAmount,
        completion: @escaping (Result<[SocketAddress], ConnectFailure>) -> Void
    ) -> any Cancellable {
        environment.resolve(host, timeout: timeout) { [self] result in
            if case .success(let addresses) = result {
                for address in addresses {
                    let text = address.ipAddress
                    if text != host { book.note(host, of: text) }
                }
            }
            completion(result)
        }
    }

    /// As the wrapped environment has it.
    public func checkTLS(_ terms: TLSTerms) throws(ParameterError) { try environment.checkTLS(terms) }

    /// As the wrapped environment has it.
    @discardableResult
    public func echo(
        _ address: SocketAddress, timeout: TimeAmount,
        completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) -> any Cancellable {
        environment.echo(address, timeout: timeout, completion: completion)
    }

    // MARK: What is watched

    /// As the wrapped environment has it; the stream is watched if a term names the host or its address.
    @discardableResult
    public func connectTCP(
        host: String, port: Int, timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        environment.connectTCP(host: host, port: port, timeout: timeout) { [self] result in
            completion(watched(result, .tcp, host: host, port: port))
        }
    }

    /// As the wrapped environment has it; what is seen is what SSH carries. The password is a secret from now on.
    @discardableResult
    public func connectSSH(
        host: String, port: Int, login: SSHLogin, timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        keepSecret(Array(login.credentials.password.utf8))
        return environment.connectSSH(host: host, port: port, login: login, timeout: timeout) { [self] result in
            completion(watched(result, .ssh, host: host, port: port))
        }
    }

    /// As the wrapped environment has it; the port and what it accepts are watched if a term names them.
    public func listenTCP(
        address: String?, port: Int, accept: @escaping (any StreamTransport) -> Void,
        completion: @escaping (Result<any Listener, ListenFailure>) -> Void
    ) {
        environment.listenTCP(address: address, port: port) { [self] stream in
            accept(watched(accepted: stream, at: port))
        } completion: { [self] result in
            let port = (try? result.get())?.port ?? port
            guard let tap = tap(.listener, ":\(port)", WireFilter.Ends(localPort: port)) else {
                return completion(result)
            }
            switch result {
            case .success(let listener):
                tap.record(.opened)
                completion(.success(TracedListener(listener, tap: tap)))
            case .failure(let failure):
                tap.record(.refused(failure.reason))
                completion(result)
            }
        }
    }

    /// As the wrapped environment has it; the port is watched if a term names its path or its alias.
    @discardableResult
    public func openSerial(
        path: String, settings: SerialSettings,
        completion: @escaping (Result<any SerialTransport, SerialFailure>) -> Void
    ) -> any Cancellable {
        environment.openSerial(path: path, settings: settings) { [self] result in
            let aliases = book.aliases[.device(path: path)] ?? []
            let ends = WireFilter.Ends(path: path, aliases: aliases)
            guard let tap = tap(.serial, aliases.first ?? path, ends, target: path) else { return completion(result) }
            switch result {
            case .success(let line):
                tap.record(.opened)
                completion(.success(TracedSerialLine(line, tap: tap)))
            case .failure(let failure):
                tap.record(.refused(failure.reason))
                completion(result)
            }
        }
    }

    /// As the wrapped environment has it; the socket is watched if a term names its port or its peer. Of a socket with
    /// many peers, what it exchanges with those that a term names.
    public func openDatagrams(
        _ options: DatagramOptions,
        completion: @escaping (Result<any DatagramTransport, ListenFailure>) -> Void
    ) {
        environment.openDatagrams(options) { [self] result in
            let local = (try? result.get())?.localAddress
            let localPort = local?.port ?? options.port
            let name = "udp " + (options.peer.map { self.name(of: $0) } ?? ":\(localPort)")
            var ends = options.peer.map(self.ends(of:)) ?? WireFilter.Ends()
            ends.localPort = localPort
            ends.names += owner.all
            let isNamed = !book.matches(ends).isEmpty
            let hasNamedPeers = !isNamed && options.peer == nil && book.filter.namesPeers
            guard
                let tap = tap(
                    .udp, name, ends, isIncoming: options.peer == nil, isNamed: isNamed || hasNamedPeers,
                    local: local, remote: options.peer)
            else { return completion(result) }
            switch result {
            case .success(let socket):
                let shows: ((SocketAddress) -> Bool)? = hasNamedPeers ? { [self] in isPeerNamed($0) } : nil
                completion(.success(TracedDatagrams(socket, tap: tap, shows: shows)))
            case .failure(let failure):
                if isNamed { tap.record(.refused(failure.reason)) }
                completion(result)
            }
        }
    }

    // MARK: Wires

    private func watched(
        _ result: Result<any StreamTransport, ConnectFailure>, _ kind: Wire.Kind, host: String, port: Int
    ) -> Result<any StreamTransport, ConnectFailure> {
        let stream = try? result.get()
        let aliases = kind == .tcp ? book.aliases[.server(host: host, port: port)] ?? [] : []
        let hosts = [host] + [stream?.remoteAddress?.ipAddress].compactMap { $0 }
        let ends = WireFilter.Ends(hosts: hosts, port: port, aliases: aliases)
        let name = aliases.first ?? Self.name(of: host, port)
        guard
            let tap = tap(
                kind, name, ends, target: host, local: stream?.localAddress,
                remote: stream?.remoteAddress ?? (try? SocketAddress(ipAddress: host, port: port)))
        else { return result }
        switch result {
        case .success(let stream):
            tap.record(.opened)
            return .success(Self.watched(stream, tap: tap))
        case .failure(let failure):
            tap.record(.refused(failure.text))
            return result
        }
    }

    private func watched(accepted stream: any StreamTransport, at port: Int) -> any StreamTransport {
        let port = stream.localAddress?.port ?? port
        let peer = stream.remoteAddress
        var ends = peer.map(ends(of:)) ?? WireFilter.Ends()
        ends.localPort = port
        let name = ":\(port)" + (peer.map { " \(self.name(of: $0))" } ?? "")
        guard
            let tap = tap(.tcp, name, ends, isIncoming: true, local: stream.localAddress, remote: peer)
        else { return stream }
        tap.record(.opened)
        return Self.watched(stream, tap: tap)
    }

    private static func watched(_ stream: any StreamTransport, tap: WireTap) -> any StreamTransport {
        if let stream = stream as? any TLSCapableTransport { return TracedTLSStream(stream, tap: tap) }
        return TracedStream(stream, tap: tap)
    }

    /// What watches a wire; `nil` when no term names it.
    /// - Parameter isNamed: whether a term does, when that is not for `ends` to tell.
    private func tap(
        _ kind: Wire.Kind, _ name: String, _ ends: WireFilter.Ends, target: String? = nil, isIncoming: Bool = false,
        isNamed: Bool? = nil, local: SocketAddress? = nil, remote: SocketAddress? = nil
    ) -> WireTap? {
        var ends = ends
        ends.names += owner.all
        let matches = book.matches(ends)
        // Of a host that the program has named itself, that name.
        let owner = ends.names.first
        book.note(owner.map { "\($0) \(name)" } ?? name)
        guard isNamed ?? !matches.isEmpty else { return nil }
        let wire = Wire(
            number: book.nextNumber(), kind: kind, name: name, owner: owner, target: target, isIncoming: isIncoming,
            localAddress: local, remoteAddress: remote)
        return WireTap(wire, in: self)
    }

    private func isPeerNamed(_ peer: SocketAddress) -> Bool {
        !book.matches(ends(of: peer)).isEmpty
    }

    private func ends(of peer: SocketAddress) -> WireFilter.Ends {
        let address = peer.ipAddress
        let hosts = [address, book.host(of: address)].compactMap { $0 }
        return WireFilter.Ends(hosts: hosts, port: peer.port, names: owner.names(ofPeer: hosts))
    }

    private func name(of peer: SocketAddress) -> String {
        let address = peer.ipAddress
        return Self.name(of: book.host(of: address) ?? address, peer.port)
    }

    private static func name(of host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
