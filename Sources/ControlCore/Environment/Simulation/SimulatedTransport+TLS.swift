import Bytes
import DequeModule
import Polling

/// TLS between a ``SimulatedTransport`` and its link.
final class SimulatedTLSLayer {
    let handshake: TLSHandshake
    var protocolState: SimulatedTLS

    init(handshake: TLSHandshake, protocolState: SimulatedTLS) {
        self.handshake = handshake
        self.protocolState = protocolState
    }
}

extension SimulatedTransport {
    var tlsSession: TLSSession? { tls?.handshake.session }

    func startTLS(
        _ terms: TLSTerms,
        timeout: TimeAmount?,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        let handshake = TLSHandshake(terms, completion: completion) { [weak self] in self?.close() }
        guard isOpen, let host else {
            handshake.fail(.calledOff, execute: execute)
            return handshake
        }
        guard tls == nil else {
            handshake.fail(.tlsIsOn, execute: execute)
            return handshake
        }
        let now = (host.wallClockAtZero + Int64(world.now.uptimeNanoseconds)) / 1_000_000_000
        let layer = SimulatedTLSLayer(
            handshake: handshake,
            protocolState: SimulatedTLS(terms, trustedIssuers: host.trustedIssuers, now: now))
        tls = layer
        do throws(ParameterError) {
            try SimulatedTLS.check(terms)
        } catch {
            failTLS(.other(error.description))
            return handshake
        }
        record("tls", "\(terms.role)")
        handshake.timer = world.arm(after: (timeout ?? TLSTerms.handshakeTimeout).boundedDelay) { [weak self] in
            self?.failTLS(.timedOut)
        }
        perform(layer.protocolState.begin(), layer)
        // As on a socket: nothing that was not protected is delivered from now on.
        let early = inbox.takeUndelivered()
        if !early.isEmpty {
            execute { [self] in
                for bytes in early where !isGone { receiveThroughTLS(bytes) }
            }
        }
        return handshake
    }

    /// Ends the stream, as its handshake has failed.
    func failTLS(_ failure: ConnectFailure) {
        guard let tls, tls.handshake.isUnderWay else { return }
        record("tls failed", failure.text)
        tls.handshake.fail(failure, execute: execute)
        abandon(failure)
    }

    private func abandon(_ failure: ConnectFailure) {
        inbox.finish(.failed(failure.text))
        link.sendEnd()
        vanish(killingLink: false)
    }

    func sendThroughTLS(_ bytes: ByteBuffer) {
        guard let tls else {
            link.send(bytes)
            return
        }
        if tls.handshake.isUnderWay {
            tls.handshake.hold(bytes)
        } else {
            link.send(tls.protocolState.seal(bytes))
        }
    }

    func receiveThroughTLS(_ bytes: ByteBuffer) {
        guard let tls else { return }
        let actions = tls.protocolState.receive(bytes)
        // What the inbox takes, it gives back itself; the rest needs no more room here.
        let delivered = actions.reduce(0) { sum, action in
            if case .deliver(let bytes) = action { sum + bytes.readableBytes } else { sum }
        }
        peer?.link.release(bytes.readableBytes - delivered)
        perform(actions, tls)
    }

    private func perform(_ actions: [SimulatedTLS.Action], _ tls: SimulatedTLSLayer) {
        for action in actions where !isGone {
            switch action {
            case .send(let bytes):
                link.send(bytes)
            case .deliver(let bytes):
                record("recv", world.trace.describe(bytes))
                inbox.receive(bytes)
            case .fail(let failure):
                if tls.handshake.isUnderWay {
                    failTLS(failure)
                } else {
                    inbox.finish(isClosing ? .local : .failed(failure.text))
                    link.sendEnd()
                    vanish(killingLink: false)
                }
            case .agree(let session):
                guard tls.handshake.isUnderWay else { continue }
                record("tls agreed", "\(session.version)")
                let held = tls.handshake.takeHeld()
                let completion = tls.handshake.succeed(session)
                for bytes in held { link.send(tls.protocolState.seal(bytes)) }
                didPump()
                completion?(.success(session))
            }
        }
    }
}
