import Bytes
import DequeModule
import Polling

/// What a ``DeviceTraffic`` needs of the interface that it belongs to.
protocol DeviceTrafficOwner: AnyObject {
    /// Why nothing can be sent while the line is down.
    var downFault: IOFault { get }

    /// Whether a keep-alive may begin.
    var takesKeepAlive: Bool { get }

    /// The stream has ended; what was received before was delivered.
    func lineDidEnd(_ reason: CloseReason)

    /// A datagram that was sent is lost, as far as the system knows.
    func lineDidFail(_ fault: IOFault)

    /// ``DeviceTraffic/isActive`` may have changed.
    func trafficActivityMayHaveChanged()
}

/// What a program and a device exchange, whatever the line between them: commands and their responses, what else
/// arrives, a keep-alive, and pauses. Holds the line, and outlives each single one. Belongs to one ``DeviceInterface``.
///
/// The `sendAndWait` calls of the interface wait here, one after the other, in the order in which they were made. A
/// call sends when its turn comes, and its time-out starts then. Bytes that arrive from that moment on are its
/// response; those that came before belong to the program, unless it had paused receiving and they were not read yet:
/// nobody can tell those from the response. What is left over behind a response goes to the program, and is never taken
/// for the next response.
public final class DeviceTraffic {
    /// The most bytes of a response unless ``responseLimit`` says otherwise: 16 MiB, as much as a program's
    /// `limits.stringSize`.
    public static let defaultResponseLimit = 16 << 20
    /// The most bytes that calls which wait for their turn are to send, ``overhead`` included: 1 MiB.
    static let waitingLimit = 1 << 20
    /// What each of them counts besides its bytes.
    static let overhead = 64
    /// The least time between two searches for a pattern in a response that is longer than
    /// ``ResponseMatcher/searchedAtOnce``: 10 ms, and as much for each MiB of it.
    static let searchInterval = TimeAmount.milliseconds(10)

    /// A `sendAndWait` that waits for its turn, or for its response.
    private final class Waiter: Cancellable {
        let data: ByteBuffer
        let timeout: TimeAmount
        let delimiter: ResponseDelimiter?
        var completion: ((SendAndWaitOutcome) -> Void)?
        /// What it counts while it waits for its turn.
        var size: Int { data.readableBytes + DeviceTraffic.overhead }
        /// Until the call is over, which the traffic sees to: while it waits, its timer keeps the traffic, too.
        private var traffic: DeviceTraffic?

        init(
            data: ByteBuffer,
            timeout: TimeAmount,
            delimiter: ResponseDelimiter?,
            completion: @escaping (SendAndWaitOutcome) -> Void,
            traffic: DeviceTraffic
        ) {
            self.data = data
            self.timeout = timeout
            self.delimiter = delimiter
            self.completion = completion
            self.traffic = traffic
        }

        func complete(_ outcome: SendAndWaitOutcome) {
            let completion = self.completion
            self.completion = nil
            traffic = nil
            completion?(outcome)
        }

        func cancel() {
            guard completion != nil else { return }
            completion = nil
            let traffic = self.traffic
            self.traffic = nil
            traffic?.wasCancelled(self)
        }
    }

    // The variables without a check of exclusive access are of values that no access holds on to while other code runs.

    /// The most bytes that a `sendAndWait` collects; a new value counts for the next one.
    @exclusivity(unchecked) public var responseLimit = DeviceTraffic.defaultResponseLimit
    /// Bytes that `sendAndWait` calls which wait for their turn are to send, with 64 bytes more for each call.
    @exclusivity(unchecked) public private(set) var waitingBytes = 0

    /// Sees every event before the program's slots do; clears this before it goes. Not weak: counting the references to
    /// an object takes twice as long for ever once there was a weak one.
    @exclusivity(unchecked) unowned(unsafe) var observer: (any DeviceObserver)?
    /// The program's slot for what arrives.
    @exclusivity(unchecked) var onReceiveData: ((ByteBuffer) -> Void)?
    /// What connects the interface to its device.
    @exclusivity(unchecked) private(set) var line = DeviceLine.down
    /// Whether the program takes data.
    @exclusivity(unchecked) private(set) var isReceiving = true

    private let environment: any Environment
    /// The device as messages name it.
    private let peer: String
    /// Owns this; set by it as soon as it exists, and taken away by ``ownerIsGone()``. Not weak, for the same reason.
    unowned(unsafe) var owner: (any DeviceTrafficOwner)?
    /// Set while this ``isActive``: the environment keeps a line and a timer, these keep this, and this keeps the
    /// owner.
    private var keptOwner: (any DeviceTrafficOwner)?
    private var keepAlive: KeepAliveTransmitter?
    @exclusivity(unchecked) private var keepAliveBytes = 0
    /// Those who wait for their turn.
    @exclusivity(unchecked) private var waiting: Deque<Waiter> = []
    /// Who waits for its response.
    @exclusivity(unchecked) private var current: Waiter?
    @exclusivity(unchecked) private var matcher = ResponseMatcher(
        delimiter: nil, limit: DeviceTraffic.defaultResponseLimit)
    @exclusivity(unchecked) private var timer: (any Cancellable)?
    /// Lets a pattern be searched for in what came.
    private var searchTimer: (any Cancellable)?

    init(environment: any Environment, peer: String) {
        self.environment = environment
        self.peer = peer
    }

    /// Bytes that a `sendAndWait` has collected so far.
    public var collectedBytes: Int { current == nil ? 0 : matcher.count }

    /// Bytes of all that is kept here for the program: commands that wait, a response so far, the keep-alive's data.
    public var heldBytes: Int { waitingBytes + collectedBytes + keepAliveBytes }

    /// Whether a line or a keep-alive may still cause events.
    var isActive: Bool { line.isActive || keepAlive != nil }

    /// The stream that is up; `nil` while there is none.
    var stream: StreamConnection? {
        if case .stream(let stream) = line { stream } else { nil }
    }

    /// The datagrams, with UDP.
    var datagrams: DatagramConnection? {
        if case .datagrams(let datagrams) = line { datagrams } else { nil }
    }

    func activityMayHaveChanged() {
        let owner = owner
        keptOwner = isActive ? owner : nil
        owner?.trafficActivityMayHaveChanged()
    }

    // MARK: The line

    /// From now on until the first outcome, what is sent waits.
    func awaitOpening() {
        line = .opening(ByteBuffer())
    }

    /// The line could not be opened: what was sent meanwhile is dropped. ``failWaiters(_:)`` is to follow.
    func openingFailed() {
        line = .down
    }

    /// The line is this stream; what waited for it is sent. The end of the former one is reported before.
    func open(_ transport: any StreamTransport) {
        if case .ending(let former) = line { former.endNow() }
        let stream = StreamConnection(
            transport: transport, peer: peer, isReceiving: isReceiving, owner: self, environment: environment)
        let former = line
        line = .stream(stream)
        keptOwner = owner
        if current != nil { stream.awaitedBy = self }
        stream.start()
        // It fits: nothing else is queued.
        if case .opening(let early) = former, early.readableBytes > 0 { transport.send(early) }
    }

    /// The line is datagrams to one peer, for good.
    func useDatagrams(host: String, port: Int, servicePort: Int, largestDatagram: Int) {
        line = .datagrams(
            DatagramConnection(
                environment: environment, host: host, port: port, servicePort: servicePort,
                largestDatagram: largestDatagram, traffic: self))
    }

    /// Closes the line. The end of a stream is reported in the same turn of the loop; datagrams can be sent again.
    /// Idempotent.
    func close() {
        switch line {
        case .down, .opening:
            line = .down
            failWaiters(owner?.downFault)
        case .stream(let stream):
            line = .ending(stream)
            stream.close()
        case .ending: break
        case .datagrams(let datagrams):
            lineWillEnd()
            datagrams.close()
            failWaiters(IOFault("\(peer) is closed"))
        }
    }

    /// The owner is going: nobody is to be told any more.
    func ownerIsGone() {
        owner = nil
        datagrams?.ownerIsGone()
    }

    // MARK: Sending

    /// Sends all of `bytes`, in order. While the line is opened for the first time they are kept.
    /// - Throws: when the line is down or takes no more; then nothing of `bytes` is sent.
    func send(_ bytes: ByteBuffer) throws(IOFault) {
        switch line {
        case .stream(let stream): try stream.send(bytes)
        case .datagrams(let datagrams): try datagrams.send(bytes)
        case .opening(var early):
            guard
                early.readableBytes == 0
                    || early.readableBytes + bytes.readableBytes <= StreamConnection.sendQueueLimit
            else { throw IOFault("\(peer) is not open yet: \(early.readableBytes) bytes wait to be sent") }
            // Moved out and back, so that it is not copied.
            line = .down
            early.writeImmutableBuffer(bytes)
            line = .opening(early)
        case .down, .ending: throw owner?.downFault ?? IOFault("\(peer) is closed")
        }
    }

    func startKeepAlive(interval: TimeAmount, data: ByteBuffer) throws(ParameterError) {
        try ControlTimer.check(interval, parameter: "interval")
        keepAlive?.stop()
        guard let owner, owner.takesKeepAlive else { return }
        keepAlive = KeepAliveTransmitter(environment: environment, interval: interval) { [self] in
            // Down or full: the turn is left out, as documented; the next one comes by itself.
            if line.isUp { try? send(data) }
        }
        keepAliveBytes = data.readableBytes
        activityMayHaveChanged()
    }

    func stopKeepAlive() {
        keepAlive?.stop()
        keepAlive = nil
        keepAliveBytes = 0
        activityMayHaveChanged()
    }

    // MARK: Receiving

    func setReceiving(_ receiving: Bool) {
        isReceiving = receiving
        line.setReceiving(receiving)
    }

    /// Takes bytes that arrived while a response was awaited.
    func receiveAwaited(_ bytes: ByteBuffer) {
        observer?.deviceDidReceiveAwaited()
        guard let waiter = current else {
            line.handOver(bytes)
            return
        }
        decide(waiter) { try $0.append(bytes) }
        if matcher.isBehind, searchTimer == nil, current === waiter {
            let time = Self.searchInterval * (1 + matcher.count >> 20)
            searchTimer = environment.schedule(after: time) { self.search(waiter) }
        }
    }

    /// The line is about to end: gives the program what the current call has received; its response is lost with the
    /// line.
    func lineWillEnd() {
        guard let waiter = current, matcher.hasDelimiter else { return }
        search(waiter)
        guard current === waiter else { return }
        line.handOver(matcher.takeCollected())
    }

    // MARK: Waiting for responses

    /// Adds a call. Its completion is called once, never from inside this function; with a failure when too much waits
    /// already.
    /// - Returns: takes the call out again; what it had received goes to the program.
    func sendAndWait(
        _ data: ByteBuffer,
        timeout: TimeAmount,
        delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        let waiter = Waiter(
            data: data, timeout: timeout.boundedDelay, delimiter: delimiter, completion: completion, traffic: self)
        guard waiting.isEmpty || waitingBytes + waiter.size <= Self.waitingLimit else {
            let fault = IOFault("\(waiting.count) commands wait for their turn already, with \(waitingBytes) bytes")
            environment.execute { waiter.complete(.failed(fault)) }
            return waiter
        }
        waiting.append(waiter)
        waitingBytes += waiter.size
        startNext()
        return waiter
    }

    /// Completes every call: the one under way as lost, without a delimiter with what came; the others as not sent.
    /// - Parameter fault: why they are not sent; `nil` when there is nobody left who could say.
    func failWaiters(_ fault: IOFault?) {
        let unsent = waiting
        waiting = []
        waitingBytes = 0
        if let waiter = current {
            let collected = matcher.takeCollected()
            settle(waiter, matcher.hasDelimiter ? .unmet(.connectionLost) : .response(collected), rest: ByteBuffer())
        }
        for waiter in unsent { waiter.complete(.failed(fault ?? IOFault("\(peer) is closed"))) }
    }

    private func startNext() {
        while current == nil, let waiter = waiting.popFirst() {
            waitingBytes -= waiter.size
            guard waiter.completion != nil else { continue }
            do {
                try send(waiter.data)
            } catch {
                environment.execute { waiter.complete(.failed(error)) }
                continue
            }
            current = waiter
            matcher.limit = responseLimit
            matcher.restart(delimiter: waiter.delimiter)
            line.setAwaited(by: self)
            // A delimiter that holds for nothing is a time-out of no time with an empty response.
            let time = matcher.holdsForNothing ? .zero : waiter.timeout
            timer = environment.schedule(after: time) { self.timedOut(waiter) }
        }
    }

    private func search(_ waiter: Waiter) {
        searchTimer?.cancel()
        searchTimer = nil
        guard current === waiter else { return }
        decide(waiter) { try $0.catchUp() }
    }

    /// Does what the matcher says.
    private func decide(_ waiter: Waiter, _ verdict: (inout ResponseMatcher) throws -> ResponseMatcher.Verdict) {
        do {
            switch try verdict(&matcher) {
            case .incomplete: return
            case .complete(let response, let rest): settle(waiter, .response(response), rest: rest)
            case .cut(let response, let rest): settle(waiter, .cut(response), rest: rest)
            case .tooLong: settle(waiter, .unmet(.tooLong), rest: matcher.takeCollected())
            }
        } catch {
            settle(waiter, .failed(error), rest: matcher.takeCollected())
        }
    }

    private func timedOut(_ waiter: Waiter) {
        search(waiter)
        guard current === waiter else { return }
        let collected = matcher.takeCollected()
        if matcher.holdsForNothing {
            settle(waiter, .response(ByteBuffer()), rest: collected)
        } else if matcher.hasDelimiter {
            settle(waiter, .unmet(.timedOut), rest: collected)
        } else {
            settle(waiter, .response(collected), rest: ByteBuffer())
        }
    }

    private func settle(_ waiter: Waiter, _ outcome: SendAndWaitOutcome, rest: ByteBuffer) {
        timer?.cancel()
        timer = nil
        searchTimer?.cancel()
        searchTimer = nil
        current = nil
        line.setAwaited(by: nil)
        waiter.complete(outcome)
        line.handOver(rest)
        startNext()
    }

    private func wasCancelled(_ waiter: Waiter) {
        guard current === waiter else { return }
        settle(waiter, .response(ByteBuffer()), rest: matcher.takeCollected())
    }
}

extension DeviceTraffic: LineOwner {
    func lineDidReceive(_ bytes: ByteBuffer) {
        observer?.deviceDidReceive(bytes)
        onReceiveData?(bytes)
    }

    func lineDidEnd(_ reason: CloseReason) {
        line = .down
        let owner = owner
        owner?.lineDidEnd(reason)
        failWaiters(owner?.downFault)
        activityMayHaveChanged()
    }
}
