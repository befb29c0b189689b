import Bytes
import ControlCore
import Polling

/// A device module that asks `Q` and takes `A` for an answer, and counts what goes unanswered as ported modules do.
final class FakeModule: DeviceModule {
    /// Sends the query; the completion gets the response.
    var ask: (_ completion: @escaping (String) -> Void) -> Void = { $0("") }
    /// Where what it publishes goes; `nil`: it publishes nothing.
    var publish: ((ConnectionStatus) -> Void)?
    /// Whether it forgets its state when the connection is lost.
    var resets = true
    private(set) var losses = 0
    private(set) var status = ConnectionStatus.unknown
    private let limit: Int
    private var unanswered = 0

    init(limit: Int) {
        self.limit = limit
    }

    func update(for handler: ConnectionHandler, finished: @escaping () -> Void) {
        unanswered += 1
        if unanswered > limit { set(.disconnected) }
        ask { response in
            if response.contains("A") {
                self.unanswered = 0
                self.set(.connected)
            }
            finished()
        }
    }

    func connectionWasLost(for handler: ConnectionHandler) {
        losses += 1
        if resets { set(.disconnected) }
    }

    /// It publishes changes only.
    private func set(_ new: ConnectionStatus) {
        guard status != new else { return }
        status = new
        publish?(new)
    }
}

extension FakeModule {
    /// Sends `Q` by a function that sends and waits, such as that of an interface.
    func asks(
        by sendAndWait:
            @escaping (
                ByteBuffer, TimeAmount, ResponseDelimiter?, @escaping (SendAndWaitOutcome) -> Void
            ) -> any Cancellable
    ) {
        ask = { completion in
            _ = sendAndWait(ByteBuffer(string: "Q"), .milliseconds(300), .length(1)) { outcome in
                if case .response(let bytes) = outcome { completion(String(buffer: bytes)) } else { completion("") }
            }
        }
    }
}
