import ControlCore
import HSMS
import LoopTesting
import Polling
import Testing

/// The environments on which HSMS must behave alike.
enum EnvironmentKind: String, CaseIterable, Sendable {
    case live
    case simulated
}

/// This side and a peer, and the end of a test that runs on their loop.
final class HsmsScene {
    let here: any Environment
    let there: any Environment
    /// The address of this side, seen by the peer.
    let hereAddress: String
    /// The address of the peer, seen from here.
    let thereAddress: String
    private let onEnd: () -> Void
    private(set) var hasEnded = false

    init(
        here: any Environment, there: any Environment, hereAddress: String, thereAddress: String,
        onEnd: @escaping () -> Void
    ) {
        self.here = here
        self.there = there
        self.hereAddress = hereAddress
        self.thereAddress = thereAddress
        self.onEnd = onEnd
    }

    /// The test has seen all that it waits for.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        onEnd()
    }

    /// Ends the test with a failure.
    func fail(_ comment: Comment, at location: SourceLocation = #_sourceLocation) {
        // What happens at the end is no failure.
        guard !hasEnded else { return }
        Issue.record(comment, sourceLocation: location)
        end()
    }

    /// A raw peer that connects to this side.
    func connect(to port: Int, then body: @escaping (RawPeer) -> Void) {
        there.connectTCP(host: hereAddress, port: port, timeout: .seconds(5)) { [self] result in
            switch result {
            case .success(let transport):
                let peer = RawPeer(transport)
                peer.start()
                body(peer)
            case .failure(let failure): fail("cannot connect: \(failure)")
            }
        }
    }

    /// A raw peer that this side connects to.
    func listen(accept: @escaping (RawPeer) -> Void, then body: @escaping (any Listener) -> Void) {
        there.listenTCP(address: thereAddress, port: 0) { transport in
            let peer = RawPeer(transport)
            accept(peer)
            peer.start()
        } completion: { [self] result in
            switch result {
            case .success(let listener): body(listener)
            case .failure(let failure): fail("cannot listen: \(failure)")
            }
        }
    }

    /// A passive protocol of this side, once it listens.
    func passive(
        _ configuration: HsmsConfiguration = HsmsConfiguration(), sessionID: UInt16 = 0, events: EventLog? = nil,
        then body: @escaping (HsmsProtocol, _ port: Int) -> Void
    ) {
        do {
            let handler = try HsmsProtocol(
                environment: here, address: thereAddress, port: 0, active: false, sessionID: sessionID, name: "passive",
                configuration: configuration)
            if let events { handler.onEvent = { events.note($1) } }
            (handler.connection as? HsmsPassiveConnection)?.onListening = { body(handler, $0) }
            handler.enable()
        } catch {
            fail("\(error)")
        }
    }
}

/// Runs `body` in an environment of the given kind until the scene ends, then closes everything and checks that nothing
/// is left open.
func withHsmsScene(
    _ kind: EnvironmentKind,
    limit: TimeAmount = .seconds(60),
    at location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (HsmsScene) -> Void
) async throws {
    switch kind {
    case .live:
        let ended: Bool = try await onLiveLoop { loop, done in
            let here = LiveEnvironment(loop: loop)
            let there = LiveEnvironment(loop: loop)
            var hasEnded = false
            func finish(_ result: Bool) {
                guard !hasEnded else { return }
                hasEnded = true
                here.close {
                    there.close {
                        #expect(here.openTransports + there.openTransports == 0, sourceLocation: location)
                        #expect(here.openListeners + there.openListeners == 0, sourceLocation: location)
                        done(result)
                    }
                }
            }
            let scene = HsmsScene(here: here, there: there, hereAddress: "127.0.0.1", thereAddress: "127.0.0.1") {
                finish(true)
            }
            here.schedule(after: limit) { finish(false) }
            body(scene)
        }
        #expect(ended, "the test did not end in time", sourceLocation: location)
    case .simulated:
        let world = SimulatedWorld(seed: 7)
        let here = world.environment(named: "here", address: "10.0.0.1")
        let there = world.environment(named: "there", address: "10.0.0.2")
        let scene = HsmsScene(here: here, there: there, hereAddress: "10.0.0.1", thereAddress: "10.0.0.2") {}
        body(scene)
        let ended = world.run(limit: limit) { scene.hasEnded }
        #expect(ended, "the test did not end in time", sourceLocation: location)
        here.close()
        there.close()
        #expect(world.runUntilIdle(), sourceLocation: location)
        #expect(world.network.connections.isEmpty, sourceLocation: location)
    }
}
