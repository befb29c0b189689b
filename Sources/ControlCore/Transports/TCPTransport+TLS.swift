import Bytes
import DequeModule
import Polling
import TLS

// TLS over an open connection. Its layer sits between the socket and the transport.

extension TCPTransport {
    var tlsSession: TLSSession? { tls?.handshake.session }

    func startTLS(
        _ terms: TLSTerms,
        timeout: TimeAmount?,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        let handshake = TLSHandshake(terms, completion: completion) { [weak self] in self?.close() }
        guard isOpen, let environment else {
            handshake.fail(.calledOff, execute: scheduler.execute)
            return handshake
        }
        guard tls == nil else {
            handshake.fail(.tlsIsOn, execute: scheduler.execute)
            return handshake
        }
        do throws(ParameterError) {
            let layer = TLSLayer(try environment.tlsContexts.connection(for: terms), handshake: handshake, of: self)
            tls = layer
            handshake.timer = environment.schedule(after: (timeout ?? TLSTerms.handshakeTimeout).boundedDelay) {
                [weak self] in
                self?.failTLS(.timedOut)
            }
            // The handshake has to be read, whether the owner wants bytes or not.
            readAsWanted()
            layer.judgePeer(now: environment.wallClock / 1_000_000_000)
            // As with what the system has still to hand over: nothing that was not protected is delivered from now on.
            layer.begin(with: inbox.takeUndelivered())
        } catch {
            let failure = ConnectFailure.other(error.description)
            handshake.fail(failure, execute: scheduler.execute)
            abandon(.failed(failure.text))
        }
        return handshake
    }

    /// Ends the stream, as its handshake has failed.
    private func failTLS(_ failure: ConnectFailure) {
        guard let tls, tls.handshake.isUnderWay else { return }
        tls.handshake.fail(failure, execute: scheduler.execute)
        abandon(.failed(failure.text))
    }

    /// The handshake has failed.
    func tlsDidFail(_ error: TLSError, _ tls: TLSLayer) {
        let now = (environment?.wallClock ?? 0) / 1_000_000_000
        failTLS(
            ConnectFailure(
                handshake: error, terms: tls.handshake.terms, certificate: tls.peerCertificate, now: now))
    }

    /// The socket has ended. A peer that ends it without the farewell of TLS is taken to have closed in good order:
    /// many devices do that.
    func tlsWireDidEnd(_ error: SystemError?) {
        guard let error else {
            failTLS(.other(tlsErrorText(.endOfStream, inHandshake: true)))
            return
        }
        failTLS(.other("TLS: \(wireErrorText(error)) during the handshake"))
    }

    /// The library has agreed with the peer, whose certificate is looked at once more, however it was verified.
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
        readAsWanted()
        for bytes in held { send(bytes) }
        completion?(.success(session))
    }
}

extension ConnectFailure {
    /// A stream has one layer of TLS.
    static let tlsIsOn = ConnectFailure.other("TLS is on already")
}
