public import Bytes
public import Polling

/// Watches a device at a serial port or behind UDP: polls it, and tells when it answers and when it has fallen silent.
///
/// The program says which responses are good, see ``responseAccepted()``.
public final class RawSimplePipeHandler: SimplePipeHandler {
    /// Bytes arrived that belong to no `sendAndWait`.
    public var onReceiveData: ((ByteBuffer) -> Void)?

    private let keepAliveQuery: (RawSimplePipeHandler, _ finished: @escaping () -> Void) -> Void
    private var machine: RawSimplePipeStateMachine

    /// Takes over the interface. Nothing happens until ``SimplePipeHandler/connect()``; the poll timer is paused.
    /// - Parameters:
    ///   - pipe: a serial port or a UDP client.
    ///   - options: how often it polls, and when the device counts as gone.
    ///   - keepAliveQuery: asks the device for something, and calls `finished` when the answer was dealt with. A poll
    ///     that is due before is skipped.
    public init(
        pipe: SimplePipe,
        options: HandlerOptions,
        keepAliveQuery: @escaping (RawSimplePipeHandler, _ finished: @escaping () -> Void) -> Void
    ) throws(ParameterError) {
        self.keepAliveQuery = keepAliveQuery
        machine = RawSimplePipeStateMachine(disconnectLimit: options.disconnectLimit)
        try super.init(pipe: pipe, options: options)
    }

    /// `connected` after an accepted response, `disconnected` after more sends than the limit without one.
    public override var connectionStatus: ConnectionStatus { machine.status }

    /// Sends `bytes` and counts that as a send without a response. Over the limit the Disconnected event follows; the
    /// bytes are sent nevertheless.
    /// - Throws: when the port is offline, or when the send queue has no room; it counts all the same.
    public func send(_ bytes: ByteBuffer) throws(IOFault) {
        let outputs = decide(.sending)
        // The report comes after the bytes, and also when they could not be sent.
        defer { perform(outputs) }
        try pipe.send(bytes)
    }

    /// As ``DeviceInterface/sendAndWait(_:timeout:delimiter:completion:)``, and counts as a send without a response.
    @discardableResult
    public func sendAndWait(
        _ data: ByteBuffer,
        timeout: TimeAmount,
        delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        let outputs = decide(.sending)
        defer { perform(outputs) }
        return pipe.sendAndWait(data, timeout: timeout, delimiter: delimiter, completion: completion)
    }

    /// Tells the handler that a good response came: the device is there, and the count of sends starts anew.
    public func responseAccepted() {
        perform(decide(.responseAccepted))
    }

    private func decide(_ input: RawSimplePipeStateMachine.Input) -> [SimplePipeOutput] {
        guard report.isDebugTold else { return machine.handle(input) }
        let former = machine
        let outputs = machine.handle(input)
        if let account = machine.account(of: input, since: former, outputs) { report.tell(.debug, account) }
        return outputs
    }

    override func decideOnConnect(isPolling: Bool) -> [SimplePipeOutput] {
        decide(.connectCalled(isPolling: isPolling))
    }

    override func pollDue() {
        perform(decide(.pollDue))
    }

    override func pollMissed() {
        report.tell(.debug, "cannot poll, as the port is offline: it counts as a send")
        perform(decide(.sending))
    }

    override func silence(hasHeard: Bool) -> ConnectionTrouble {
        .withoutAnswer(of: pipe, "\(disconnectLimit) sends without ResponseAccepted", hasHeard)
    }

    override func runQuery(_ finished: @escaping () -> Void) {
        keepAliveQuery(self, finished)
    }

    override func received(_ bytes: ByteBuffer?) {
        if let bytes { onReceiveData?(bytes) }
    }
}
