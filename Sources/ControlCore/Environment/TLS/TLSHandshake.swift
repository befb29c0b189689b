import Bytes
import DequeModule

/// A handshake of a stream: who waits for it, for how long, and what is to be sent when it is done.
final class TLSHandshake: Cancellable {
    typealias Completion = (Result<TLSSession, ConnectFailure>) -> Void

    enum State {
        case underWay
        case done
        case failed
    }

    let terms: TLSTerms
    private(set) var state = State.underWay
    private(set) var session: TLSSession?
    /// What the owner has sent meanwhile.
    private var held: Deque<ByteBuffer> = []
    private(set) var heldBytes = 0
    /// Calls the handshake off when it takes too long.
    var timer: (any Cancellable)?
    private var completion: Completion?
    private var onCancel: (() -> Void)?

    /// - Parameter onCancel: called when nobody waits for it any more.
    init(_ terms: TLSTerms, completion: @escaping Completion, onCancel: @escaping () -> Void) {
        self.terms = terms
        self.completion = completion
        self.onCancel = onCancel
    }

    var isUnderWay: Bool { state == .underWay }

    /// Keeps bytes until it is done.
    func hold(_ bytes: ByteBuffer) {
        held.append(bytes)
        heldBytes += bytes.readableBytes
    }

    /// Takes out what was held.
    func takeHeld() -> Deque<ByteBuffer> {
        defer {
            held = []
            heldBytes = 0
        }
        return held
    }

    /// It is done.
    /// - Returns: what to call, now that it is done.
    func succeed(_ session: TLSSession) -> Completion? {
        self.session = session
        return end(.done)
    }

    /// It has failed. The completion is called by `execute`, as the failure may come from inside a call of the owner's.
    func fail(_ failure: ConnectFailure, execute: (@escaping () -> Void) -> Void) {
        guard isUnderWay else { return }
        _ = takeHeld()
        guard let completion = end(.failed) else { return }
        execute { completion(.failure(failure)) }
    }

    func cancel() {
        guard isUnderWay else { return }
        completion = nil
        onCancel?()
    }

    private func end(_ state: State) -> Completion? {
        self.state = state
        timer?.cancel()
        timer = nil
        onCancel = nil
        defer { completion = nil }
        return completion
    }
}
