/// A simulated server's side of logins: greets each connection, answers what is offered, and hands over who is let in.
final class SimulatedSSHGate {
    /// Begins the line that shows the host's key.
    static let greeting = "SSH-2.0"
    /// The line that lets a user in.
    static let acceptance = "welcome"
    /// The line that refuses one way.
    static let refusal = "refused"

    private let environment: SimulatedEnvironment
    private let service: SimulatedSSHService
    private let accept: (any StreamTransport) -> Void

    init(
        environment: SimulatedEnvironment, service: SimulatedSSHService,
        accept: @escaping (any StreamTransport) -> Void
    ) {
        self.environment = environment
        self.service = service
        self.accept = accept
    }

    /// Takes a new connection.
    func admit(_ carrier: any StreamTransport) {
        let stream = SimulatedSSHStream(over: carrier) { [environment] in environment.execute($0) }
        stream.beginLogin { [self] line in
            guard !service.isStalled else { return }
            environment.schedule(after: service.loginDelay) { [self] in answer(line, to: stream) }
        } onLost: { _ in
            // The client has given up; nobody here waits for it.
            stream.close()
        }
        if !service.isStalled { stream.send(line: "\(Self.greeting) \(service.hostKey)") }
    }

    private func answer(_ line: String, to stream: SimulatedSSHStream) {
        guard stream.isOpen, !service.isStalled else { return }
        guard let (way, user) = environment.world.network.takeOffer(line), service.accepts(way, of: user) else {
            stream.send(line: Self.refusal)
            return
        }
        stream.send(line: Self.acceptance)
        stream.endLogin()
        accept(stream)
    }
}
