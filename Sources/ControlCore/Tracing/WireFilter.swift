import Polling

/// Which wires are traced: those that one of the terms names.
public struct WireFilter: Sendable, Equatable {
    /// What a term may look like, for messages.
    public static let forms =
        "all, a host, host:port, :port of this machine, COM1, Alias:COM1, a path such as /dev/ttyUSB0, "
        + "or a variable of the program"

    enum Term: Sendable, Equatable {
        case all
        /// A word: a host, or a port of any device alias; or a name as it was given, of which case counts.
        case word(String)
        case endpoint(host: String, port: Int)
        /// A port of this machine that listens, or of a UDP socket.
        case localPort(Int)
        case path(String)
        /// `Alias:COM1`.
        case aliasPort(String)
    }

    /// The terms as they were given.
    public let texts: [String]
    let terms: [Term]

    /// Every wire.
    public static let all = WireFilter(texts: ["all"], terms: [.all])

    private init(texts: [String], terms: [Term]) {
        self.texts = texts
        self.terms = terms
    }

    /// Reads terms, of which one is enough.
    /// - Throws: names the first that is none of the ``forms``.
    public init(_ texts: [String]) throws(ParameterError) {
        var terms: [Term] = []
        for text in texts {
            guard let term = Self.term(text) else {
                throw ParameterError(parameter: "trace", problem: "is '\(text)'", allowed: "one of \(Self.forms)")
            }
            terms.append(term)
        }
        self.init(texts: texts, terms: terms)
    }

    private static func term(_ text: String) -> Term? {
        let isPrintable = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        guard !text.isEmpty, isPrintable else { return nil }
        if text == "all" { return .all }
        if text.hasPrefix("/") { return text.count > 1 ? .path(text) : nil }
        // An IPv6 address has colons of its own.
        if let address = canonicalAddress(text) { return .word(address) }
        guard let colon = text.lastIndex(of: ":") else { return .word(text.lowercased()) }
        let host = text[..<colon]
        let port = text[text.index(after: colon)...]
        if let number = Int(port) {
            guard (1...65_535).contains(number) else { return nil }
            if host.isEmpty { return .localPort(number) }
            if host.hasPrefix("["), host.hasSuffix("]") {
                return canonicalAddress(String(host.dropFirst().dropLast())).map { .endpoint(host: $0, port: number) }
            }
            return host.contains(":") ? nil : .endpoint(host: host.lowercased(), port: number)
        }
        return host.isEmpty || port.isEmpty || host.contains(":") ? nil : .aliasPort(text)
    }

    /// An address as the system writes it; `nil` for what is none.
    private static func canonicalAddress(_ text: String) -> String? {
        (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress.lowercased()
    }

    /// Where a wire leads, in all the words that a term may use.
    struct Ends {
        /// The other side's names and addresses.
        var hosts: [String] = []
        var port: Int?
        var localPort: Int?
        var path: String?
        /// What the configuration calls it: `Alias:COM1`.
        var aliases: [String] = []
        /// What the program calls the object whose wire it is.
        var names: [String] = []
    }

    /// The terms that name a wire.
    func matches(_ ends: Ends) -> [Int] {
        terms.indices.filter { index in
            switch terms[index] {
            case .all: true
            case .word(let word):
                ends.names.contains(texts[index]) || ends.isHost(word)
                    || ends.aliases.contains { $0.lowercased().hasSuffix(":\(word)") }
            case .endpoint(let host, let port): ends.port == port && ends.isHost(host)
            case .localPort(let port): ends.localPort == port
            case .path(let path): ends.path == path
            case .aliasPort(let alias): ends.aliases.contains(alias)
            }
        }
    }

    /// Whether a socket that talks to many may have a peer that a term names.
    var namesPeers: Bool {
        terms.contains { term in
            switch term {
            case .word, .endpoint: true
            case .all, .localPort, .path, .aliasPort: false
            }
        }
    }
}

extension WireFilter.Ends {
    fileprivate func isHost(_ name: String) -> Bool { hosts.contains { $0.lowercased() == name } }
}
