import Bytes

/// A message and its answer as one: no other query of the interface comes between them.
final class TCPQuery: Cancellable, TurnTaker {
    private let interface: TCPInterface
    private let message: ByteBuffer
    private let limit: Int
    private let resetsOnError: Bool
    private var completion: ((Result<ByteBuffer, ConnectionFault>) -> Void)?
    private var step: (any Cancellable)?

    init(
        _ message: ByteBuffer, upTo limit: Int, resetsOnError: Bool, through interface: TCPInterface,
        completion: @escaping (Result<ByteBuffer, ConnectionFault>) -> Void
    ) {
        self.message = message
        self.limit = limit
        self.resetsOnError = resetsOnError
        self.interface = interface
        self.completion = completion
    }

    /// Its turn has come.
    func begin() {
        var isSent = false
        let sending = interface.send(message) { [self] result in
            isSent = true
            guard completion != nil else { return }
            switch result {
            case .success:
                step = interface.receive(upTo: limit, resetOnError: resetsOnError) { [self] in end($0) }
            case .failure(let fault):
                end(.failure(fault))
            }
        }
        // It may have ended at once, and then the next step has begun.
        if !isSent { step = sending }
    }

    private func end(_ result: Result<ByteBuffer, ConnectionFault>) {
        guard let completion else { return }
        self.completion = nil
        step = nil
        completion(result)
        interface.queryEnded(self)
    }

    func cancel() {
        guard completion != nil else { return }
        completion = nil
        step?.cancel()
        step = nil
        interface.queryEnded(self)
    }
}
