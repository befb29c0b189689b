public import Polling

/// The bounds of everything that a program or its peers could make grow.
public enum HttpLimits {
    /// The most bytes of a response's status line and headers, or of its trailers: 64 KiB.
    public static let headBytes = 64 << 10
    /// The most header fields of a request or a response; its trailers count, too.
    public static let fieldCount = 100
    /// How many answers of the kind `1xx` may come before the one that counts.
    public static let informationalCount = 32
    /// The most bytes of a response's body when nobody sets a limit: 8 MiB.
    public static let responseBody = 8 << 20
    /// The most bytes of a request's body: 64 MiB.
    public static let requestBody = 64 << 20
    /// The most bytes of a URL: 8 KiB, which is what servers take.
    public static let urlBytes = 8 << 10
    /// How long an exchange may take when nobody sets a limit.
    public static let timeout = TimeAmount.seconds(30)
    /// How many redirects are followed when nobody sets a limit.
    public static let redirects = 10
    /// So many bytes are read of an answer that nobody wants, to keep its connection: 64 KiB. Beyond, it is closed.
    public static let discardedBody = 64 << 10
    /// How long a server is given to ask for the body of a request that expects it to.
    public static let continueWait = TimeAmount.seconds(1)
    /// The most bytes of one piece of a body, sent or streamed: 64 KiB.
    public static let pieceBytes = 64 << 10
    /// How many pieces of a streamed body are delivered in one turn of the loop.
    static let piecesPerTurn = 4

    /// The most connections to one host by one session.
    public static let connectionsPerHost = 6
    /// The most connections of one session.
    public static let connections = 64
    /// How long a connection without an exchange is kept.
    public static let idleTime = TimeAmount.seconds(60)
    /// How many exchanges of one session may wait for a connection.
    public static let waitingExchanges = 1_000

    /// The most cookies of one domain.
    public static let cookiesPerDomain = 50
    /// The most cookies of one session.
    public static let cookies = 500
    /// The most bytes of one cookie.
    public static let cookieBytes = 4 << 10
    /// The most bytes of the cookies that go with one request: 16 KiB.
    public static let cookieFieldBytes = 16 << 10
    /// How many servers' demands for a login a session remembers.
    public static let rememberedLogins = 64
    /// How many ways to log in are looked at that one answer offers.
    public static let challenges = 8

    /// The most bytes of one line of a stream that is read by lines: 1 MiB.
    public static let lineBytes = 1 << 20
    /// The most bytes of one server-sent event: 1 MiB.
    public static let eventBytes = 1 << 20
}
