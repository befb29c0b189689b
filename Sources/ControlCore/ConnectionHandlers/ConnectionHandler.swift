import Polling

/// What all handlers of clients have in common: the status, its events and the timer of the polls.
///
/// A program gets a kind that fits its interface: ``RawTcpHandler``, ``ModuleTcpHandler``, ``RawSimplePipeHandler`` or
/// ``ModuleSimplePipeHandler``. While a handler ``isActive`` it keeps itself alive. All is called on the loop of the
/// interface's environment.
public class ConnectionHandler {
    /// The options that it was made with.
    public let options: HandlerOptions
    /// Schedules the keep-alive query. It is paused until the handler starts it, and a program may steer it.
    public let pollTimer: ControlTimer

    /// The device is there.
    public var onConnected: (() -> Void)?
    /// The device is gone. Once for each change.
    public var onDisconnected: (() -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    /// Without a check of exclusive access: nothing is called while it is changed.
    @exclusivity(unchecked) private var selfWhileActive: ConnectionHandler?

    /// - Parameter pollTimer: made by ``makePollTimer(in:options:)``.
    init(options: HandlerOptions, pollTimer: ControlTimer) {
        self.options = options
        self.pollTimer = pollTimer
    }

    /// A timer that is paused: a handler that was just made does not poll.
    static func makePollTimer(
        in environment: any Environment, options: HandlerOptions
    ) throws(ParameterError) -> ControlTimer {
        let timer = try ControlTimer(environment: environment, interval: options.pollFrequency)
        timer.performArm()
        return timer
    }

    /// What is known of the device. A handler knows nothing of itself: each kind has its own way to learn it.
    public var connectionStatus: ConnectionStatus { .unknown }

    /// What becomes of its device: the report of its interface.
    public var report: ConnectionReport { preconditionFailure("each kind of handler has an interface") }

    /// Whether it was told to connect.
    public var hasBegun: Bool { false }

    /// How many sends may go without an accepted response.
    public var disconnectLimit: Int { options.disconnectLimit }

    /// Whether it may call its slots.
    public var isActive: Bool { pollTimer.isActive }

    /// Ends all that it does. Idempotent.
    public func close() {
        pollTimer.stop()
    }

    /// Begins to poll; the first poll comes one interval from now, less the part of it that the options say.
    func startPolling() {
        let interval = pollTimer.interval
        pollTimer.performRestart(
            firstAfter: interval - .nanoseconds(Int64(Double(interval.nanoseconds) * options.pollPhase)))
    }

    /// Runs a query; polls that are due before it has `finished` are skipped.
    func poll(_ query: (_ finished: @escaping () -> Void) -> Void) {
        let poll = Poll(of: pollTimer)
        query { poll.finish() }
    }

    /// One run of the query.
    private final class Poll {
        @exclusivity(unchecked) private var timer: ControlTimer?

        init(of timer: ControlTimer) {
            self.timer = timer
            timer.isBusy = true
        }

        func finish() {
            timer?.isBusy = false
            // A second call would end the next poll.
            timer = nil
        }
    }

    func activityMayHaveChanged() {
        let active = isActive
        guard active != (selfWhileActive != nil) else { return }
        selfWhileActive = active ? self : nil
        onActivityChanged?(active)
    }
}

extension ConnectionHandler: ClosableResource {
    /// Before what it handles.
    package static var closingOrder: ClosingOrder { .firstAsItReconnects }
}
