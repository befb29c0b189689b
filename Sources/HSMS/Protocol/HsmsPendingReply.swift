import ControlCore

/// The program's wait for what becomes of a request. Cancelling it keeps the outcome to itself; the transaction goes
/// on, so that a reply that comes later is not taken for another's.
final class HsmsPendingReply: Cancellable {
    private var completion: ((HsmsOutcome) -> Void)?

    init(_ completion: @escaping (HsmsOutcome) -> Void) {
        self.completion = completion
    }

    func complete(_ outcome: HsmsOutcome) {
        let completion = completion
        self.completion = nil
        completion?(outcome)
    }

    func cancel() {
        completion = nil
    }
}
