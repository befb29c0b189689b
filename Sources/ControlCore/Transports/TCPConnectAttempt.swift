import NIOCore
import NIOPosix

/// One attempt to open a TCP connection: resolves the name, then tries its addresses one after the other.
final class TCPConnectAttempt: Cancellable {
    typealias Outcome = Result<any StreamTransport, ConnectFailure>

    private let environment: LiveEnvironment
    private let port: Int
    private let deadline: NIODeadline?
    private var completion: ((Outcome) -> Void)?
    private var addresses: ArraySlice<SocketAddress> = []
    private var failure = ConnectFailure.hostError
    private var lookup: (any Cancellable)?
    private var timer: (any Cancellable)?
    /// Counts the sockets that were tried or abandoned, so that a late failure of one is not taken for the next one's.
    private var round = 0
    /// The socket that is connecting.
    private var channel: (any Channel)?

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
        abandonChannel()
        environment.attemptEnded(self)
    }

    private func finish(_ outcome: Outcome) {
        let completion = completion
        cancel()
        completion?(outcome)
    }

    /// Closes the socket of the present address, whatever it is doing.
    private func abandonChannel() {
        timer?.cancel()
        timer = nil
        round += 1
        let channel = channel
        self.channel = nil
        channel?.close(promise: nil)
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
                abandonChannel()
                failed(.timedOut)
            }
        }
        let transport = TCPTransport(environment: environment) { [self] transport in connected(transport) }
        let round = round
        let bound = NIOLoopBound((self, transport), eventLoop: environment.eventLoop)
        environment.openingBegan()
        ClientBootstrap(group: environment.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.autoRead, value: false)
            // One read each turn, as with a server's clients: a device that floods gets its share.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: LiveEnvironment.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: LiveEnvironment.waterMark)
            // The deadlines are kept here; the system's own limit is about two minutes.
            .connectTimeout(.hours(1))
            .channelInitializer { channel in
                let (attempt, transport) = bound.value
                attempt.channel = channel
                return channel.eventLoop.makeCompletedFuture {
                    // Called off, or timed out, since the socket was made: nobody would close it, and it might connect
                    // for hours.
                    guard attempt.round == round else {
                        attempt.channel = nil
                        throw ChannelError.alreadyClosed
                    }
                    try channel.pipeline.syncOperations.addHandler(transport)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { [self] result in
                defer { environment.openingEnded() }
                // An abandoned socket fails too, after the next one has begun.
                guard case .failure(let error) = result, round == self.round else { return }
                abandonChannel()
                failed(ConnectFailure(connecting: error))
            }
    }

    private func failed(_ reason: ConnectFailure) {
        if reason.weight >= failure.weight { failure = reason }
        tryNext()
    }

    private func connected(_ transport: TCPTransport) {
        guard completion != nil else {
            transport.close()
            return
        }
        // It is the owner's from now on.
        channel = nil
        finish(.success(transport))
    }
}
