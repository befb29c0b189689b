import ByteText
public import Bytes
public import ControlCore
import Polling

/// How a session begins. A plain value.
public struct HttpSessionSettings: Sendable {
    /// What relative URLs are seen from, by RFC 3986: with a base of `http://host/api/`, `power` is
    /// `http://host/api/power` and `/power` is `http://host/power`. `nil`: every URL is a whole one.
    public var base: HttpURL?
    /// Header fields of all requests that do not have them.
    public var headers = HttpHeaders()
    /// How requests prove themselves that say nothing of it: at the ``base``, or anywhere when there is none.
    public var login: HttpLogin?
    /// How exchanges are made that say nothing else.
    public var options = HttpOptions()
    /// The most of what it keeps open.
    public var bounds = HttpPoolBounds()
    /// Whether cookies are kept and sent back.
    public var keepsCookies = true
    /// The terms on which TLS is spoken with a host, given those of the exchange; `nil`: just these. It is asked for
    /// each host that an exchange comes to, so that a host's pins hold wherever a redirect leads.
    public var hostTerms: (@Sendable (_ host: String, _ terms: TLSTerms) -> TLSTerms)?

    /// The usual ones.
    public init() {}
}

/// Makes exchanges with HTTP servers, and keeps what they share: connections, cookies, logins.
///
/// Nothing here waits: what takes time has a completion. All is called on the environment's loop. No closure that is
/// handed in is called before the call that took it has returned.
public final class HttpSession {
    /// How it was begun.
    public let settings: HttpSessionSettings

    let environment: any Environment
    let pool: HttpConnectionPool
    private var book = LoginBook()
    private var jar = CookieJar()
    private var exchanges: [ObjectIdentifier: (number: Int, exchange: HttpExchange)] = [:]
    private var lastNumber = 0

    /// Whether ``close()`` was called.
    public private(set) var isClosed = false

    /// Begins a session. Nothing is opened yet.
    /// - Throws: when a setting is out of its range.
    public init(
        environment: any Environment, settings: HttpSessionSettings = HttpSessionSettings()
    ) throws(ParameterError) {
        try settings.headers.check()
        try settings.login?.check()
        try settings.options.check(in: environment)
        guard settings.bounds.perHost >= 1, settings.bounds.altogether >= 1 else {
            throw ParameterError(parameter: "connections", problem: "is less than 1", allowed: "at least 1")
        }
        self.environment = environment
        self.settings = settings
        pool = HttpConnectionPool(environment: environment, bounds: settings.bounds)
        keepSecrets(settings.login, settings.headers, settings.options.proxy)
    }

    /// Reads a URL as seen from the ``HttpSessionSettings/base``.
    /// - Throws: what is wrong with it, and where.
    public func url(_ text: String) throws(ParameterError) -> HttpURL {
        if let base = settings.base { try base.resolving(text) } else { try HttpURL(text) }
    }

    // MARK: Exchanges

    /// Makes a request and collects its response.
    /// - Parameters:
    ///   - request: what is asked.
    ///   - options: how; `nil`: as the session's settings say.
    ///   - completion: called exactly once, unless the exchange was cancelled before. An answer such as 404 is a
    ///     response, not a failure.
    /// - Returns: the exchange, to call it off.
    /// - Throws: when something of the request is out of its range; then nothing is done.
    @discardableResult
    public func send(
        _ request: HttpRequest, options: HttpOptions? = nil, completion: @escaping HttpExchange.Completion
    ) throws(ParameterError) -> HttpExchange {
        try start(request, options: options, stream: nil, completion: completion)
    }

    /// Makes a request whose response is handed on as it comes, such as that of a device that pushes.
    ///
    /// The time-out holds until the head has come; see also ``HttpOptions/silence``.
    /// - Parameters:
    ///   - request: what is asked.
    ///   - options: how; `nil`: as the session's settings say.
    ///   - onHead: called once, with the head of the response that was wanted: not of redirects.
    ///   - onBody: called with each piece of the body: at least one byte, at most ``HttpLimits/pieceBytes``.
    ///   - completion: called exactly once, unless the exchange was cancelled before, after all of the body. The
    ///     response has no body then.
    /// - Returns: the exchange, to call it off or to hold it back.
    /// - Throws: when something of the request is out of its range; then nothing is done.
    public func stream(
        _ request: HttpRequest, options: HttpOptions? = nil, onHead: @escaping (HttpResponseHead) -> Void,
        onBody: @escaping (ByteBuffer) -> Void, completion: @escaping HttpExchange.Completion
    ) throws(ParameterError) -> HttpExchange {
        try start(
            request, options: options, stream: HttpExchange.StreamHandlers(onHead: onHead, onBody: onBody),
            completion: completion)
    }

    private func start(
        _ request: HttpRequest, options: HttpOptions?, stream: HttpExchange.StreamHandlers?,
        completion: @escaping HttpExchange.Completion
    ) throws(ParameterError) -> HttpExchange {
        var request = request
        for field in settings.headers.fields where !request.headers.has(field.name) {
            request.headers.add(field.name, field.value)
        }
        try request.check()
        let options = options ?? settings.options
        try options.check(in: environment)
        let login = self.login(for: request)
        try login?.check()
        keepSecrets(login, request.headers, options.proxy)
        let exchange = HttpExchange(
            request, login: login, options: options, session: self, stream: stream, completion: completion)
        guard !isClosed else {
            environment.execute { exchange.callOff() }
            return exchange
        }
        lastNumber += 1
        exchanges[ObjectIdentifier(exchange)] = (lastNumber, exchange)
        environment.execute { exchange.begin() }
        return exchange
    }

    private func login(for request: HttpRequest) -> HttpLogin? {
        if let login = request.login { return login }
        if let credentials = request.url.credentials { return .automatic(credentials) }
        let isHere = settings.base.map { $0.origin == request.url.origin } ?? true
        return isHere ? settings.login : nil
    }

    /// Ends all exchanges, which fail with ``HttpFailure/calledOff``, and closes all connections. Idempotent.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        for entry in exchanges.values.sorted(by: { $0.number < $1.number }) { entry.exchange.callOff() }
        pool.close()
        jar.clear()
        book = LoginBook()
    }

    // MARK: What it keeps

    /// How many bytes of memory it keeps: for exchanges, connections, cookies and logins.
    public var heldBytes: Int {
        2048 + pool.heldBytes + jar.heldBytes + book.heldBytes + settings.headers.heldBytes
            + exchanges.values.reduce(0) { $0 + $1.exchange.heldBytes }
    }

    /// The cookies, in the order in which they came.
    public var cookies: [Cookie] { jar.cookies }
    /// Forgets all cookies.
    public func clearCookies() { jar.clear() }

    /// How many exchanges are under way.
    public var exchangeCount: Int { exchanges.count }
    /// How many connections are open.
    public var connectionCount: Int { pool.lineCount }
    /// How many of them no exchange has.
    public var idleConnectionCount: Int { pool.idleCount }
    /// How many exchanges wait for a connection to become free.
    public var waitingCount: Int { pool.waitingCount }

    private func keepSecrets(_ login: HttpLogin?, _ headers: HttpHeaders, _ proxy: HttpProxy?) {
        var secrets = login?.secrets ?? []
        if let credentials = proxy?.credentials { secrets += HttpLogin.basic(credentials).secrets }
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in headers.values(of: name) {
                // Behind the word that says what it is.
                let parts = value.rawBytes.split(separator: UInt8(ascii: " "), maxSplits: 1)
                if let secret = parts.last { secrets.append(Array(secret)) }
            }
        }
        for secret in secrets where !secret.isEmpty { environment.keepSecret(secret) }
    }

    // MARK: For exchanges

    func route(to origin: HttpURL.Origin, _ options: HttpOptions) -> HttpRoute {
        let tls = settings.hostTerms.map { $0(origin.host, options.tls) } ?? options.tls
        return HttpRoute(to: origin, tls: tls, proxy: options.proxy)
    }

    private var wallSeconds: Int64 { environment.wallClock / 1_000_000_000 }

    func forget(_ exchange: HttpExchange) { exchanges[ObjectIdentifier(exchange)] = nil }

    func takeCookies(_ headers: HttpHeaders, from url: HttpURL) {
        if settings.keepsCookies { jar.take(headers, from: url, now: wallSeconds) }
    }

    func judge(_ head: HttpResponseHead, of course: inout HttpCourse) -> HttpCourse.Verdict {
        course.judge(head, book: &book)
    }

    /// The head of a request as it goes out now.
    func head(
        of request: HttpRequest, by route: HttpRoute, login: HttpLogin?, decompresses: Bool
    ) throws(HttpFailure) -> HttpRequestHead {
        let target = HttpRequestHead.target(of: request.url, by: route)
        let authorization = try login.map { login throws(HttpFailure) in
            try book.value(for: login, request: request, target: target, random: environment.nextRandom)
        }
        return HttpRequestHead(
            request, by: route, target: target, decompresses: decompresses,
            cookies: settings.keepsCookies ? jar.value(for: request.url, now: wallSeconds) : nil,
            authorization: authorization ?? nil)
    }
}

extension HttpSession: ClosableResource {
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
