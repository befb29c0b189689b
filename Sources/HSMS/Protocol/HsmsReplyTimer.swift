import ControlCore
import NIOCore

/// T3 or T6 of one request.
///
/// Both count from when the request has been sent, so a request behind a long message on a slow line is given time as
/// long as the line moves. A line that stands still for the whole of the time is as good as no answer.
final class HsmsReplyTimer {
    private let environment: any Environment
    private let link: HsmsLink
    private let duration: TimeAmount
    /// How many bytes of the link are sent when the request is.
    private let end: Int
    private var sent: Int
    private var handle: (any Cancellable)?

    /// Starts the timer of the request that was queued last.
    init(_ duration: TimeAmount, on link: HsmsLink, in environment: any Environment, overdue: @escaping () -> Void) {
        self.environment = environment
        self.link = link
        self.duration = duration
        end = link.handedBytes
        sent = link.sentBytes
        run(overdue)
    }

    private func run(_ overdue: @escaping () -> Void) {
        handle = environment.schedule(after: duration) { [self] in
            let before = sent
            sent = link.sentBytes
            // Its own bytes had not all left when the time began, and the line has moved since; or the program takes no
            // messages at the moment, and so could not see an answer.
            if link.isOpen, (before < end && sent > before) || !link.isReading {
                run(overdue)
            } else {
                handle = nil
                overdue()
            }
        }
    }

    func cancel() {
        handle?.cancel()
        handle = nil
    }
}
