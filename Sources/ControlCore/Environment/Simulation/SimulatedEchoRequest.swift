import Polling

/// One echo request of a simulated host. Every host answers unless a fault keeps the request or its answer away.
///
/// The trace has `echo` for the request and `echo-in` for the answer.
final class SimulatedEchoRequest: Cancellable {
    private unowned let world: SimulatedWorld
    private let host: SimulatedHost
    private var completion: ((Result<TimeAmount, EchoFailure>) -> Void)?
    private var next: ScheduledDeadline?
    private var timer: ScheduledDeadline?

    init(
        world: SimulatedWorld, host: SimulatedHost, completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) {
        self.world = world
        self.host = host
        self.completion = completion
    }

    /// Sends it. Called on a turn of its own.
    func begin(to address: String, timeout: TimeAmount) {
        guard completion != nil else { return }
        world.trace.record(world.now, host.name, "echo \(address)")
        timer = world.arm(at: world.now + timeout, owner: host.id) { [self] in finish(.failure(.timedOut)) }
        let network = world.network
        guard let target = network.host(at: address, from: host) else { return }
        let sentAt = world.now
        let path = NetworkPath(client: host.address, server: target.address, port: 0)
        transmit(path) { [self] in
            transmit(NetworkPath(client: target.address, server: host.address, port: 0)) { [self] in
                world.trace.record(world.now, host.name, "echo-in \(address)")
                finish(.success(world.now - sentAt))
            }
        }
    }

    func cancel() {
        completion = nil
        next?.cancel()
        timer?.cancel()
    }

    private func transmit(_ path: NetworkPath, then arrival: @escaping () -> Void) {
        let condition = world.network.condition(of: path)
        guard !condition.drops, !world.network.happens(condition.loss) else { return }
        next = world.arm(at: world.now + world.network.transitTime(condition), owner: host.id, arrival)
    }

    private func finish(_ result: Result<TimeAmount, EchoFailure>) {
        guard let completion else { return }
        cancel()
        completion(result)
    }
}
