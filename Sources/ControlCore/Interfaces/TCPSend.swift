import Bytes

/// One message on its way out of a ``TCPInterface``: sent, and once more on a new connection when that fails.
final class TCPSend: Cancellable, TurnTaker {
    private let interface: TCPInterface
    private let bytes: ByteBuffer
    private var completion: ((Result<Void, ConnectionFault>) -> Void)?
    private var transmissions = 0
    /// The connection on which it is being sent.
    private(set) var connection: TCPConnection?
    private var connecting: (any Cancellable)?
    private var timer: (any Cancellable)?

    init(
        _ bytes: ByteBuffer, through interface: TCPInterface,
        completion: @escaping (Result<Void, ConnectionFault>) -> Void
    ) {
        self.bytes = bytes
        self.interface = interface
        self.completion = completion
    }

    /// Its turn has come.
    func begin() {
        if let connection = interface.connection, connection.isOpen {
            transmit(on: connection)
        } else {
            reconnect()
        }
    }

    private func reconnect() {
        connecting = interface.reconnect { [self] failure in
            connecting = nil
            guard completion != nil else { return }
            if let failure {
                end(.failure(interface.fault(.unreachable(failure))))
            } else if let connection = interface.connection, connection.isOpen {
                transmit(on: connection)
            } else {
                // Closed by the completion of another who waited for the same connection.
                end(.failure(interface.fault(.closed)))
            }
        }
    }

    private func transmit(on connection: TCPConnection) {
        transmissions += 1
        self.connection = connection
        connection.send(bytes)
        connectionDidChange()
    }

    /// Looks whether the message is out.
    func connectionDidChange() {
        guard let connection else { return }
        if !connection.isOpen {
            failed(interface.endReason(of: connection))
        } else if connection.hasRoom {
            end(.success(()))
        } else if timer == nil {
            let timeout = interface.timeout
            timer = interface.environment.schedule(after: timeout.boundedDelay) { [self] in
                failed(.notTaken(timeout))
            }
        }
    }

    private func failed(_ reason: ConnectionFault.Reason) {
        timer?.cancel()
        timer = nil
        let failedConnection = connection
        connection = nil
        let fault = interface.fault(reason)
        guard transmissions < 2, interface.resends, reason != .closed else {
            // Half of a message may be in the stream: whatever followed it would be misread.
            if let failedConnection { interface.drop(failedConnection, because: reason) }
            return end(.failure(fault))
        }
        interface.report.tell(.warning, "\(fault); the message is sent again on a new connection")
        reconnect()
    }

    private func end(_ result: Result<Void, ConnectionFault>) {
        guard let completion else { return }
        self.completion = nil
        connection = nil
        timer?.cancel()
        timer = nil
        completion(result)
        interface.sendEnded(self)
    }

    /// Waits no longer. What the connection has taken stays sent.
    func cancel() {
        guard completion != nil else { return }
        completion = nil
        connection = nil
        timer?.cancel()
        timer = nil
        connecting?.cancel()
        connecting = nil
        interface.sendEnded(self)
    }
}
