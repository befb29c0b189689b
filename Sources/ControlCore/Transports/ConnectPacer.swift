import Polling

/// Spreads attempts to connect that are due at the same instant, so that a dead subnet that is retried all at once does
/// not hold up those that are connected: a few sockets are opened at once, the others as many in each millisecond.
final class ConnectPacer {
    /// 8 sockets take about 1 ms in a debug build, and a tenth of that in a release build.
    static let burst = 8
    static let interval = TimeAmount.milliseconds(1)

    private unowned let environment: LiveEnvironment
    private var waiting: [() -> Void] = []
    private var begun = 0

    init(environment: LiveEnvironment) {
        self.environment = environment
    }

    /// Runs `body` now, or in its turn. After the environment was closed it is not run.
    func perform(_ body: @escaping () -> Void) {
        guard begun < Self.burst else {
            waiting.append(body)
            return
        }
        begun += 1
        // Not by the clock: a thousand attempts of one turn of the loop can take longer than the interval.
        if begun == 1 { scheduleNextTurn() }
        body()
    }

    private func scheduleNextTurn() {
        _ = environment.schedule(after: Self.interval) { [weak self] in self?.takeTurn() }
    }

    private func takeTurn() {
        let next = waiting.prefix(Self.burst)
        waiting.removeFirst(next.count)
        begun = next.count
        if begun > 0 { scheduleNextTurn() }
        for body in next { body() }
    }
}
