public import Bytes
public import Polling

/// What an interface offers whatever the line to its device is.
///
/// Nothing here waits: what takes time has a completion. All is called on the environment's loop.
public protocol DeviceInterface: AnyObject, Writable {
    /// What the program and the device exchange.
    var traffic: DeviceTraffic { get }

    /// Bytes that were sent and that the system has not taken yet.
    var queuedBytes: Int { get }

    /// Sends all of `bytes`, in order. Never waits.
    /// - Throws: when the line is down or the send queue has no room; then nothing of `bytes` is sent.
    func send(_ bytes: ByteBuffer) throws(IOFault)
}

extension DeviceInterface {
    /// The most bytes that wait to be sent: 1 MiB.
    public static var sendQueueLimit: Int { StreamConnection.sendQueueLimit }
    /// The most bytes that a `sendAndWait` collects unless ``DeviceTraffic/responseLimit`` says otherwise: 16 MiB.
    public static var responseLimit: Int { DeviceTraffic.defaultResponseLimit }

    /// Sees every event before the program's slots do, and clears this before it goes. For connection handlers.
    package var observer: (any DeviceObserver)? {
        get { traffic.observer }
        set { traffic.observer = newValue }
    }

    /// Bytes arrived, as many as came at once, at most 64 KiB; with UDP one datagram.
    public var onReceiveData: ((ByteBuffer) -> Void)? {
        get { traffic.onReceiveData }
        set { traffic.onReceiveData = newValue }
    }

    /// Bytes that were sent and that the system has not taken yet.
    public var queuedBytes: Int { traffic.line.queuedBytes }

    /// Sends all of `bytes`, in order. Never waits. A message that is larger than ``sendQueueLimit`` is taken when
    /// nothing else is queued. With UDP it is one datagram of at most ``DatagramOptions/sizeLimit`` bytes. While a
    /// serial port is opened for the first time `bytes` are kept, and dropped when that fails.
    /// - Throws: when the line is down, when the send queue has no room, or when a datagram is too long; then nothing
    ///   of `bytes` is sent.
    public func send(_ bytes: ByteBuffer) throws(IOFault) { try traffic.send(bytes) }

    /// Whether there is room in the send queue.
    public var isWritable: Bool { traffic.line.isWritable }

    /// Waits for room in the send queue: calls `body` once when there is some, or the line has ended; `nil` when there
    /// is room now.
    public func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? { traffic.line.whenWritable(body) }

    /// Sends `data` and waits for the response.
    ///
    /// Completes at the earliest byte at which the delimiter holds; what came behind goes to ReceiveData, after the
    /// completion. A pattern is looked for with each piece in the first 64 KiB; in a longer response at most every 10
    /// ms, and less often the longer it is. A response of more than ``DeviceTraffic/responseLimit`` completes with
    /// ``SendAndWaitOutcome/UnmetReason/tooLong``, or without a delimiter with ``SendAndWaitOutcome/cut(_:)``. Calls on
    /// one interface take turns in order; each sends, and its time-out starts, when its turn comes. When the line is
    /// lost the call completes at once: with ``SendAndWaitOutcome/UnmetReason/connectionLost``, or without a delimiter
    /// with what came; calls that wait for their turn fail with ``IOFault``. The event of the loss runs before these
    /// completions.
    /// - Parameters:
    ///   - data: the command.
    ///   - timeout: how long to wait for the response.
    ///   - delimiter: `nil`: the response is all that comes in the whole time-out.
    ///   - completion: called once, unless cancelled.
    /// - Returns: gives up; what came goes to ReceiveData.
    @discardableResult
    public func sendAndWait(
        _ data: ByteBuffer,
        timeout: TimeAmount,
        delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        traffic.sendAndWait(data, timeout: timeout, delimiter: delimiter, completion: completion)
    }

    /// Sends `data` at each interval while the line is up; the first time after one interval. Goes on over losses of
    /// the line until ``stopKeepAlive()``. A second start replaces the first. A turn at which the send queue is full is
    /// left out.
    /// - Parameters:
    ///   - interval: 0.01 s to ``Polling/TimeAmount/longestDelay``.
    ///   - data: what is sent each time.
    /// - Throws: when the interval is out of its range.
    public func startKeepAlive(interval: TimeAmount, data: ByteBuffer) throws(ParameterError) {
        try traffic.startKeepAlive(interval: interval, data: data)
    }

    /// Ends the keep-alive. Idempotent.
    public func stopKeepAlive() {
        traffic.stopKeepAlive()
    }

    /// Pauses (`false`) or resumes (`true`) the delivery of data. Holds over losses of the line.
    ///
    /// While paused, reading stops, so that the peer is slowed down, as far as the line can. A `sendAndWait` goes on
    /// reading for its response; what it leaves over is kept, up to 1 MiB, and delivered after the pause. At most what
    /// was already read when the pause began is kept besides. When the line ends, what is kept is delivered in spite of
    /// the pause.
    public func setReceiving(_ receiving: Bool) {
        traffic.setReceiving(receiving)
    }
}

/// Sees what happens on a ``DeviceInterface`` before the program's event slots do. For connection handlers.
package protocol DeviceObserver: AnyObject {
    /// A connection was opened, by whomever. Serial ports and UDP have none.
    func deviceDidConnect()
    /// The connection ended, whoever ended it. Once for each connection.
    func deviceDidDisconnect()
    /// Bytes arrived that belong to no `sendAndWait`.
    func deviceDidReceive(_ bytes: ByteBuffer)
    /// Bytes arrived while a `sendAndWait` waits for its response.
    func deviceDidReceiveAwaited()
    /// Whether the interface is active has changed.
    func deviceActivityDidChange()
}
