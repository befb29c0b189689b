import ByteText
import ControlCore
import Polling

/// The text of a URL, whole or relative, while it is taken apart.
struct URLText {
    private let bytes: [UInt8]

    /// - Throws: when it is too long, or has a control character.
    init(_ text: String) throws(ParameterError) {
        bytes = text.rawBytes
        try Self.check(length: bytes.count)
        if let index = bytes.firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw Self.error(
                "has a control character at byte \(index + 1)", "a URL without line ends, tabs and zero bytes")
        }
    }

    static func check(length: Int) throws(ParameterError) {
        guard length <= HttpLimits.urlBytes else {
            throw error("has \(length) bytes", "at most \(HttpLimits.urlBytes) bytes")
        }
    }

    private static func error(_ problem: String, _ allowed: String) -> ParameterError {
        ParameterError(parameter: "url", problem: problem, allowed: allowed)
    }

    private var shown: String { String(rawBytes: bytes.prefix(80)).showingRawBytes }

    // MARK: Parts

    func whole() throws(ParameterError) -> HttpURL {
        guard let scheme = try scheme() else {
            throw Self.error("is '\(shown)', which names no protocol", "http://… or https://…")
        }
        return try absolute(scheme.value, bytes[scheme.end...])
    }

    /// RFC 3986, 5.2.
    func resolved(against base: HttpURL) throws(ParameterError) -> HttpURL {
        if let scheme = try scheme() { return try absolute(scheme.value, bytes[scheme.end...]) }
        if bytes.starts(with: "//".utf8) { return try absolute(base.scheme, bytes[...]) }
        let parts = Self.split(bytes[...])
        let path: String
        if parts.path.isEmpty {
            let query = parts.query ?? base.query
            return HttpURL(origin: base.origin, credentials: base.credentials, path: base.path, query: query)
        } else if parts.path.first == UInt8(ascii: "/") {
            path = Self.withoutDots(Self.escapingRest(parts.path))
        } else {
            let before = Array(base.path.utf8)
            let folder = before.prefix(through: before.lastIndex(of: UInt8(ascii: "/")) ?? 0)
            path = Self.withoutDots(folder + Self.escapingRest(parts.path))
        }
        return HttpURL(origin: base.origin, credentials: base.credentials, path: path, query: parts.query)
    }

    /// The protocol that it begins with, and where what follows `:` begins.
    private func scheme() throws(ParameterError) -> (value: HttpURL.Scheme, end: Int)? {
        let letters = bytes.prefix { byte in
            PercentCoding.isUnreserved(byte) && byte != UInt8(ascii: "_") && byte != UInt8(ascii: "~")
                || byte == UInt8(ascii: "+")
        }
        guard let first = letters.first, Character(Unicode.Scalar(first)).isLetter, letters.count < bytes.count,
            bytes[letters.count] == UInt8(ascii: ":")
        else { return nil }
        let name = String(decoding: letters, as: UTF8.self).lowercased()
        if let scheme = HttpURL.Scheme(rawValue: name) { return (scheme, letters.count + 1) }
        // A host and its port look alike.
        let isPort = bytes[(letters.count + 1)...].first.map { Character(Unicode.Scalar($0)).isNumber } ?? false
        if isPort || name.contains(".") {
            throw Self.error("is '\(shown)', which names no protocol", "http://… or https://…")
        }
        throw Self.error("has the protocol '\(name)'", "http or https")
    }

    private func absolute(_ scheme: HttpURL.Scheme, _ rest: ArraySlice<UInt8>) throws(ParameterError) -> HttpURL {
        guard rest.starts(with: "//".utf8) else {
            throw Self.error("is '\(shown)', without // behind the protocol", "\(scheme.rawValue)://host/path")
        }
        let begin = rest.startIndex + 2
        let end = rest[begin...].firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        var authority = rest[begin..<end]
        var credentials: Credentials?
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            credentials = Self.credentials(authority[..<at])
            authority = authority[(at + 1)...]
        }
        let (host, port) = try Self.hostAndPort(authority, scheme)
        let parts = Self.split(rest[end...])
        let path = parts.path.isEmpty ? "/" : Self.withoutDots(Self.escapingRest(parts.path))
        return HttpURL(
            origin: HttpURL.Origin(scheme: scheme, host: host, port: port), credentials: credentials, path: path,
            query: parts.query)
    }

    private static func credentials(_ text: ArraySlice<UInt8>) -> Credentials? {
        guard !text.isEmpty else { return nil }
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let password = parts.count > 1 ? PercentCoding.unescaped(parts[1]) : []
        return Credentials(
            user: String(rawBytes: PercentCoding.unescaped(parts[0])), password: String(rawBytes: password))
    }

    private static func hostAndPort(
        _ authority: ArraySlice<UInt8>, _ scheme: HttpURL.Scheme
    ) throws(ParameterError) -> (String, Int) {
        let host: String
        var rest: ArraySlice<UInt8>
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else {
                throw error("has a '[' without a ']' at byte \(authority.startIndex + 1)", "http://[2001:db8::1]/")
            }
            host = String(decoding: authority[(authority.startIndex + 1)..<end], as: UTF8.self).lowercased()
            guard let address = try? SocketAddress(ipAddress: host, port: 0), address.isIPv6 else {
                throw error("has '\(host)' in brackets", "an IPv6 address in brackets")
            }
            rest = authority[(end + 1)...]
            if let next = rest.first, next != UInt8(ascii: ":") {
                throw error("has '\(Character(Unicode.Scalar(next)))' behind the ']'", "nothing, or : and a port")
            }
        } else {
            let end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
            host = try name(authority[..<end])
            rest = authority[end...]
        }
        rest = rest.dropFirst()
        guard !rest.isEmpty else { return (host, scheme.defaultPort) }
        let text = String(decoding: rest, as: UTF8.self)
        guard rest.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text), (1...65_535).contains(port) else {
            throw error("has the port '\(text)' at byte \(rest.startIndex + 1)", "1 to 65535")
        }
        return (host, port)
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(ParameterError) -> String {
        guard !bytes.isEmpty else { throw error("has no host", "a host name or an IP address behind //") }
        if let index = bytes.firstIndex(where: { !PercentCoding.isUnreserved($0) }) {
            let shown = String(rawBytes: bytes).showingRawBytes
            let form = bytes[index] < 0x80 ? "letters, digits, '-', '.' and '_'" : "its form in ASCII, xn--…"
            throw error("has the host '\(shown)'", form)
        }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    // MARK: Path and query

    /// Path and query, of which the query is escaped; the fragment is left out.
    private static func split(_ text: ArraySlice<UInt8>) -> (path: ArraySlice<UInt8>, query: String?) {
        let whole = text.prefix { $0 != UInt8(ascii: "#") }
        guard let mark = whole.firstIndex(of: UInt8(ascii: "?")) else { return (whole, nil) }
        return (whole[..<mark], String(decoding: escapingRest(whole[(mark + 1)...]), as: UTF8.self))
    }

    /// Escapes what no URL may have, and leaves what is escaped.
    private static func escapingRest(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            if byte > 0x7E || byte <= 0x20 || "\"<>\\^`{|}".utf8.contains(byte) {
                PercentCoding.escape(byte, into: &result)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// RFC 3986, 5.2.4, of a path that begins with `/`.
    private static func withoutDots(_ path: [UInt8]) -> String {
        var kept: [ArraySlice<UInt8>] = []
        let parts = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            switch String(decoding: part, as: UTF8.self) {
            case ".":
                if isLast { kept.append([]) }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append([]) }
            default:
                kept.append(part)
            }
        }
        return String(decoding: [UInt8(ascii: "/")] + kept.joined(separator: [UInt8(ascii: "/")]), as: UTF8.self)
    }
}
