import NIOCore
import NIOPosix
import Testing

@testable import ControlCore

/// The environments that must behave alike.
enum EnvironmentKind: String, CaseIterable, Sendable {
    case live
    case simulated
}

/// Two programs that can reach each other, and the end of a test that runs on their loop.
final class EnvironmentScene {
    let client: any Environment
    let server: any Environment
    /// The address at which the client finds the server.
    let serverHost: String
    private let onEnd: () -> Void
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
func withScene(
    _ kind: EnvironmentKind,
    limit: TimeAmount = .seconds(30),
    at location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (EnvironmentScene) -> Void
) async throws {
    switch kind {
    case .live: try await withLiveScene(limit: limit, at: location, body)
    case .simulated: withSimulatedScene(limit: limit, at: location, body)
    }
}

private func withLiveScene(
    limit: TimeAmount,
    at location: SourceLocation,
    _ body: @escaping @Sendable (EnvironmentScene) -> Void
) async throws {
    let ended: Bool = try await onLiveLoop { loop, done in
        let client = LiveEnvironment(eventLoop: loop)
        let server = LiveEnvironment(eventLoop: loop)
        var hasEnded = false
        func finish(_ result: Bool) {
            guard !hasEnded else { return }
            hasEnded = true
            client.close {
                server.close {
                    #expect(client.openTransports + server.openTransports == 0, sourceLocation: location)
                    #expect(client.openListeners + server.openListeners == 0, sourceLocation: location)
                    #expect(client.openDatagramSockets + server.openDatagramSockets == 0, sourceLocation: location)
                    done(result)
                }
            }
        }
        let scene = EnvironmentScene(client: client, server: server, serverHost: "127.0.0.1") { finish(true) }
        client.schedule(after: limit) { finish(false) }
        body(scene)
    }
    #expect(ended, "the test did not end in time", sourceLocation: location)
}

/// Runs `body` on a fresh loop until it calls `done`, and returns what it was called with.
func onLiveLoop<Value: Sendable>(
    _ body: @escaping @Sendable (_ loop: any EventLoop, _ done: @escaping (Value) -> Void) -> Void
) async throws -> Value {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let promise = loop.makePromise(of: Value.self)
    loop.execute { body(loop) { promise.succeed($0) } }
    let value = try await promise.futureResult.get()
    try await group.shutdownGracefully()
    return value
}

private func withSimulatedScene(
    limit: TimeAmount,
    at location: SourceLocation,
    _ body: (EnvironmentScene) -> Void
) {
    let world = SimulatedWorld(seed: 1)
    let client = world.environment(named: "client", address: "10.0.0.1")
    let server = world.environment(named: "server", address: "10.0.0.2")
    let scene = EnvironmentScene(client: client, server: server, serverHost: "10.0.0.2") {}
    body(scene)
    let ended = world.run(limit: limit) { scene.hasEnded }
    #expect(ended, "the test did not end in time", sourceLocation: location)
    client.close()
    server.close()
    #expect(world.runUntilIdle(), sourceLocation: location)
    #expect(client.openTransports + server.openTransports == 0, sourceLocation: location)
    #expect(client.openListeners + server.openListeners == 0, sourceLocation: location)
    #expect(client.openDatagramSockets + server.openDatagramSockets == 0, sourceLocation: location)
    #expect(world.network.connections.isEmpty, sourceLocation: location)
}
