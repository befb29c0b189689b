import NIOCore

/// What a ``SendAndWaitQueue`` sends through and gives bytes back to.
protocol SendAndWaitLink: AnyObject {
    /// Sends a command.
    func transmit(_ bytes: ByteBuffer) throws(IOFault)
    /// Takes bytes that belong to no response.
    func handOver(_ bytes: ByteBuffer)
    /// A response is awaited from now on, or no longer.
    func awaitsResponse(_ awaits: Bool)
}

/// The `sendAndWait` calls of one interface, one after the other, in the order in which they were made.
///
/// A call sends when its turn comes, and its time-out starts then. Bytes that arrive from that moment on are its
/// response; those that came before belong to the program, unless it had paused receiving and they were not read yet:
/// nobody can tell those from the response. What is left over behind a response goes back to the link, and is never
/// taken for the next response.
final class SendAndWaitQueue {
    private final class Call: Cancellable {
        let data: ByteBuffer
        let timeout: TimeAmount
        let delimiter: ResponseDelimiter?
        var completion: ((SendAndWaitOutcome) -> Void)?
        /// What it counts while it waits for its turn.
        var size: Int { data.readableBytes + SendAndWaitQueue.overhead }
        /// Until the call is over, which the queue sees to: while it waits, its timer keeps the queue, too.
        private var queue: SendAndWaitQueue?

        init(
            data: ByteBuffer,
            timeout: TimeAmount,
            delimiter: ResponseDelimiter?,
            completion: @escaping (SendAndWaitOutcome) -> Void,
            queue: SendAndWaitQueue
        ) {
            self.data = data
            self.timeout = timeout
            self.delimiter = delimiter
            self.completion = completion
            self.queue = queue
        }

        func complete(_ outcome: SendAndWaitOutcome) {
            let completion = self.completion
            self.completion = nil
            queue = nil
            completion?(outcome)
        }

        func cancel() {
            guard completion != nil else { return }
            completion = nil
            let queue = self.queue
            self.queue = nil
            queue?.wasCancelled(self)
        }
    }

    private let environment: any Environment
    /// The most bytes of a response; a new value counts for the next one.
    var responseLimit: Int
    /// Who sends, and takes back what is left over; set and cleared as the ``DeviceTraffic/line``, and not weak for the same
    /// reason.
    unowned(unsafe) var link: (any SendAndWaitLink)?
    private var waiting: CircularBuffer<Call> = []
    /// What the calls that wait for their turn are to send, ``overhead`` included.
    private(set) var waitingBytes = 0
    private var current: Call?
    private var matcher: ResponseMatcher
    private var timer: (any Cancellable)?
    /// Lets a pattern be searched for in what came.
    private var searchTimer: (any Cancellable)?

    /// The least time between two searches for a pattern in a response that is longer than
    /// ``ResponseMatcher/searchedAtOnce``: 10 ms, and as much for each MiB of it.
    static let searchInterval = TimeAmount.milliseconds(10)

    init(environment: any Environment, responseLimit: Int) {
        self.environment = environment
        self.responseLimit = responseLimit
        matcher = ResponseMatcher(delimiter: nil, limit: responseLimit)
    }

    /// The most bytes that calls which wait for their turn are to send, ``overhead`` included: 1 MiB.
    static let waitingLimit = 1 << 20
    /// What each of them counts besides its bytes.
    static let overhead = 64

    /// Adds a call. Its completion is called once, never from inside this function; with a failure when too much waits already.
    /// - Returns: takes the call out again; what it had received goes back to the link.
    func add(
        _ data: ByteBuffer,
        timeout: TimeAmount,
        delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        let call = Call(
            data: data, timeout: timeout.boundedDelay, delimiter: delimiter, completion: completion, queue: self)
        guard waiting.isEmpty || waitingBytes + call.size <= Self.waitingLimit else {
            let fault = IOFault("\(waiting.count) commands wait for their turn already, with \(waitingBytes) bytes")
            environment.execute { call.complete(.failed(fault)) }
            return call
        }
        waiting.append(call)
        waitingBytes += call.size
        startNext()
        return call
    }

    /// Takes bytes that arrived while a response was awaited.
    func receive(_ bytes: ByteBuffer) {
        guard let call = current else {
            link?.handOver(bytes)
            return
        }
        decide(call) { try $0.append(bytes) }
        if matcher.isBehind, searchTimer == nil, current === call {
            let time = Self.searchInterval * (1 + matcher.count >> 20)
            searchTimer = environment.schedule(after: time) { self.search(call) }
        }
    }

    /// How many bytes the response under way has.
    var collectedBytes: Int { current == nil ? 0 : matcher.count }

    private func search(_ call: Call) {
        searchTimer?.cancel()
        searchTimer = nil
        guard current === call else { return }
        decide(call) { try $0.catchUp() }
    }

    /// Does what the matcher says.
    private func decide(_ call: Call, _ verdict: (inout ResponseMatcher) throws -> ResponseMatcher.Verdict) {
        do {
            switch try verdict(&matcher) {
            case .incomplete: return
            case .complete(let response, let rest): settle(call, .response(response), rest: rest)
            case .cut(let response, let rest): settle(call, .cut(response), rest: rest)
            case .tooLong: settle(call, .unmet(.tooLong), rest: matcher.takeCollected())
            }
        } catch {
            settle(call, .failed(error), rest: matcher.takeCollected())
        }
    }

    /// Gives back what the current call has received; its response is lost with the connection.
    func connectionWillEnd() {
        guard let call = current, matcher.hasDelimiter else { return }
        search(call)
        guard current === call else { return }
        link?.handOver(matcher.takeCollected())
    }

    /// Completes every call: the one under way as lost, without a delimiter with what came; the others as not sent.
    func connectionDidEnd(notSent: IOFault) {
        let unsent = waiting
        waiting = []
        waitingBytes = 0
        if let call = current {
            let collected = matcher.takeCollected()
            settle(call, matcher.hasDelimiter ? .unmet(.connectionLost) : .response(collected), rest: ByteBuffer())
        }
        for call in unsent { call.complete(.failed(notSent)) }
    }

    private func startNext() {
        while current == nil, let call = waiting.popFirst() {
            waitingBytes -= call.size
            guard call.completion != nil else { continue }
            do {
                guard let link else { return }
                try link.transmit(call.data)
            } catch {
                environment.execute { call.complete(.failed(error)) }
                continue
            }
            current = call
            matcher.limit = responseLimit
            matcher.restart(delimiter: call.delimiter)
            link?.awaitsResponse(true)
            // A delimiter that holds for nothing is a time-out of no time with an empty response.
            let time = matcher.holdsForNothing ? .zero : call.timeout
            timer = environment.schedule(after: time) { self.timedOut(call) }
        }
    }

    private func timedOut(_ call: Call) {
        search(call)
        guard current === call else { return }
        let collected = matcher.takeCollected()
        if matcher.holdsForNothing {
            settle(call, .response(ByteBuffer()), rest: collected)
        } else if matcher.hasDelimiter {
            settle(call, .unmet(.timedOut), rest: collected)
        } else {
            settle(call, .response(collected), rest: ByteBuffer())
        }
    }

    private func settle(_ call: Call, _ outcome: SendAndWaitOutcome, rest: ByteBuffer) {
        timer?.cancel()
        timer = nil
        searchTimer?.cancel()
        searchTimer = nil
        current = nil
        link?.awaitsResponse(false)
        call.complete(outcome)
        link?.handOver(rest)
        startNext()
    }

    private func wasCancelled(_ call: Call) {
        guard current === call else { return }
        settle(call, .response(ByteBuffer()), rest: matcher.takeCollected())
    }
}
