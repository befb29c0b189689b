import Polling

/// One attempt to open a TCP connection: resolves the name, then tries its addresses one after the other.
final class TCPConnectAttempt: Cancellable, LiveResource {
    typealias Outcome = Result<any StreamTransport, ConnectFailure>

    let kind = LiveResourceKind.attempt
    private let environment: LiveEnvironment
    private let port: Int
    private let deadline: Deadline?
    private var completion: ((Outcome) -> Void)?
    private var addresses: ArraySlice<SocketAddress> = []
    private var failure = ConnectFailure.hostError
    private var lookup: (any Cancellable)?
    private var timer: (any Cancellable)?
    /// The socket that is connecting.
    private var socket: ConnectSource?

    init(
        environment: LiveEnvironment,
        port: Int,
        timeout: TimeAmount?,
        completion: @escaping (Outcome) -> Void
    ) {
        self.environment = environment
        self.port = port
        self.deadline = timeout.map { environment.now + $0 }
        self.completion = completion
    }

    /// Begins. The completion is called on a later turn of the loop.
    func begin(host: String) {
        environment.opened(self)
        guard (1...65535).contains(port) else {
            environment.execute { [self] in finish(.failure(.other("port \(port) is not in 1...65535"))) }
            return
        }
        let timeout = deadline.map { $0 - environment.now }
        lookup = environment.resolver.resolve(host, timeout: timeout) { [self] result in
            lookup = nil
            switch result {
            case .success(let found):
                addresses = found[...]
                environment.connectPacer.perform { self.tryNext() }
            case .failure(let reason):
                finish(.failure(reason))
            }
        }
    }

    /// Calls it off and closes the socket under way; the completion is not called.
    func cancel() {
        completion = nil
        lookup?.cancel()
        lookup = nil
        abandonSocket()
        environment.closed(self)
    }

    func close() { cancel() }

    private func finish(_ outcome: Outcome) {
        let completion = completion
        cancel()
        completion?(outcome)
    }

    /// Closes the socket of the present address, whatever it is doing.
    private func abandonSocket() {
        timer?.cancel()
        timer = nil
        socket?.cancel()
        socket = nil
    }

    private func tryNext() {
        guard completion != nil else { return }
        guard var address = addresses.popFirst() else {
            finish(.failure(failure))
            return
        }
        address.port = port
        if let deadline {
            // A silent address gets its share of the time, so that those behind it are tried too.
            let left = max(deadline - environment.now, .zero)
            timer = environment.schedule(after: .nanoseconds(left.nanoseconds / Int64(addresses.count + 1))) { [self] in
                failed(.timedOut)
            }
        }
        do throws(SystemError) {
            socket = try ConnectSource(loop: environment.loop, to: address) { [self] result in
                socket = nil
                switch result {
                case .success(let descriptor):
                    let transport = TCPTransport(environment: environment, descriptor: descriptor, peer: address)
                    // It is the owner's from now on.
                    finish(.success(transport))
                case .failure(let error):
                    failed(ConnectFailure(errorNumber: error.number))
                }
            }
        } catch {
            let reason = ConnectFailure(errorNumber: error.number)
            environment.execute { [self] in failed(reason) }
        }
    }

    private func failed(_ reason: ConnectFailure) {
        abandonSocket()
        if reason.weight >= failure.weight { failure = reason }
        tryNext()
    }
}
