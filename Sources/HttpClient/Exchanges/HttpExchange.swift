import Bytes
public import ControlCore
import Polling

/// A request under way, with all that it leads to: connections, redirects, logins, until its response is there. It is
/// made by ``HttpSession/send(_:options:completion:)`` or
/// ``HttpSession/stream(_:options:onHead:onBody:completion:)``, and kept by its session until it is over.
public final class HttpExchange: Cancellable {
    /// Called once with what became of it, unless it was cancelled.
    public typealias Completion = (Result<HttpResponse, HttpFailure>) -> Void

    /// Who takes a response as it comes.
    struct StreamHandlers {
        let onHead: (HttpResponseHead) -> Void
        let onBody: (ByteBuffer) -> Void
    }

    private enum Phase {
        /// For a connection.
        case waiting
        /// For the answer.
        case asking
        /// The answer leads to another request; its body is of no interest.
        case discarding(left: Int)
        /// The answer is what was wanted.
        case taking
        case over
    }

    private let environment: any Environment
    private let options: HttpOptions
    private let stream: StreamHandlers?
    private var completion: Completion?
    /// Let go of when it is over.
    private var session: HttpSession?
    private let deadline: Deadline

    private var course: HttpCourse
    private var phase = Phase.waiting
    private var hops = 0
    /// What waits for a connection.
    private var wish: (any Cancellable)?
    private var lease: HttpLease?
    private var runner: HttpTurnRunner?
    private var timer: (any Cancellable)?

    private var head: HttpResponseHead?
    private var intake: HttpBodyIntake?
    private var body = ByteBuffer()
    /// How the answer has ended on the wire: with its trailers, or too early. Told behind what has come before.
    private var ending: Result<HttpHeaders, HttpFailure>?
    private var lastHeard: Deadline
    private var isPumpPlanned = false

    /// Told when a response that is collected has become longer: whoever counts ``heldBytes`` counts anew. It may end
    /// the exchange.
    public var onGrowth: (() -> Void)?
    /// Whether a streamed response is held back; see ``pause()``.
    public private(set) var isPaused = false

    init(
        _ request: HttpRequest, login: HttpLogin?, options: HttpOptions, session: HttpSession, stream: StreamHandlers?,
        completion: @escaping Completion
    ) {
        environment = session.environment
        self.options = options
        self.stream = stream
        self.completion = completion
        self.session = session
        deadline = environment.now + options.timeout.boundedDelay
        lastHeard = environment.now
        course = HttpCourse(request, login: login, options: options)
    }

    /// Whether nothing follows any more.
    public var isOver: Bool { if case .over = phase { true } else { false } }
    /// The URL that is asked now: another than at first after a redirect.
    public var url: HttpURL { course.request.url }

    /// How many bytes of memory it keeps for its request and its response.
    public var heldBytes: Int {
        guard !isOver else { return 0 }
        return 1024 + course.request.heldBytes + (course.login?.heldBytes ?? 0) + (runner?.heldBytes ?? 0)
            + (intake?.heldBytes ?? 0) + body.storageCapacity + (head?.headers.heldBytes ?? 0)
    }

    /// Gives up. The completion is not called any more. Idempotent.
    public func cancel() {
        completion = nil
        end()
    }

    /// Ends it with a failure of the caller's, which the completion gets. Has no effect when it is over.
    public func end(with failure: HttpFailure) { fail(failure) }

    /// Holds a streamed response back: nothing more of it is delivered, and the server is slowed down. The time in
    /// which something must come does not run meanwhile. A response that is collected cannot be held back.
    public func pause() { isPaused = stream != nil }

    /// Goes on with a response that was held back; not before this has returned.
    public func resume() {
        guard isPaused else { return }
        isPaused = false
        lastHeard = environment.now
        planPump()
    }

    /// The session is closed.
    func callOff() {
        guard let completion, !isOver else { return }
        self.completion = nil
        end()
        environment.execute { completion(.failure(.calledOff)) }
    }

    // MARK: From hop to hop

    func begin() {
        guard !isOver else { return }
        timer = environment.schedule(at: deadline) { [weak self] in self?.fail(.timedOut) }
        hop()
    }

    private func hop() {
        guard let session, !isOver else { return }
        runner = nil
        lease = nil
        phase = .waiting
        hops += 1
        let number = hops
        let route = session.route(to: course.request.url.origin, options)
        let wish = session.pool.lease(route, isFresh: course.needsFreshLine, by: deadline) { [weak self] result in
            self?.leased(result, route)
        }
        if case .waiting = phase, number == hops { self.wish = wish }
    }

    private func leased(_ result: Result<HttpLease, HttpFailure>, _ route: HttpRoute) {
        wish = nil
        switch result {
        case .failure(let failure): fail(failure)
        case .success(let lease):
            guard !isOver else { return lease.giveBack(isReusable: lease.line.isOpen) }
            if !lease.line.isOpen, course.mayRepeat(isReused: lease.isReused, isUnsent: true) {
                lease.giveBack(isReusable: false)
                return hop()
            }
            ask(lease, route)
        }
    }

    private func ask(_ lease: HttpLease, _ route: HttpRoute) {
        guard let session else { return }
        self.lease = lease
        phase = .asking
        let request = course.request
        do {
            let turn = try HttpTurn(
                head: session.head(
                    of: request, by: route, login: course.login, decompresses: decompresses
                ).bytes(),
                body: request.body, expectsContinue: request.expectsContinue && request.body.readableBytes > 0,
                isHead: request.method == "HEAD")
            let runner = HttpTurnRunner(turn, on: lease, in: environment) { [weak self] in self?.handle($0) }
            self.runner = runner
            runner.begin()
        } catch let failure as HttpFailure {
            lease.giveBack(isReusable: true)
            fail(failure)
        } catch {
            // Cookies and logins of servers may have made it too large.
            lease.giveBack(isReusable: true)
            fail(.tooLarge("the request's head: \(error)"))
        }
    }

    private var decompresses: Bool { options.decompresses && !course.request.headers.has("Accept-Encoding") }

    private func handle(_ action: HttpTurn.Action) {
        lastHeard = environment.now
        switch action {
        case .send, .sendBody, .awaitContinue: break
        case .head(let head): judge(head)
        case .body(let bytes): take(bytes)
        case .end(let trailers, _):
            ended(.success(trailers))
        case .fail(let failure, let isUnanswered):
            if isUnanswered, let lease, course.mayRepeat(isReused: lease.isReused, isUnsent: false) { return hop() }
            ended(.failure(failure))
        }
    }

    private func ended(_ ending: Result<HttpHeaders, HttpFailure>) {
        switch (phase, ending) {
        case (.discarding, _): hop()
        case (.taking, _):
            self.ending = ending
            pump()
        case (_, .failure(let failure)): fail(failure)
        case (_, .success): break
        }
    }

    private func judge(_ head: HttpResponseHead) {
        guard let session else { return }
        session.takeCookies(head.headers, from: course.request.url)
        switch session.judge(head, of: &course) {
        case .again: phase = .discarding(left: HttpLimits.discardedBody)
        case .fail(let failure): fail(failure)
        case .deliver: deliver(head)
        }
    }

    // MARK: The response

    private func deliver(_ head: HttpResponseHead) {
        phase = .taking
        self.head = head
        let hasBody = course.request.method != "HEAD" && head.status != 204 && head.status != 304
        do throws(HttpFailure) {
            intake = try HttpBodyIntake(
                head, hasBody: hasBody, decompresses: decompresses, limit: stream == nil ? options.largestBody : nil)
        } catch {
            return fail(error)
        }
        guard let stream else { return }
        timer?.cancel()
        timer = nil
        watchSilence()
        stream.onHead(head)
    }

    private func take(_ bytes: ByteBuffer) {
        if case .discarding(let left) = phase {
            guard bytes.readableBytes > left else {
                phase = .discarding(left: left - bytes.readableBytes)
                return
            }
            runner?.abandon()
            return hop()
        }
        do throws(HttpFailure) {
            try intake?.add(bytes)
        } catch {
            return fail(error)
        }
        pump()
    }

    /// Hands on what has come, and ends when that was all.
    private func pump() {
        // One that waits for its turn goes first.
        guard case .taking = phase, !isPumpPlanned else { return updateReading() }
        do throws(HttpFailure) {
            var left = HttpLimits.piecesPerTurn
            while !isPaused {
                if stream != nil, left == 0 {
                    planPump()
                    break
                }
                guard let piece = try intake?.next() else { return try finishIfComplete() }
                left -= 1
                if let stream {
                    stream.onBody(piece)
                    guard !isOver else { return }
                } else {
                    body.writeImmutableBuffer(piece)
                    onGrowth?()
                    guard !isOver else { return }
                }
            }
            updateReading()
        } catch {
            fail(error)
        }
    }

    private func finishIfComplete() throws(HttpFailure) {
        updateReading()
        guard let ending, let head else { return }
        let trailers = try ending.get()
        try intake?.finish()
        let response = HttpResponse(head: head, body: body, trailers: trailers, url: course.request.url)
        complete(.success(response))
    }

    private func planPump() {
        guard !isPumpPlanned else { return }
        isPumpPlanned = true
        environment.execute { [weak self] in
            guard let self else { return }
            isPumpPlanned = false
            pump()
        }
    }

    /// Only what is handed on makes room for more.
    private func updateReading() {
        guard stream != nil, ending == nil else { return }
        runner?.setReading(!isPaused && !isPumpPlanned)
    }

    private func watchSilence() {
        guard let silence = options.silence, !isOver else { return }
        timer = environment.schedule(at: lastHeard + silence.boundedDelay) { [weak self] in
            guard let self else { return }
            if isPaused || isPumpPlanned { lastHeard = environment.now }
            guard environment.now - lastHeard < silence else { return fail(.timedOut) }
            watchSilence()
        }
    }

    // MARK: The end

    private func fail(_ failure: HttpFailure) { complete(.failure(failure)) }

    private func complete(_ result: Result<HttpResponse, HttpFailure>) {
        guard let completion, !isOver else { return }
        self.completion = nil
        end()
        completion(result)
    }

    private func end() {
        guard !isOver else { return }
        phase = .over
        timer?.cancel()
        timer = nil
        wish?.cancel()
        wish = nil
        runner?.abandon()
        runner = nil
        lease = nil
        intake = nil
        body = ByteBuffer()
        onGrowth = nil
        session?.forget(self)
        session = nil
    }
}
