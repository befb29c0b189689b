public import ControlCore
import Polling

/// An HSMS connection that this side makes.
///
/// The first attempt follows ``HsmsConnection/enable()`` at once. Whenever an attempt has failed or a connection was
/// lost, the next attempt is made after T5, and ``HsmsTimers/t5Jitter`` at random.
public final class HsmsActiveConnection: HsmsConnection {
    private var attempt: (any Cancellable)?
    private var separation: (any Cancellable)?

    /// Makes a connection that is not enabled.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - address: the peer's IP address or host name.
    ///   - port: the peer's port, 0…65535.
    ///   - sessionID: the session ID that the peer is configured for.
    ///   - delegate: receives what happens; held strongly.
    ///   - configuration: timers, roles and what SEMI E37 leaves open.
    /// - Throws: when a parameter is out of its range.
    public override init(
        environment: any Environment, address: String, port: Int = 5_000, sessionID: UInt16 = 0,
        delegate: (any HsmsConnectionDelegate)? = nil, configuration: HsmsConfiguration = HsmsConfiguration()
    ) throws(ParameterError) {
        try super.init(
            environment: environment, address: address, port: port, sessionID: sessionID, delegate: delegate,
            configuration: configuration)
    }

    /// True.
    public override var isActiveSide: Bool { true }

    override func startOpening() {
        separation = nil
        report.plan = { [t5 = configuration.timers.t5] _ in "again every \(t5.plainText) (T5)" }
        report.didBegin()
        attempt = environment.connectTCP(host: address, port: port, timeout: configuration.timers.connect) {
            [self] result in
            attempt = nil
            switch result {
            case .success(let transport):
                adopt(transport)
            case .failure(let failure):
                separate()
                reportFailure(failure.reason, ConnectionTrouble(failure))
            }
        }
    }

    override func stopOpening() {
        report.didStopTrying()
        attempt?.cancel()
        attempt = nil
        separation?.cancel()
        separation = nil
    }

    override func connectionLost() {
        separate()
    }

    /// Lets T5 pass before the next attempt.
    private func separate() {
        // The program may have disabled and enabled the connection when it heard of the loss: then one is under way.
        guard attempt == nil, separation == nil else { return }
        var delay = configuration.timers.t5
        let jitter = configuration.timers.t5Jitter.nanoseconds
        if jitter > 0 { delay = delay + .nanoseconds(Int64(environment.nextRandom() % UInt64(jitter))) }
        separation = environment.schedule(after: delay) { self.startOpening() }
    }
}
