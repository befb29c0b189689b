import NIOCore
import NIOSSL

// TLS over an open connection. The library's handler sits between the socket and the transport.

extension TCPTransport {
    var tlsSession: TLSSession? { tls?.handshake.session }

    func startTLS(
        _ terms: TLSTerms,
        timeout: TimeAmount?,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        let handshake = TLSHandshake(terms, completion: completion) { [weak self] in self?.close() }
        guard isOpen, let context, let environment else {
            handshake.fail(.calledOff, execute: scheduler.execute)
            return handshake
        }
        guard tls == nil else {
            handshake.fail(.tlsIsOn, execute: scheduler.execute)
            return handshake
        }
        // What was sent before the handshake goes as it is.
        writeJoined()
        do {
            let layer = TLSLayer(handler: try environment.tlsContexts.handler(for: terms), handshake: handshake)
            tls = layer
            handshake.timer = environment.schedule(after: (timeout ?? TLSTerms.handshakeTimeout).boundedDelay) {
                [weak self] in
                self?.failTLS(.timedOut)
            }
            // The handshake has to be read, whether the owner wants bytes or not.
            setAutoRead(true)
            try context.pipeline.syncOperations.addHandler(layer.handler, position: .before(self))
            layer.wire = try context.pipeline.syncOperations.context(handler: layer.handler)
        } catch {
            let failure = ConnectFailure.other((error as? ParameterError)?.description ?? tlsErrorText(error))
            handshake.fail(failure, execute: scheduler.execute)
            abandon(failure)
        }
        return handshake
    }

    /// Ends the stream, as its handshake has failed.
    func failTLS(_ failure: ConnectFailure) {
        guard let tls, tls.handshake.isUnderWay else { return }
        tls.handshake.fail(failure, execute: scheduler.execute)
        abandon(failure)
    }

    private func abandon(_ failure: ConnectFailure) {
        inbox.finish(.failed(failure.text))
        (tls?.wire ?? context)?.close(promise: nil)
    }

    /// An error on a stream with TLS.
    /// - Returns: whether it is dealt with.
    func tlsDidCatch(_ error: any Error, _ tls: TLSLayer) -> Bool {
        switch tls.handshake.state {
        case .underWay:
            let now = (environment?.wallClock ?? 0) / 1_000_000_000
            failTLS(
                ConnectFailure(
                    handshake: error, terms: tls.handshake.terms, certificate: tls.peerCertificate, now: now))
            return true
        case .failed:
            return true
        case .done:
            return isRaggedEnd(error)
        }
    }

    /// The library has agreed with the peer; the certificate's names and pins are still to be looked at.
    func tlsDidAgree(_ tls: TLSLayer) {
        let terms = tls.handshake.terms
        guard tls.handshake.isUnderWay, let environment, let version = tls.version else { return }
        let certificate = tls.peerCertificate
        if let certificate {
            let now = environment.wallClock / 1_000_000_000
            if let problem = certificate.problem(under: terms, isTrusted: true, now: now) {
                failTLS(.certificateError(problem))
                return
            }
        } else if terms.verification != .none, !terms.isPeerCertificateOptional {
            failTLS(.certificateError("the peer has shown none"))
            return
        }
        let session = TLSSession(version: version, peerFingerprint: certificate?.fingerprint)
        let held = tls.handshake.takeHeld()
        let completion = tls.handshake.succeed(session)
        setAutoRead(inbox.wantsBytes)
        for bytes in held { send(bytes) }
        completion?(.success(session))
    }
}

extension ConnectFailure {
    /// A stream has one layer of TLS.
    static let tlsIsOn = ConnectFailure.other("TLS is on already")
}
