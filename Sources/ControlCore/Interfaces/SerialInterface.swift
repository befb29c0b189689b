import Polling

/// A serial port and the device at it: the program's `SerialInterface`.
///
/// The port is opened when the interface is made, and belongs to it until ``close()``. A port that is missing or that
/// is pulled out is looked for again, after 0.25 s at first, then after twice the time, up to 5 s; it comes back by
/// itself.
///
/// Nothing here waits: what takes time has a completion. All is called on the environment's loop. No closure that is
/// handed in is called before the call that took it has returned. Until it is closed the environment keeps it alive.
///
/// Every byte that arrives is delivered exactly once and in order, either as the response of a `sendAndWait` or to
/// ``DeviceInterface/onReceiveData``.
public final class SerialInterface: DeviceInterface {
    /// The time to the first look for a port that is gone.
    static let shortestRetry = TimeAmount.milliseconds(250)
    /// The longest time between two looks. A port that was open for so long is looked for quickly again.
    static let longestRetry = TimeAmount.seconds(5)
    /// How long a serial device server has to answer.
    static let connectTimeout = TimeAmount.seconds(5)

    /// What is known of the port.
    public enum Presence: Equatable, Sendable {
        /// It is being opened for the first time. What is sent now waits for the outcome.
        case unknown
        /// It is open.
        case online
        /// It is not open.
        case offline
    }

    private enum State {
        case opening(any Cancellable)
        /// The transport, where the port is one of this machine.
        case open((any SerialTransport)?)
        case waiting(any Cancellable)
        case closed
    }

    /// The port as programs know it, for messages: `MainProcessor COM2`.
    public let name: String
    /// Where the port is.
    public let address: SerialPortAddress
    /// How the line is driven. A serial device server has settings of its own, and these are of no effect.
    public private(set) var settings: SerialSettings
    /// What is known of the port.
    public private(set) var presence = Presence.unknown
    /// Counts the changes of ``presence``.
    public private(set) var presenceChanges = 0
    /// Why the port is offline, as the end of a sentence that begins with its name; `nil` while it is not.
    public private(set) var problem: String?

    /// The port is open: for the first time or again.
    public var onOnline: (() -> Void)?
    /// The port is not open any more, or could not be opened at first.
    public var onOffline: (() -> Void)?
    /// What becomes of the port, and of the device at it.
    public private(set) lazy var report = ConnectionReport(environment: environment)
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    package let environment: any Environment
    private let claims: SerialPortClaims
    private var state = State.closed
    private var retryDelay = SerialInterface.shortestRetry
    private var openedAt = Deadline.uptimeNanoseconds(0)
    /// The line, and commands, keep-alive and pauses, which outlive a presence of the port.
    public let traffic: DeviceTraffic

    /// Makes an interface and begins to open its port.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - name: the port as programs know it.
    ///   - address: where the port is: on this machine, or at a serial device server.
    ///   - settings: how the line is driven from the start.
    ///   - claims: the ports that the program uses.
    /// - Throws: when the program has an interface for the port already.
    public init(
        environment: any Environment,
        name: String,
        address: SerialPortAddress,
        settings: SerialSettings = SerialSettings(),
        claims: SerialPortClaims
    ) throws(IOFault) {
        try claims.claim(address, name: name)
        self.environment = environment
        traffic = DeviceTraffic(environment: environment, peer: name)
        self.name = name
        self.address = address
        self.settings = settings
        self.claims = claims
        traffic.owner = self
        traffic.awaitOpening()
        report.plan = { _ in "it is looked for again" }
        open()
    }

    deinit { traffic.ownerIsGone() }

    /// Whether events may still come: until ``close()``.
    public var isActive: Bool {
        if case .closed = state { false } else { true }
    }

    // MARK: The port

    /// Changes the settings of the port, behind what was sent before. On a port that is offline they hold from its
    /// return on. A port that refuses them goes offline, and the reason is its ``problem``.
    public func initialize(_ settings: SerialSettings) {
        let former = self.settings
        self.settings = settings
        guard settings != former else { return }
        switch state {
        case .open(let transport): transport?.reconfigure(settings)
        case .opening(let pending), .waiting(let pending):
            // A port that refused the former ones may take these.
            guard address.isDevice else { return }
            pending.cancel()
            retryDelay = Self.shortestRetry
            open()
        case .closed: break
        }
    }

    /// Ends all that it does, and gives the port back. What was sent still goes out, for at most 1 s. The Offline event
    /// does not come. Idempotent; it cannot be used again.
    public func close() {
        guard isActive else { return }
        stopKeepAlive()
        let former = state
        state = .closed
        claims.release(address)
        switch former {
        case .opening(let pending), .waiting(let pending): pending.cancel()
        case .open, .closed: break
        }
        traffic.close()
        observer?.deviceActivityDidChange()
        onActivityChanged?(false)
    }

    private func open() {
        switch address {
        case .device(let path):
            state = .opening(
                environment.openSerial(path: path, settings: settings) { [self] result in
                    switch result {
                    case .success(let transport): opened(transport, transport)
                    case .failure(let failure): failed(failure.reason, ConnectionTrouble(failure, path: path))
                    }
                })
        case .server(let host, let port):
            state = .opening(
                environment.connectTCP(host: host, port: port, timeout: Self.connectTimeout) { [self] result in
                    switch result {
                    case .success(let transport): opened(transport, nil)
                    case .failure(let failure):
                        failed("cannot be reached: \(failure.reason)", ConnectionTrouble(failure))
                    }
                })
        }
    }

    private func opened(_ transport: any StreamTransport, _ serial: (any SerialTransport)?) {
        state = .open(serial)
        openedAt = environment.now
        problem = nil
        report.didOpen("open")
        traffic.open(transport)
        changePresence(to: .online)
    }

    private func failed(_ reason: String, _ trouble: ConnectionTrouble) {
        traffic.openingFailed()
        scheduleRetry()
        problem = reason
        report.didFail(trouble)
        changePresence(to: .offline)
        traffic.failWaiters(downFault)
    }

    private func scheduleRetry() {
        state = .waiting(environment.schedule(after: retryDelay) { [self] in open() })
        retryDelay = min(retryDelay + retryDelay, Self.longestRetry)
    }

    private func changePresence(to new: Presence) {
        guard new != presence else { return }
        presence = new
        presenceChanges += 1
        if new == .online { onOnline?() } else { onOffline?() }
    }
}

extension SerialInterface: DeviceTrafficOwner {
    var downFault: IOFault {
        IOFault("\(name) (\(address)) \(isActive ? problem ?? "is not open yet" : "is closed")")
    }

    var takesKeepAlive: Bool { isActive }

    func lineDidEnd(_ reason: CloseReason) {
        guard isActive else { return }
        if environment.now - openedAt >= Self.longestRetry { retryDelay = Self.shortestRetry }
        scheduleRetry()
        switch reason {
        case .failed(let text): problem = "is offline: \(text)"
        case .peer: problem = "is offline: the device server has closed the connection"
        case .local: problem = "is offline"
        }
        report.didEnd(ConnectionTrouble(reason) ?? ConnectionTrouble("Closed"))
        changePresence(to: .offline)
    }

    /// Nobody tells what a serial line loses.
    func lineDidFail(_ fault: IOFault) {}

    /// The port is active with a keep-alive as without.
    func trafficActivityMayHaveChanged() {}
}

extension SerialInterface: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}

extension SerialPortAddress {
    fileprivate var isDevice: Bool {
        if case .device = self { true } else { false }
    }
}
