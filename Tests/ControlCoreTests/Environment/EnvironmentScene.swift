import LoopTesting
import Polling
import Testing

@testable import ControlCore

/// The environments that must behave alike.
enum EnvironmentKind: String, CaseIterable, Sendable {
    case live
    case liveOnRing = "live on io_uring"
    case simulated

    /// Those that can be had here.
    static let allCases: [EnvironmentKind] =
        LoopBackend.tested.contains(.ioUring) ? [.live, .liveOnRing, .simulated] : [.live, .simulated]

    /// What the loop of its sockets waits with; nil in a simulation.
    var backend: LoopBackend? {
        switch self {
        case .live: .epoll
        case .liveOnRing: .ioUring
        case .simulated: nil
        }
    }
}

/// Two programs that can reach each other, and the end of a test that runs on their loop.
final class EnvironmentScene {
    let client: any Environment
    let server: any Environment
    /// The address at which the client finds the server.
    let serverHost: String
    private let onEnd: () -> Void
    private var cleanups: [() -> Void] = []
    private(set) var hasEnded = false

    init(client: any Environment, server: any Environment, serverHost: String, onEnd: @escaping () -> Void) {
        self.client = client
        self.server = server
        self.serverHost = serverHost
        self.onEnd = onEnd
    }

    /// The test has seen all that it waits for.
    func end() {
        hasEnded = true
        onEnd()
    }

    /// Ends the test with a failure.
    func fail(_ comment: Comment, at location: SourceLocation = #_sourceLocation) {
        Issue.record(comment, sourceLocation: location)
        end()
    }

    /// Runs `cleanup` when the test has ended and both environments are closed.
    func atEnd(_ cleanup: @escaping () -> Void) {
        cleanups.append(cleanup)
    }

    /// What the scene's runner calls when both environments are closed: runs the cleanups and checks that nothing is
    /// left.
    func checkEmpty(at location: SourceLocation) {
        for cleanup in cleanups { cleanup() }
        cleanups = []
        for open in [client.openResources, server.openResources] {
            #expect(open == OpenResources(), sourceLocation: location)
        }
    }

    /// The loop of sockets; `nil` in a simulation.
    var liveLoop: PollLoop? { (client.unwatched as? LiveEnvironment)?.loop }
    /// The world of a simulation; `nil` for sockets.
    var world: SimulatedWorld? { (client.unwatched as? SimulatedEnvironment)?.world }
    /// The client's own address.
    var clientHost: String { (client.unwatched as? SimulatedEnvironment)?.address ?? "127.0.0.1" }

    /// Ends all that the client's program had, as the end of that program does.
    func closeClient() {
        if let live = client.unwatched as? LiveEnvironment {
            live.close()
        } else if let simulated = client.unwatched as? SimulatedEnvironment {
            simulated.close()
        }
    }

    /// Lets the server listen at a port of the system's choice.
    func listen(
        accept: @escaping (any StreamTransport) -> Void,
        then body: @escaping (any Listener) -> Void
    ) {
        server.listenTCP(address: serverHost, port: 0, accept: accept) { [self] result in
            switch result {
            case .success(let listener): body(listener)
            case .failure(let failure): fail("cannot listen: \(failure)")
            }
        }
    }

    /// Lets the client connect to the server.
    func connect(to port: Int, then body: @escaping (any StreamTransport) -> Void) {
        client.connectTCP(host: serverHost, port: port, timeout: .seconds(5)) { [self] result in
            switch result {
            case .success(let transport): body(transport)
            case .failure(let failure): fail("cannot connect: \(failure)")
            }
        }
    }

    /// Calls `body` with a port of the server's on which nobody listens.
    func withFreePort(_ body: @escaping (Int) -> Void) {
        listen { _ in
        } then: { [self] listener in
            let port = listener.port
            listener.close()
            server.execute { body(port) }
        }
    }

    /// Calls `body` with a host and a port that answer no TCP connect.
    func withSilentAddress(_ body: (_ host: String, _ port: Int) -> Void) {
        guard liveLoop != nil else { return body("10.0.0.99", 23) }
        do {
            let deaf = try DeafSocket()
            atEnd { withExtendedLifetime(deaf) {} }
            body("127.0.0.1", deaf.port)
        } catch {
            fail("no silent socket: \(error)")
        }
    }

    /// Opens a connection and gives both ends, neither of them started.
    func open(then body: @escaping (_ client: any StreamTransport, _ server: any StreamTransport) -> Void) {
        var clientEnd: (any StreamTransport)?
        var serverEnd: (any StreamTransport)?
        func tryBegin() {
            if let clientEnd, let serverEnd { body(clientEnd, serverEnd) }
        }
        listen { transport in
            serverEnd = transport
            tryBegin()
        } then: { [self] listener in
            connect(to: listener.port) { transport in
                clientEnd = transport
                tryBegin()
            }
        }
    }
}

/// Runs `body` in an environment of the given kind until the scene ends, then closes everything and checks that nothing
/// is left open.
/// - Parameter isTraced: whether a trace watches both programs.
func withScene(
    _ kind: EnvironmentKind,
    isTraced: Bool = false,
    limit: TimeAmount = .seconds(120),
    at location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (EnvironmentScene) -> Void
) async throws {
    if let backend = kind.backend {
        try await withLiveScene(backend, isTraced: isTraced, limit: limit, at: location, body)
    } else {
        withSimulatedScene(isTraced: isTraced, limit: limit, at: location, body)
    }
}

private func withLiveScene(
    _ backend: LoopBackend,
    isTraced: Bool,
    limit: TimeAmount,
    at location: SourceLocation,
    _ body: @escaping @Sendable (EnvironmentScene) -> Void
) async throws {
    let ended: Bool = try await onLiveLoop(backend) { loop, done in
        let client = LiveEnvironment(loop: loop)
        let server = LiveEnvironment(loop: loop)
        var hasEnded = false
        // The client's deadlines may be cancelled by the test.
        var watchdog: (any Cancellable)?
        var scene: EnvironmentScene?
        func finish(_ result: Bool) {
            guard !hasEnded else { return }
            hasEnded = true
            watchdog?.cancel()
            client.close {
                server.close {
                    scene?.checkEmpty(at: location)
                    scene = nil
                    done(result)
                }
            }
        }
        watchdog = server.schedule(after: limit) { finish(false) }
        let begun = EnvironmentScene(
            client: client.watched(if: isTraced), server: server.watched(if: isTraced), serverHost: "127.0.0.1"
        ) { finish(true) }
        scene = begun
        body(begun)
    }
    #expect(ended, "the test did not end in time", sourceLocation: location)
}

private func withSimulatedScene(
    isTraced: Bool,
    limit: TimeAmount,
    at location: SourceLocation,
    _ body: (EnvironmentScene) -> Void
) {
    let world = SimulatedWorld(seed: 1)
    let client = world.environment(named: "client", address: "10.0.0.1")
    let server = world.environment(named: "server", address: "10.0.0.2")
    let scene = EnvironmentScene(
        client: client.watched(if: isTraced), server: server.watched(if: isTraced), serverHost: "10.0.0.2"
    ) {}
    body(scene)
    let ended = world.run(limit: limit) { scene.hasEnded }
    #expect(ended, "the test did not end in time", sourceLocation: location)
    client.close()
    server.close()
    #expect(world.runUntilIdle(), sourceLocation: location)
    scene.checkEmpty(at: location)
    #expect(world.network.connections.isEmpty, sourceLocation: location)
}

/// How much of each kind an environment has open.
struct OpenResources: Equatable {
    var transports = 0
    var listeners = 0
    var serialPorts = 0
    var datagramSockets = 0
}

extension Environment {
    /// The environment itself, when a trace watches it.
    var unwatched: any Environment { (self as? TracedEnvironment)?.environment ?? self }

    /// As it is, or watched by a trace.
    fileprivate func watched(if isTraced: Bool) -> any Environment {
        isTraced ? TracedEnvironment(self, sink: WireRecorder()) : self
    }

    /// What is open, whichever environment it is.
    var openResources: OpenResources {
        if let live = unwatched as? LiveEnvironment {
            OpenResources(
                transports: live.openTransports, listeners: live.openListeners, serialPorts: live.openSerialPorts,
                datagramSockets: live.openDatagramSockets)
        } else if let simulated = unwatched as? SimulatedEnvironment {
            OpenResources(
                transports: simulated.openTransports, listeners: simulated.openListeners,
                serialPorts: simulated.openSerialPorts, datagramSockets: simulated.openDatagramSockets)
        } else {
            preconditionFailure("there are two kinds of environments")
        }
    }
}
