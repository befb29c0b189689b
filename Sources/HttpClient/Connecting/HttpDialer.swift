import Bytes
public import ControlCore
public import Polling

/// Opens the line to a server: TCP, a proxy's tunnel where there is one, TLS where the URL asks for it.
public final class HttpDialer {
    private let environment: any Environment

    /// Makes a dialer for one world.
    public init(environment: any Environment) {
        self.environment = environment
    }

    /// Opens a line.
    /// - Parameters:
    ///   - route: whereto, and on what terms.
    ///   - tunnels: whether a proxy is asked for a tunnel for plain HTTP, too, as protocols other than HTTP need it.
    ///   - timeout: for the whole of it.
    ///   - completion: called exactly once, unless the returned handle was cancelled before, and not before this
    ///     returns. The line has no receiver yet and reads nothing before ``HttpLine/start()``, or before the next turn
    ///     of the loop when there was a tunnel.
    /// - Returns: gives up, which closes what is open.
    public func dial(
        _ route: HttpRoute, tunnels: Bool = false, timeout: TimeAmount,
        completion: @escaping (Result<HttpLine, HttpFailure>) -> Void
    ) -> any Cancellable {
        let attempt = HttpDialAttempt(
            route, tunnels: tunnels, timeout: timeout, in: environment, completion: completion)
        attempt.begin()
        return attempt
    }
}

/// One attempt to open a line, within one time-out.
private final class HttpDialAttempt: Cancellable, HttpLineReceiver {
    private let route: HttpRoute
    private let environment: any Environment
    private let deadline: Deadline
    private let tunnels: Bool
    private var completion: ((Result<HttpLine, HttpFailure>) -> Void)?
    /// The step under way.
    private var step: (any Cancellable)?
    private var line: HttpLine?
    private var reader: HttpResponseReader?
    private var timer: (any Cancellable)?

    init(
        _ route: HttpRoute, tunnels: Bool, timeout: TimeAmount, in environment: any Environment,
        completion: @escaping (Result<HttpLine, HttpFailure>) -> Void
    ) {
        self.route = route
        self.tunnels = route.proxy != nil && (tunnels || route.tls != nil)
        self.environment = environment
        deadline = environment.now + timeout.boundedDelay
        self.completion = completion
    }

    private var timeLeft: TimeAmount { max(deadline - environment.now, .zero) }

    func begin() {
        let host = route.proxy?.host ?? route.origin.host
        let port = route.proxy?.port ?? route.origin.port
        step = environment.connectTCP(host: host, port: port, timeout: timeLeft) { [self] result in
            step = nil
            switch result {
            case .success(let transport): opened(HttpLine(transport))
            case .failure(let failure): end(.failure(.connection(failure)))
            }
        }
    }

    func cancel() {
        guard completion != nil else { return }
        completion = nil
        step?.cancel()
        release()
        line?.close()
        line = nil
    }

    private func opened(_ line: HttpLine) {
        self.line = line
        if tunnels {
            askForTunnel(line)
        } else {
            secure(line)
        }
    }

    // MARK: A proxy's tunnel

    private func askForTunnel(_ line: HttpLine) {
        var headers = HttpHeaders([("Host", route.origin.hostAndPort)])
        if let credentials = route.proxy?.credentials {
            headers.add("Proxy-Authorization", HttpLogin.basicValue(credentials))
        }
        let head = HttpRequestHead(method: "CONNECT", target: route.origin.hostAndPort, headers: headers)
        do {
            reader = try HttpResponseReader(.connect)
            timer = environment.schedule(at: deadline) { [weak self] in self?.end(.failure(.timedOut)) }
            line.receiver = self
            line.start()
            line.send(try head.bytes())
        } catch let failure as HttpFailure {
            end(.failure(failure))
        } catch {
            end(.failure(.connection(.other("\(error)"))))
        }
    }

    func line(_ line: HttpLine, didReceive bytes: ByteBuffer) {
        handle(reader?.feed(bytes) ?? [])
    }

    func lineDidDrain(_ line: HttpLine) {}

    func lineDidClose(_ line: HttpLine, reason: CloseReason) {
        switch reason {
        case .peer: handle(reader?.finish() ?? [])
        case .failed(let text): end(.failure(.connection(.other(text))))
        case .local: end(.failure(.calledOff))
        }
    }

    private func handle(_ events: [HttpResponseReader.Event]) {
        for event in events where completion != nil && reader != nil {
            switch event {
            case .informational, .body: break
            case .head(let head) where head.isSuccess: break
            case .head(let head) where head.status == 407:
                end(.failure(.connection(.authenticationFailed(detail: "the proxy answers \(head.text)"))))
            case .head(let head): end(.failure(.connection(.other("the proxy answers \(head.text)"))))
            case .end(let ending): tunnelStands(ending)
            case .failed(let failure): end(.failure(Self.byProxy(failure)))
            }
        }
    }

    private static func byProxy(_ failure: HttpFailure) -> HttpFailure {
        switch failure {
        case .badResponse(let detail): .badResponse("of the proxy: \(detail)")
        case .tooLarge(let detail): .tooLarge("of the proxy: \(detail)")
        case .connection, .tooManyRedirects: failure
        }
    }

    private func tunnelStands(_ ending: HttpResponseReader.Ending) {
        reader = nil
        timer?.cancel()
        timer = nil
        guard let line else { return }
        line.receiver = nil
        // Neither side of TLS or HTTP has anything to say before this one has asked.
        guard ending.rest.readableBytes == 0 else {
            return end(.failure(.badResponse("of the proxy: bytes follow its answer")))
        }
        secure(line)
    }

    // MARK: TLS

    private func secure(_ line: HttpLine) {
        guard let terms = route.tls else { return end(.success(line)) }
        step = line.startTLS(terms, timeout: timeLeft, in: environment) { [self] result in
            step = nil
            end(result.map { _ in line }.mapError { .connection($0) })
        }
    }

    private func end(_ result: Result<HttpLine, HttpFailure>) {
        guard let completion else { return }
        self.completion = nil
        release()
        if case .failure = result { line?.close() }
        line = nil
        completion(result)
    }

    private func release() {
        step = nil
        timer?.cancel()
        timer = nil
        reader = nil
        if line?.receiver === self { line?.receiver = nil }
    }
}
