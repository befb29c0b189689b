import Polling

/// One attempt to open an SSH session: resolves the name, then lets a thread connect and log in.
final class SSHConnectAttempt: Cancellable, LiveResource {
    typealias Outcome = Result<any StreamTransport, ConnectFailure>

    let kind = LiveResourceKind.attempt
    private let environment: LiveEnvironment
    private let port: Int
    private let login: SSHLogin
    private let deadline: Deadline?
    private var completion: ((Outcome) -> Void)?
    private var lookup: (any Cancellable)?
    private var timer: (any Cancellable)?
    private var transport: SSHTransport?

    init(
        environment: LiveEnvironment,
        port: Int,
        login: SSHLogin,
        timeout: TimeAmount?,
        completion: @escaping (Outcome) -> Void
    ) {
        self.environment = environment
        self.port = port
        self.login = login
        deadline = timeout.map { environment.now + $0 }
        self.completion = completion
    }

    /// Begins. The completion is called on a later turn of the loop.
    func begin(host: String) {
        environment.opened(self)
        guard (1...65535).contains(port) else {
            environment.execute { [self] in finish(.failure(.other("port \(port) is not in 1...65535"))) }
            return
        }
        lookup = environment.resolver.resolve(host, timeout: deadline.map { $0 - environment.now }) { [self] result in
            lookup = nil
            switch result {
            case .success(let addresses): open(host, addresses)
            case .failure(let reason): finish(.failure(reason))
            }
        }
    }

    /// Calls it off; the completion is not called. The thread ends by itself.
    func cancel() {
        completion = nil
        lookup?.cancel()
        lookup = nil
        timer?.cancel()
        timer = nil
        transport?.abandon()
        transport = nil
        environment.closed(self)
    }

    func close() { cancel() }

    private func finish(_ outcome: Outcome) {
        let completion = completion
        cancel()
        completion?(outcome)
    }

    private func open(_ host: String, _ addresses: [SocketAddress]) {
        let target = SSHTarget(addresses: addresses, host: host, port: port, login: login, deadline: deadline)
        do throws(ConnectFailure) {
            let transport = try SSHTransport(environment: environment)
            try transport.open(target) { [self] outcome in
                // It is the owner's from now on.
                self.transport = nil
                finish(outcome.map { $0 })
            }
            self.transport = transport
        } catch {
            finish(.failure(error))
            return
        }
        guard let deadline else { return }
        // The thread may be computing, or its address may have had a share of the time only: the caller hears in time.
        timer = environment.schedule(at: deadline) { [self] in finish(.failure(.timedOut)) }
    }
}
