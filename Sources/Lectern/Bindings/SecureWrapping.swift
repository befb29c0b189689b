internal import ByteText
internal import ControlCore
internal import LuaRuntime
import Polling

// What `SSLWrap` has in common wherever it appears.

/// How long the handshake over an open connection may take.
private let wrapLimit = TimeAmount.seconds(10)

/// The parameters of every `SSLWrap`.
struct SecureWrapping {
    /// The words of `cert_reqs`.
    private enum Requirement: String, CaseIterable {
        case none = "CERT_NONE"
        case optional = "CERT_OPTIONAL"
        case required = "CERT_REQUIRED"
    }

    /// The words of `ssl_version`.
    private enum OldestVersion: String, CaseIterable {
        case modern = "TLSv2"
        case tls10 = "TLSv1"
        case tls11 = "TLSv1.1"
        case tls12 = "TLSv1.2"
        case tls13 = "TLSv1.3"

        var version: TLSProtocolVersion {
            switch self {
            case .tls10: .tls10
            case .tls11: .tls11
            case .modern, .tls12: .tls12
            case .tls13: .tls13
            }
        }
    }

    private let certificate: Parameter<String?>
    private let requirement: Parameter<Requirement?>
    private let oldestVersion: Parameter<OldestVersion>
    private let authorities: Parameter<String?>

    init(_ parameters: inout ParameterList) {
        certificate = parameters.optional(
            "certificate", .string,
            "The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder."
        )
        requirement = parameters.optional(
            "cert_reqs", .oneOf(Requirement.self),
            "Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients "
                + "for a certificate only if this says so.")
        oldestVersion = parameters.optional(
            "ssl_version", .oneOf(OldestVersion.self), default: .modern,
            "The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred.")
        authorities = parameters.optional(
            "ca_certs", .string,
            "The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file.")
    }

    /// The terms that the arguments of a call stand for.
    /// - Parameters:
    ///   - host: the peer of a client, which may have pins.
    ///   - function: whose call it is, for messages.
    func terms(
        of call: LuaCall, _ role: TLSTerms.Role, host: String? = nil, function: String = "SSLWrap",
        _ context: BindingContext
    ) throws(LuaFault) -> TLSTerms {
        var terms = try Self.terms(
            role, certificate: call[certificate], requirement: call[requirement], oldest: call[oldestVersion],
            authorities: call[authorities], function: function, context)
        // Whoever runs the program knows the device: a pin counts, whatever the program asks for.
        if let host, let pins = context.configuration.pins(of: host) { terms.verification = .pinned(pins) }
        return terms
    }

    /// The terms of a client that words by the names of the parameters stand for, without pins.
    static func terms(ofClient words: [String: String], _ context: BindingContext) throws(LuaFault) -> TLSTerms {
        let names = ["certificate", "cert_reqs", "ssl_version", "ca_certs"]
        for name in words.keys.sorted() where !names.contains(name) {
            let near = NearMiss.find(name, in: names).map { "did you mean '\($0)'?" }
            throw LuaFault(
                .typeError,
                "argument 'tls' has no field '\(name.showingRawBytes.prefix(80))'; "
                    + (near ?? "it has \(names.joined(separator: ", "))"))
        }
        return try terms(
            .client, certificate: words["certificate"],
            requirement: word(of: "cert_reqs", in: words), oldest: word(of: "ssl_version", in: words) ?? .modern,
            authorities: words["ca_certs"], function: "http", context)
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        of name: String, in words: [String: String]
    ) throws(LuaFault) -> Word? {
        guard let text = words[name] else { return nil }
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw LuaFault(
                .valueError,
                "argument 'tls': \(name) is '\(text.showingRawBytes.prefix(80))'; it must be one of \(known)")
        }
        return word
    }

    private static func terms(
        _ role: TLSTerms.Role, certificate: String?, requirement: Requirement?, oldest: OldestVersion,
        authorities: String?, function: String, _ context: BindingContext
    ) throws(LuaFault) -> TLSTerms {
        let lookup = CertificateLookup(
            configuration: context.configuration, folder: context.folder, function: function)
        var terms = TLSTerms(role: role)
        if let certificate { terms.identity = try lookup.identity(certificate, parameter: "certificate") }
        terms.minimumVersion = oldest.version
        let authorities = try authorities.map { (name) throws(LuaFault) in
            try lookup.authorities(name, parameter: "ca_certs")
        }
        if requirement == Requirement.none || (role == .server && requirement == nil && authorities == nil) {
            terms.verification = .none
        } else if let authorities {
            terms.verification = .authorities(authorities)
        } else if role == .server {
            throw LuaFault(
                .valueError, "argument 'ca_certs' of SSLWrap must be given: it says whose clients are let in")
        }
        terms.isPeerCertificateOptional = role == .server && requirement == .optional
        return terms
    }
}

extension LuaCall {
    /// Suspends the task over a handshake; a failure is raised.
    func secure(
        _ peer: String,
        _ begin: (TimeAmount, @escaping (Result<TLSSession, ConnectFailure>) -> Void) throws -> any Cancellable
    ) throws(LuaFault) -> LuaResult {
        try wait { (waiter) throws(LuaFault) in
            do {
                let pending = try begin(wrapLimit) { result in
                    switch result {
                    case .success: waiter.resume()
                    case .failure(let failure):
                        waiter.resume(throwing: LuaFault(.connectionError, "SSLWrap with \(peer): \(failure.text)"))
                    }
                }
                return { pending.cancel() }
            } catch let error as ParameterError {
                throw LuaFault(error)
            } catch let error as IOFault {
                throw LuaFault(error)
            } catch {
                throw LuaFault(.connectionError, "SSLWrap with \(peer): \(error)")
            }
        }
    }
}

/// Refuses what only TCP has.
func requireTCP(_ networkProtocol: NetworkProtocol, _ peer: String) throws(LuaFault) {
    guard networkProtocol == .tcp else {
        throw LuaFault(.typeError, "SSLWrap is for TCP; \(peer) speaks \(networkProtocol.rawValue)")
    }
}
