import ControlCore
import Polling

/// A request that awaits its answer: who is told of the outcome, and its T3 or T6.
///
/// The program holds it to call off its wait. That keeps the outcome to itself; the transaction goes on, so that a
/// reply that comes later is not taken for another's.
///
/// Both timers count from when the request has been sent, so a request behind a long message on a slow line is given
/// time as long as the line moves. A line that stands still for the whole of the time is as good as no answer.
final class HsmsPendingReply: Cancellable {
    let system: UInt32
    /// The procedures have sent it by themselves: nobody is told of the outcome.
    let isAutomatic: Bool
    private var completion: ((HsmsOutcome) -> Void)?
    /// How many bytes of the channel are sent when the request is.
    private var end = 0
    private var sent = 0
    private var timer: (any Cancellable)?

    init(_ system: UInt32, _ completion: ((HsmsOutcome) -> Void)?) {
        self.system = system
        isAutomatic = completion == nil
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

    /// Starts the timer of the request, which was queued last.
    /// - Parameter owner: told of the end of the time.
    func startTimer(_ duration: TimeAmount, on channel: HsmsChannel, of owner: HsmsProtocol) {
        end = channel.handedBytes
        // What is batched leaves within this turn: taken for unsent, it would double the time.
        sent = channel.leftBytes
        run(duration, channel, owner)
    }

    private func run(_ duration: TimeAmount, _ channel: HsmsChannel, _ owner: HsmsProtocol) {
        timer = owner.environment.schedule(after: duration) { [self] in
            let before = sent
            sent = channel.sentBytes
            // Its own bytes had not all left when the time began, and the line has moved since; or the program takes no
            // messages at the moment, and so could not see an answer.
            if channel.isOpen, (before < end && sent > before) || !channel.isReading {
                run(duration, channel, owner)
            } else {
                timer = nil
                owner.replyOverdue(self)
            }
        }
    }

    /// The time is not looked at any more.
    func stopTimer() {
        timer?.cancel()
        timer = nil
    }
}
