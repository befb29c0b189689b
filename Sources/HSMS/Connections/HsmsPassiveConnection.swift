public import ControlCore

/// An HSMS connection that the peer makes: listens for one peer, and serves one at a time.
///
/// It goes on listening while it is connected. Who comes from another address than the expected one is closed at once,
/// and so is a second one, unless ``HsmsConfiguration/duplicatePolicy`` says that it takes the first one's place.
public final class HsmsPassiveConnection: HsmsConnection {
    private let expected: HsmsExpectedPeer
    private let listening: HsmsListeningPort

    /// Makes a connection that is not enabled.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - address: the address or host name from which the peer is expected; empty, `0.0.0.0` or `::`: any.
    ///   - port: the port to listen on, 0…65535; 0 lets the system choose, see ``listeningPort``.
    ///   - sessionID: the session ID that the peer is configured for.
    ///   - delegate: receives what happens; held strongly.
    ///   - configuration: timers, roles and what SEMI E37 leaves open.
    /// - Throws: when a parameter is out of its range.
    public override init(
        environment: any Environment, address: String, port: Int = 5_000, sessionID: UInt16 = 0,
        delegate: (any HsmsConnectionDelegate)? = nil, configuration: HsmsConfiguration = HsmsConfiguration()
    ) throws(ParameterError) {
        expected = HsmsExpectedPeer(address)
        listening = HsmsListeningPort(
            environment: environment, address: configuration.bindAddress, port: port,
            retryTime: configuration.timers.t5)
        try super.init(
            environment: environment, address: address, port: port, sessionID: sessionID, delegate: delegate,
            configuration: configuration)
    }

    /// The port that it listens on; `nil` while it does not.
    public var listeningPort: Int? { listening.port }

    /// It began to listen, on the port that is given.
    public var onListening: ((Int) -> Void)?

    override func startOpening() {
        report.plan = { [t5 = configuration.timers.t5, weak self] _ in
            self?.listeningPort == nil ? "again every \(t5.plainText) (T5)" : "listening goes on"
        }
        listening.open { [self] transport in
            admit(transport)
        } report: { [self] result in
            switch result {
            case .success(let port):
                report.tell(.info, "listening on \(configuration.bindAddress ?? "0.0.0.0"):\(port)")
                onListening?(port)
            case .failure(let failure): reportFailure(failure.reason, ConnectionTrouble(failure, port: self.port))
            }
        }
    }

    override func stopOpening() {
        listening.close()
    }

    private func admit(_ transport: any StreamTransport) {
        let address = transport.remoteAddress
        if let accepted = expected.accepts(address) {
            serve(transport, accepted)
        } else {
            expected.check(address, in: environment) { accepted in self.serve(transport, accepted) }
        }
    }

    private func serve(_ transport: any StreamTransport, _ accepted: Bool) {
        let hasRoom = channel == nil || configuration.duplicatePolicy == .replace
        if accepted, hasRoom {
            adopt(transport)
        } else {
            transport.close()
        }
    }
}
