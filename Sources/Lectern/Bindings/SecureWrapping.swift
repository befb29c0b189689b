internal import ControlCore
internal import LuaRuntime
internal import NIOCore

// What `SSLWrap` has in common wherever it appears.

/// How long the handshake over an open connection may take.
private let wrapLimit = TimeAmount.seconds(10)

/// The words of `ssl_version`: the oldest version that is spoken.
private let versions: [(word: String, oldest: TLSProtocolVersion)] = [
    ("TLSv2", .tls12), ("TLSv1", .tls10), ("TLSv1.1", .tls11), ("TLSv1.2", .tls12), ("TLSv1.3", .tls13),
]

/// The parameters of every `SSLWrap`.
let secureWrappingParameters: [LuaParameter] = [
    .optional(
        "certificate", .string,
        "The certificate to show: an alias of lectern.yaml, or a PEM file with certificate and key in the program's folder."
    ),
    .optional(
        "cert_reqs", .oneOf(["CERT_NONE", "CERT_OPTIONAL", "CERT_REQUIRED"]),
        "Whether the peer's certificate is verified. A client verifies it unless this is 'CERT_NONE'. A server asks its clients "
            + "for a certificate only if this says so."),
    .optional(
        "ssl_version", .oneOf(versions.map(\.word)), default: "'TLSv2'",
        "The oldest version that is allowed; 'TLSv2' is TLS 1.2. Newer ones are preferred."),
    .optional(
        "ca_certs", .string,
        "The authorities to trust instead of those of the system: an alias of lectern.yaml, or a PEM file."
    ),
]

extension LuaCall {
    /// The terms that the arguments of `SSLWrap` stand for.
    /// - Parameter host: the peer of a client, which may have pins.
    func tlsTerms(_ role: TLSTerms.Role, host: String? = nil, _ context: BindingContext) throws(LuaFault) -> TLSTerms {
        let lookup = CertificateLookup(configuration: context.configuration, folder: context.folder)
        var terms = TLSTerms(role: role)
        if let name = string(1) { terms.identity = try lookup.identity(name, parameter: "certificate") }
        if let word = string(3), let version = versions.first(where: { $0.word == word }) {
            terms.minimumVersion = version.oldest
        }
        let authorities = try string(4).map { (name) throws(LuaFault) in
            try lookup.authorities(name, parameter: "ca_certs")
        }
        let requirement = string(2)
        if requirement == "CERT_NONE" || (role == .server && requirement == nil && authorities == nil) {
            terms.verification = .none
        } else if let authorities {
            terms.verification = .authorities(authorities)
        } else if role == .server {
            throw LuaFault(
                .valueError, "argument 'ca_certs' of SSLWrap must be given: it says whose clients are let in")
        }
        terms.isPeerCertificateOptional = role == .server && requirement == "CERT_OPTIONAL"
        // Whoever runs the program knows the device: a pin counts, whatever the program asks for.
        if let host, let pins = context.configuration.pins[host.lowercased()] { terms.verification = .pinned(pins) }
        return terms
    }

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
