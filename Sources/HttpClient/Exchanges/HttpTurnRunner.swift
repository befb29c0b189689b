import Bytes
import ControlCore

/// Acts for an ``HttpTurn``: sends, waits, and tells its owner what comes.
final class HttpTurnRunner: HttpLineReceiver {
    /// Takes what comes: heads, bodies, the end or the failure.
    typealias Handler = (HttpTurn.Action) -> Void

    private var turn: HttpTurn
    private let lease: HttpLease
    private let environment: any Environment
    private var handler: Handler?
    private var timer: (any Cancellable)?

    init(_ turn: HttpTurn, on lease: HttpLease, in environment: any Environment, handler: @escaping Handler) {
        self.turn = turn
        self.lease = lease
        self.environment = environment
        self.handler = handler
    }

    var heldBytes: Int { turn.heldBytes }

    /// Begins to send and to read.
    func begin() {
        lease.line.receiver = self
        lease.line.start()
        perform(turn.begin())
    }

    /// Stops or resumes reading.
    func setReading(_ reading: Bool) { lease.line.setReading(reading) }

    /// Gives up: the connection is closed, and nothing more is told.
    func abandon() { end(isReusable: false) }

    // MARK: From the line

    func line(_ line: HttpLine, didReceive bytes: ByteBuffer) { perform(turn.receive(bytes)) }

    func lineDidDrain(_ line: HttpLine) { pump() }

    func lineDidClose(_ line: HttpLine, reason: CloseReason) { perform(turn.closed(reason)) }

    // MARK: -

    private func perform(_ actions: [HttpTurn.Action]) {
        for action in actions {
            // Whoever is told of an action may give up.
            guard let handler else { return }
            switch action {
            case .send(let bytes): lease.line.send(bytes)
            case .sendBody: pump()
            case .awaitContinue:
                timer = environment.schedule(after: HttpLimits.continueWait) { [weak self] in
                    guard let self else { return }
                    perform(turn.continueWaitEnded())
                }
            case .head, .body: handler(action)
            case .end(_, let isReusable):
                end(isReusable: isReusable)
                handler(action)
            case .fail:
                end(isReusable: false)
                handler(action)
            }
        }
    }

    private func pump() {
        while handler != nil, lease.line.isWritable, let piece = turn.nextPiece() { lease.line.send(piece) }
    }

    private func end(isReusable: Bool) {
        guard handler != nil else { return }
        handler = nil
        timer?.cancel()
        timer = nil
        lease.giveBack(isReusable: isReusable, patience: turn.patience)
    }
}
