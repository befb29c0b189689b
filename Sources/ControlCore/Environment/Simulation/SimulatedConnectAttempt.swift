import Polling

/// One attempt to open a simulated connection: resolves the name, then tries its addresses one after the other.
final class SimulatedConnectAttempt: Cancellable {
    typealias Outcome = Result<any StreamTransport, ConnectFailure>

    private unowned let world: SimulatedWorld
    private var serial = 0
    private let host: SimulatedHost
    private let name: String
    private let port: Int
    private let deadline: Deadline?
    private var completion: ((Outcome) -> Void)?
    private var addresses: ArraySlice<SocketAddress> = []
    private var failure = ConnectFailure.hostError
    /// Whatever comes next: an answer, a repetition.
    private var next: ScheduledDeadline?
    private var timer: ScheduledDeadline?

    init(
        world: SimulatedWorld,
        host: SimulatedHost,
        name: String,
        port: Int,
        timeout: TimeAmount?,
        completion: @escaping (Outcome) -> Void
    ) {
        self.world = world
        self.host = host
        self.name = name
        self.port = port
        deadline = timeout.map { world.now + $0 }
        self.completion = completion
    }

    func begin() {
        serial = host.add(self)
        world.trace.record(world.now, host.name, "connect \(name):\(port)")
        guard (1...65535).contains(port) else {
            next = world.arm(after: .zero) { [self] in finish(.failure(.other("port \(port) is not in 1...65535"))) }
            return
        }
        let found = world.network.look(up: name)
        if let deadline, world.now + found.delay > deadline {
            next = world.arm(after: deadline - world.now) { [self] in finish(.failure(.hostError)) }
            return
        }
        next = world.arm(after: found.delay) { [self] in
            addresses = found.addresses[...]
            tryNext()
        }
    }

    func cancel() {
        completion = nil
        next?.cancel()
        timer?.cancel()
        host.forget(serial)
    }

    private func finish(_ outcome: Outcome) {
        let completion = completion
        cancel()
        if case .failure(let failure) = outcome {
            world.trace.record(world.now, host.name, "failed \(name):\(port) \(failure.reason)")
        }
        completion?(outcome)
    }

    private func tryNext() {
        guard let address = addresses.popFirst() else {
            finish(.failure(failure))
            return
        }
        var share = SimulatedNetwork.connectTimeout
        if let deadline {
            let left = max(deadline - world.now, .zero)
            share = min(share, .nanoseconds(left.nanoseconds / Int64(addresses.count + 1)))
        }
        timer = world.arm(after: share) { [self] in
            next?.cancel()
            failed(.timedOut)
        }
        ask(
            NetworkPath(client: host.address, server: address.ipAddress, port: port), retry: SimulatedNetwork.firstRetry
        )
    }

    private func failed(_ reason: ConnectFailure) {
        timer?.cancel()
        if reason.weight >= failure.weight { failure = reason }
        tryNext()
    }

    /// Sends the request to connect, and sends it again later unless an answer comes.
    private func ask(_ path: NetworkPath, retry: TimeAmount) {
        let network = world.network
        next = world.arm(after: network.transitTime(network.condition(of: path))) { [self] in
            let condition = network.condition(of: path)
            guard !condition.drops, let server = network.host(at: path.server, from: host) else {
                next = world.arm(after: retry) { [self] in
                    ask(path, retry: .nanoseconds(retry.nanoseconds * 2))
                }
                return
            }
            // The answer goes back.
            let listener = condition.refuses ? nil : server.listener(at: path.server, port: path.port)
            next = world.arm(after: network.transitTime(condition)) { [self] in
                answered(path, by: server, listener, retry: retry)
            }
        }
    }

    private func answered(
        _ path: NetworkPath, by server: SimulatedHost, _ listener: SimulatedListener?, retry: TimeAmount
    ) {
        let network = world.network
        guard !network.condition(of: path).drops else {
            next = world.arm(after: retry) { [self] in ask(path, retry: .nanoseconds(retry.nanoseconds * 2)) }
            return
        }
        guard let listener else {
            failed(.connectionRefused)
            return
        }
        let connection = network.makeConnection(from: host, to: server, path: path)
        world.trace.record(
            world.now, host.name, "open #\(connection.id) \(SimulatedTransport.text(connection.serverAddress))")
        connection.client.link.sendOpened(listener)
        finish(.success(connection.client))
    }
}
