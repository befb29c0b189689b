/// The cookies of a session. A plain value; bounded in number and size.
public struct CookieJar: Sendable {
    /// The cookies, in the order in which they first came.
    public private(set) var cookies: [Cookie] = []

    /// Makes an empty jar.
    public init() {}

    /// How many bytes of memory it keeps.
    public var heldBytes: Int { cookies.reduce(0) { $0 + $1.heldBytes } }

    /// Takes what an answer sets.
    /// - Parameter now: the wall clock, in seconds since 1970 UTC.
    mutating func take(_ headers: HttpHeaders, from url: HttpURL, now: Int64) {
        for text in headers.values(of: "Set-Cookie") {
            guard let cookie = Cookie(text, from: url, now: now) else { continue }
            set(cookie, now: now)
        }
    }

    private mutating func set(_ cookie: Cookie, now: Int64) {
        if let index = cookies.firstIndex(where: { cookie.replaces($0) }) {
            if cookie.hasExpired(now) { cookies.remove(at: index) } else { cookies[index] = cookie }
            return
        }
        guard !cookie.hasExpired(now) else { return }
        // The oldest make room: those that have ended first, then those of the same domain.
        if cookies.count >= HttpLimits.cookies { cookies.removeAll { $0.hasExpired(now) } }
        if cookies.count(where: { $0.domain == cookie.domain }) >= HttpLimits.cookiesPerDomain,
            let oldest = cookies.firstIndex(where: { $0.domain == cookie.domain })
        {
            cookies.remove(at: oldest)
        }
        if cookies.count >= HttpLimits.cookies { cookies.removeFirst() }
        cookies.append(cookie)
    }

    /// The value of `Cookie` for a request; `nil` for none.
    func value(for url: HttpURL, now: Int64) -> String? {
        let fitting = cookies.filter { $0.goesTo(url, now: now) }
        guard !fitting.isEmpty else { return nil }
        // Those for longer paths first; else in the order in which they came.
        let ordered = fitting.enumerated().sorted {
            ($1.element.path.utf8.count, $0.offset) < ($0.element.path.utf8.count, $1.offset)
        }
        var pairs: [String] = []
        var room = HttpLimits.cookieFieldBytes
        for cookie in ordered.map(\.element) {
            let pair = "\(cookie.name)=\(cookie.value)"
            room -= pair.utf8.count + 2
            guard room >= 0 else { break }
            pairs.append(pair)
        }
        return pairs.joined(separator: "; ")
    }

    /// Forgets all cookies.
    public mutating func clear() { cookies = [] }
}
