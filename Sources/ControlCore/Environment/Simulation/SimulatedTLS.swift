import Bytes

/// One side of a modelled TLS connection, as a plain value: bytes and bounds in, actions out.
///
/// It has what matters of the protocol: records, which may arrive in pieces and break when a byte of them changes; a
/// handshake of one and a half round trips with versions and certificates; and alerts. It hides nothing.
struct SimulatedTLS {
    enum Action {
        /// Bytes for the peer.
        case send(ByteBuffer)
        /// The handshake is done.
        case agree(TLSSession)
        /// Bytes for the owner.
        case deliver(ByteBuffer)
        /// It has failed and is of no use any more.
        case fail(ConnectFailure)
    }

    private enum RecordType: UInt8 {
        case alert = 21
        case hello = 22
        case data = 23
        case answer = 24
        case finished = 25
    }

    private enum State {
        case idle
        case awaitsHello
        case awaitsAnswer
        case awaitsFinished(TLSProtocolVersion)
        case open
        case failed
    }

    /// The most bytes of a record, as in TLS.
    private static let recordLimit = 16 * 1024
    /// Type, length and checksum.
    static let headerLength = 9

    private let terms: TLSTerms
    private let trustedIssuers: Set<String>
    /// Seconds since 1970 UTC.
    private let now: Int64
    private var state = State.idle
    private var arrived = ByteBuffer()

    /// - Parameters:
    ///   - trustedIssuers: whom the host trusts.
    ///   - now: the host's wall clock, in seconds since 1970 UTC.
    init(_ terms: TLSTerms, trustedIssuers: Set<String>, now: Int64) {
        self.terms = terms
        self.trustedIssuers = trustedIssuers
        self.now = now
    }

    /// What every simulated environment refuses.
    static func check(_ terms: TLSTerms) throws(ParameterError) {
        try terms.check()
        if let identity = terms.identity, SimulatedCertificate.all(in: identity.certificateChain).isEmpty {
            throw ParameterError(
                parameter: "certificate", problem: "has no readable certificate",
                allowed: "a simulated certificate, as this is a simulation")
        }
        if case .authorities(let bytes) = terms.verification, SimulatedCertificate.all(in: bytes).isEmpty {
            throw ParameterError(
                parameter: "ca_certs", problem: "has no readable certificate",
                allowed: "simulated certificates, as this is a simulation")
        }
    }

    /// Begins the handshake.
    mutating func begin() -> [Action] {
        guard terms.role == .client else {
            state = .awaitsHello
            return []
        }
        state = .awaitsAnswer
        let newest = terms.maximumVersion ?? .tls13
        return [.send(Self.record(.hello, [UInt8(terms.minimumVersion.rawValue), UInt8(newest.rawValue)]))]
    }

    /// The records that carry `bytes`.
    func seal(_ bytes: ByteBuffer) -> ByteBuffer {
        var rest = bytes
        var sealed = ByteBuffer()
        while let part = rest.readBytes(length: min(rest.readableBytes, Self.recordLimit)), !part.isEmpty {
            sealed.writeImmutableBuffer(Self.record(.data, part))
        }
        return sealed
    }

    /// Takes bytes from the peer.
    mutating func receive(_ bytes: ByteBuffer) -> [Action] {
        arrived.writeImmutableBuffer(bytes)
        var actions: [Action] = []
        while true {
            if case .failed = state { return actions }
            guard let type = arrived.getInteger(at: arrived.readerIndex, as: UInt8.self) else { break }
            guard let type = RecordType(rawValue: type) else {
                if case .open = state {
                    actions += fail("bytes were changed on their way")
                } else {
                    actions += fail("the peer does not speak TLS")
                }
                return actions
            }
            guard let length = arrived.getInteger(at: arrived.readerIndex + 1, as: UInt32.self),
                let sum = arrived.getInteger(at: arrived.readerIndex + 5, as: UInt32.self)
            else { break }
            guard length <= Self.recordLimit else {
                actions += fail("bytes were changed on their way")
                return actions
            }
            guard arrived.readableBytes >= Self.headerLength + Int(length) else { break }
            arrived.moveReaderIndex(forwardBy: Self.headerLength)
            let payload = arrived.readBytes(length: Int(length)) ?? []
            guard Self.checksum(type, payload) == sum else {
                actions += fail("bytes were changed on their way")
                return actions
            }
            actions += take(type, payload)
        }
        if arrived.readableBytes == 0 { arrived = ByteBuffer() }
        return actions
    }

    private mutating func take(_ type: RecordType, _ payload: [UInt8]) -> [Action] {
        switch (state, type) {
        case (.open, .data):
            return [.deliver(ByteBuffer(bytes: payload))]
        case (_, .alert):
            state = .failed
            let text = String(decoding: payload, as: UTF8.self)
            return [.fail(.other(text == Self.versionAlert ? terms.versionProblem : "TLS: \(text)"))]
        case (.awaitsHello, .hello) where payload.count == 2:
            return takeHello(payload)
        case (.awaitsAnswer, .answer) where !payload.isEmpty:
            return takeAnswer(payload)
        case (.awaitsFinished(let version), .finished):
            return takeFinished(payload, version)
        default:
            return fail("the peer does not speak TLS")
        }
    }

    private mutating func takeHello(_ payload: [UInt8]) -> [Action] {
        let newest = min(payload[1], UInt8((terms.maximumVersion ?? .tls13).rawValue))
        guard newest >= payload[0], newest >= UInt8(terms.minimumVersion.rawValue),
            let version = TLSProtocolVersion(rawValue: Int(newest))
        else {
            state = .failed
            return [.send(Self.record(.alert, Array(Self.versionAlert.utf8))), .fail(.other(terms.versionProblem))]
        }
        state = .awaitsFinished(version)
        return [.send(Self.record(.answer, [newest] + (terms.identity?.certificateChain ?? [])))]
    }

    private mutating func takeAnswer(_ payload: [UInt8]) -> [Action] {
        guard let version = TLSProtocolVersion(rawValue: Int(payload[0])) else {
            return fail("the peer does not speak TLS")
        }
        let certificate = SimulatedCertificate.all(in: Array(payload.dropFirst())).first
        if let problem = problem(with: certificate) { return refuse(problem) }
        state = .open
        return [
            .send(Self.record(.finished, terms.identity?.certificateChain ?? [])),
            .agree(TLSSession(version: version, peerFingerprint: certificate?.fingerprint)),
        ]
    }

    private mutating func takeFinished(_ payload: [UInt8], _ version: TLSProtocolVersion) -> [Action] {
        // A client that is not asked shows nothing.
        let shown = terms.verification == .none ? nil : SimulatedCertificate.all(in: payload).first
        if let problem = problem(with: shown) { return refuse(problem) }
        state = .open
        return [.agree(TLSSession(version: version, peerFingerprint: shown?.fingerprint))]
    }

    private func problem(with certificate: SimulatedCertificate?) -> String? {
        guard let certificate else {
            return terms.verification == .none || terms.isPeerCertificateOptional ? nil : "the peer has shown none"
        }
        var authorities = [SimulatedCertificate(names: Array(trustedIssuers))]
        if case .authorities(let bytes) = terms.verification { authorities = SimulatedCertificate.all(in: bytes) }
        let isTrusted = certificate.isTrusted(by: authorities)
        return certificate.peerCertificate.problem(under: terms, isTrusted: isTrusted, now: now)
    }

    private mutating func refuse(_ problem: String) -> [Action] {
        state = .failed
        let alert = "the peer does not accept this side's certificate"
        return [.send(Self.record(.alert, Array(alert.utf8))), .fail(.certificateError(problem))]
    }

    private mutating func fail(_ text: String) -> [Action] {
        state = .failed
        return [.fail(.other("TLS: \(text)"))]
    }

    private static let versionAlert = "protocol version"

    private static func record(_ type: RecordType, _ payload: [UInt8]) -> ByteBuffer {
        var record = ByteBuffer()
        record.writeInteger(type.rawValue)
        record.writeInteger(UInt32(payload.count))
        record.writeInteger(checksum(type, payload))
        record.writeBytes(payload)
        return record
    }

    private static func checksum(_ type: RecordType, _ payload: [UInt8]) -> UInt32 {
        payload.reduce(0x811c_9dc5 ^ UInt32(type.rawValue)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}
