import Bytes

/// One call that waits for bytes of a ``TCPInterface``.
final class TCPReceive: Cancellable {
    /// The most bytes that it takes.
    let limit: Int

    private let interface: TCPInterface
    private let resetsOnError: Bool
    private var completion: ((Result<ByteBuffer, ConnectionFault>) -> Void)?
    private var timer: (any Cancellable)?
    private var resetting: (any Cancellable)?

    init(
        upTo limit: Int, resetsOnError: Bool, from interface: TCPInterface,
        completion: @escaping (Result<ByteBuffer, ConnectionFault>) -> Void
    ) {
        self.limit = limit
        self.resetsOnError = resetsOnError
        self.interface = interface
        self.completion = completion
    }

    /// Begins to wait.
    func start() {
        let timeout = interface.timeout
        timer = interface.environment.schedule(after: timeout.boundedDelay) { [self] in
            interface.forget(self)
            fail(.silent(timeout))
        }
    }

    /// Ends with what arrived. The interface has forgotten it before.
    func succeed(_ bytes: ByteBuffer) {
        end(.success(bytes))
    }

    /// Ends with a failure, after a new connection if that is wished. The interface has forgotten it before.
    func fail(_ reason: ConnectionFault.Reason) {
        timer?.cancel()
        timer = nil
        let result = Result<ByteBuffer, ConnectionFault>.failure(interface.fault(reason))
        guard resetsOnError, completion != nil, reason != .closed else { return end(result) }
        // Whether there is a new connection is for the next call to say.
        resetting = interface.reconnect { [self] _ in end(result) }
    }

    private func end(_ result: Result<ByteBuffer, ConnectionFault>) {
        guard let completion else { return }
        self.completion = nil
        timer?.cancel()
        timer = nil
        resetting = nil
        completion(result)
    }

    /// Waits no longer; nothing that arrived is lost.
    func cancel() {
        completion = nil
        timer?.cancel()
        timer = nil
        resetting?.cancel()
        resetting = nil
        interface.forget(self)
    }
}
