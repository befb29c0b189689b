public import Bytes
public import Polling

/// Keeps a TCP or SSH connection alive: polls the device, notices when it falls silent, and reconnects.
///
/// The program says which responses are good, see ``responseAccepted()``.
public final class RawTcpHandler: TcpConnectionHandler {
    // Without a check of exclusive access: nothing is called while it is changed.
    /// Bytes arrived that belong to no `sendAndWait`.
    @exclusivity(unchecked) public var onReceiveData: ((ByteBuffer) -> Void)?

    private let keepAliveQuery: (RawTcpHandler, _ finished: @escaping () -> Void) -> Void

    /// Takes over `interface`. Nothing happens until ``TcpConnectionHandler/connect(timeout:completion:)``; the poll
    /// timer is paused.
    /// - Parameters:
    ///   - interface: a TCP or SSH client.
    ///   - options: how often it polls, when the device counts as gone, and when it tries again.
    ///   - keepAliveQuery: asks the device for something, and calls `finished` when the answer was dealt with. A poll
    ///     that is due before is skipped.
    public init(
        interface: EthernetClientInterface,
        options: HandlerOptions,
        keepAliveQuery: @escaping (RawTcpHandler, _ finished: @escaping () -> Void) -> Void
    ) throws(ParameterError) {
        self.keepAliveQuery = keepAliveQuery
        try super.init(
            interface: interface, options: options,
            judge: .countedSends(TcpStateMachine.CountedSends(limit: options.disconnectLimit)))
    }

    /// Sends `bytes` and counts that as a send without a response. Over the limit nothing is sent: the connection is
    /// closed, and the Disconnected event follows.
    /// - Returns: whether it was sent.
    /// - Throws: when not connected, or when the send queue has no room.
    @discardableResult
    public func send(_ bytes: ByteBuffer) throws(IOFault) -> Bool {
        guard admitSend() else { return false }
        try interface.send(bytes)
        return true
    }

    /// As ``DeviceInterface/sendAndWait(_:timeout:delimiter:completion:)``, and counts as a send without a
    /// response. Over the limit the connection is closed and the call completes with
    /// ``SendAndWaitOutcome/UnmetReason/connectionLost``.
    @discardableResult
    public func sendAndWait(
        _ data: ByteBuffer,
        timeout: TimeAmount,
        delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        guard admitSend() else {
            return interface.environment.executeCancellably { completion(.unmet(.connectionLost)) }
        }
        return interface.sendAndWait(data, timeout: timeout, delimiter: delimiter, completion: completion)
    }

    /// Tells the handler that a good response came: the count of sends starts anew. Ignored while the socket is down.
    public func responseAccepted() {
        handle(.responseAccepted)
    }

    override func silence(hasHeard: Bool) -> ConnectionTrouble { .withoutAcceptedResponse(disconnectLimit, hasHeard) }

    override func runQuery(_ finished: @escaping () -> Void) {
        keepAliveQuery(self, finished)
    }

    override func received(_ bytes: ByteBuffer?) {
        if let bytes { onReceiveData?(bytes) }
    }
}
