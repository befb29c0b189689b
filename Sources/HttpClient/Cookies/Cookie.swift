import ByteText

/// What a server wants to be told with later requests: RFC 6265. A plain value.
public struct Cookie: Equatable, Sendable {
    /// Its name.
    public private(set) var name: String
    /// Its value; may be empty.
    public private(set) var value: String
    /// The host that it is for, or the domain.
    public private(set) var domain: String
    /// Whether it is for ``domain`` alone, and for no host in it.
    public private(set) var isHostOnly = true
    /// The path that it is for, and all below.
    public private(set) var path: String
    /// Whether it goes over TLS only.
    public private(set) var isSecure = false
    /// When it ends: seconds since 1970 UTC. `nil`: with its session.
    public private(set) var expires: Int64?

    /// Reads the value of a `Set-Cookie`.
    /// - Parameters:
    ///   - text: the value.
    ///   - url: what was asked for.
    ///   - now: the wall clock, in seconds since 1970 UTC.
    /// - Returns: `nil` when it is none, or for a domain that `url` does not belong to.
    init?(_ text: String, from url: HttpURL, now: Int64) {
        let bytes = text.rawBytes
        guard bytes.count <= HttpLimits.cookieBytes else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let pair = Self.pair(parts[0]), !pair.name.isEmpty else { return nil }
        name = pair.name
        value = pair.value
        domain = url.host
        path = Self.defaultPath(url.path)
        var maximumAge: Int64?
        for part in parts.dropFirst() {
            let attribute = Self.pair(part) ?? (String(rawBytes: HttpHeaders.trimmed(part)), "")
            switch attribute.name.lowercased() {
            case "expires": expires = CookieDate.seconds(attribute.value) ?? expires
            case "max-age": maximumAge = Self.age(attribute.value) ?? maximumAge
            case "domain":
                guard setDomain(attribute.value, url.host) else { return nil }
            case "path": path = attribute.value.hasPrefix("/") ? attribute.value : Self.defaultPath(url.path)
            case "secure": isSecure = true
            default: break
            }
        }
        if let maximumAge { expires = maximumAge <= 0 ? .min : now + maximumAge }
        // Who is on the way of plain HTTP must not replace what goes over TLS.
        if isSecure, url.scheme != .https { return nil }
    }

    /// How many bytes of memory it keeps.
    var heldBytes: Int { 160 + name.utf8.count + value.utf8.count + domain.utf8.count + path.utf8.count }

    /// Whether it is another value of the same cookie.
    func replaces(_ other: Cookie) -> Bool { name == other.name && domain == other.domain && path == other.path }

    /// Whether it goes with a request.
    func goesTo(_ url: HttpURL, now: Int64) -> Bool {
        guard !hasExpired(now), !isSecure || url.scheme == .https else { return false }
        return Self.belongs(url.host, to: domain, isHostOnly) && Self.isBelow(url.path, path)
    }

    func hasExpired(_ now: Int64) -> Bool { expires.map { $0 <= now } ?? false }

    // MARK: -

    /// Name and value around the first `=`; `nil` without one.
    private static func pair(_ text: ArraySlice<UInt8>) -> (name: String, value: String)? {
        guard let sign = text.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let value = HttpHeaders.trimmed(text[text.index(after: sign)...])
        return (String(rawBytes: HttpHeaders.trimmed(text[..<sign])), String(rawBytes: value))
    }

    /// - Returns: false when the host does not belong to it, or when it would be all of a top domain.
    private mutating func setDomain(_ text: String, _ host: String) -> Bool {
        var name = text.lowercased()
        if name.hasPrefix(".") { name.removeFirst() }
        if name.isEmpty || name == host { return true }
        guard name.contains("."), Self.belongs(host, to: name, false) else { return false }
        domain = name
        isHostOnly = false
        return true
    }

    private static func belongs(_ host: String, to domain: String, _ isHostOnly: Bool) -> Bool {
        if host == domain { return true }
        // An address has no domain.
        let isAddress = host.contains(":") || host.utf8.allSatisfy { $0 < 0x3A }
        return !isHostOnly && !isAddress && host.hasSuffix("." + domain)
    }

    private static func isBelow(_ path: String, _ prefix: String) -> Bool {
        guard path.hasPrefix(prefix) else { return false }
        return prefix.hasSuffix("/") || path.utf8.count == prefix.utf8.count
            || path.utf8.dropFirst(prefix.utf8.count).first == UInt8(ascii: "/")
    }

    private static func defaultPath(_ path: String) -> String {
        let bytes = Array(path.utf8)
        guard let last = bytes.lastIndex(of: UInt8(ascii: "/")), last > 0 else { return "/" }
        return String(decoding: bytes[..<last], as: UTF8.self)
    }

    /// Seconds, brought into a hundred years.
    private static func age(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let century: Int64 = 3_153_600_000
        return isNegative ? -1 : min(Int64(digits) ?? century, century)
    }
}
