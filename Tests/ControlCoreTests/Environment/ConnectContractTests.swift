import NIOCore
import Testing

@testable import ControlCore

/// What every environment promises of opening connections and of listening.
@Suite("Connect and listen contract")
struct ConnectContractTests {
    /// Calls `body` with a port on which nobody listens.
    private static func withFreePort(_ scene: EnvironmentScene, _ body: @escaping (Int) -> Void) {
        scene.listen { _ in
        } then: { listener in
            let port = listener.port
            listener.close()
            scene.server.execute { body(port) }
        }
    }

    @Test("A refused connection is reported once, after the call", arguments: EnvironmentKind.allCases)
    func refused(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            Self.withFreePort(scene) { port in
                var reports: [ConnectFailure] = []
                scene.client.connectTCP(host: scene.serverHost, port: port, timeout: .seconds(5)) { result in
                    guard case .failure(let failure) = result else { return scene.fail("connected to nobody") }
                    reports.append(failure)
                    scene.client.schedule(after: .milliseconds(20)) {
                        #expect(reports == [.connectionRefused])
                        scene.end()
                    }
                }
                #expect(reports.isEmpty)
            }
        }
    }

    @Test("A connection can be opened again and again", arguments: EnvironmentKind.allCases)
    func reopen(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            var accepted = 0
            var again: ((Int) -> Void)?
            scene.listen { transport in
                accepted += 1
                let recorder = StreamRecorder()
                recorder.onClose = { _ in again?(20 - accepted) }
                transport.start(delegate: recorder)
            } then: { listener in
                again = { count in
                    guard count > 0 else {
                        again = nil
                        scene.end()
                        return
                    }
                    scene.connect(to: listener.port) { transport in
                        transport.start(delegate: StreamRecorder())
                        transport.send("hello")
                        transport.close()
                    }
                }
                again?(20)
            }
        }
    }

    @Test("A cancelled connect reports nothing and leaves nothing open", arguments: EnvironmentKind.allCases)
    func cancelConnect(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.listen { transport in
                transport.start(delegate: StreamRecorder())
            } then: { listener in
                let attempt = scene.client.connectTCP(host: scene.serverHost, port: listener.port, timeout: nil) { _ in
                    scene.fail("a cancelled connect was reported")
                }
                attempt.cancel()
                let later = scene.client.connectTCP(host: scene.serverHost, port: listener.port, timeout: nil) { _ in
                    scene.fail("a cancelled connect was reported")
                }
                // One turn later the address is known and the socket is under way.
                scene.client.execute { scene.client.execute { later.cancel() } }
                scene.client.schedule(after: .milliseconds(50)) { scene.end() }
            }
        }
    }

    @Test("A port that is out of range is an answer, not a crash", arguments: EnvironmentKind.allCases)
    func portRange(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.client.connectTCP(host: scene.serverHost, port: 70000, timeout: nil) { result in
                guard case .failure(.other) = result else { return scene.fail("connected to port 70000") }
                scene.server.listenTCP(address: nil, port: -1, accept: { _ in }) { result in
                    guard case .failure(.other) = result else { return scene.fail("listens on port -1") }
                    scene.end()
                }
            }
        }
    }

    @Test("A port that is taken is unavailable until it is closed", arguments: EnvironmentKind.allCases)
    func takenPort(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.listen { _ in
            } then: { first in
                scene.server.listenTCP(address: nil, port: first.port, accept: { _ in }) { result in
                    guard case .failure(.portUnavailable) = result else { return scene.fail("listens twice") }
                    first.close()
                    first.close()
                    scene.server.listenTCP(address: nil, port: first.port, accept: { _ in }) { result in
                        guard case .success(let second) = result else { return scene.fail("the port is not free") }
                        #expect(second.port == first.port)
                        scene.end()
                    }
                }
            }
        }
    }

    @Test("An interface of another machine is unavailable", arguments: EnvironmentKind.allCases)
    func foreignInterface(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.server.listenTCP(address: "192.0.2.77", port: 0, accept: { _ in }) { result in
                guard case .failure(let failure) = result else { return scene.fail("listens at 192.0.2.77") }
                #expect(failure == .interfaceUnavailable("192.0.2.77"))
                scene.end()
            }
        }
    }

    @Test("Port 0 gives each listener a port of its own", arguments: EnvironmentKind.allCases)
    func portZero(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.listen { _ in
            } then: { first in
                scene.listen { _ in
                } then: { second in
                    #expect(first.port > 0 && second.port > 0 && first.port != second.port)
                    scene.end()
                }
            }
        }
    }

    @Test("A listener on every interface knows IPv4 clients by their IPv4 address", arguments: EnvironmentKind.allCases)
    func everyInterface(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.server.listenTCP(
                address: nil, port: 0,
                accept: { transport in
                    #expect(transport.remoteAddress?.ipAddress?.contains(":") == false)
                    #expect(transport.localAddress?.ipAddress == scene.serverHost)
                    scene.end()
                }
            ) { result in
                guard case .success(let listener) = result else { return scene.fail("cannot listen") }
                scene.connect(to: listener.port) { $0.start(delegate: StreamRecorder()) }
            }
        }
    }

    @Test("Closing a listener keeps its connections and refuses new ones", arguments: EnvironmentKind.allCases)
    func closeListener(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            var listening: (any Listener)?
            var clientEnd: (any StreamTransport)?
            scene.listen { accepted in
                let port = listening?.port ?? 0
                listening?.close()
                scene.client.connectTCP(host: scene.serverHost, port: port, timeout: .seconds(5)) { result in
                    guard case .failure(.connectionRefused) = result else { return scene.fail("not refused") }
                    let recorder = StreamRecorder()
                    recorder.onReceive = { _, _ in scene.end() }
                    clientEnd?.start(delegate: recorder)
                    accepted.start(delegate: StreamRecorder())
                    accepted.send("still here")
                }
            } then: { listener in
                listening = listener
                scene.connect(to: listener.port) { clientEnd = $0 }
            }
        }
    }

    @Test("A closed environment refuses to open anything and runs no deadline", arguments: EnvironmentKind.allCases)
    func closedEnvironment(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.client.schedule(after: .milliseconds(1)) { scene.fail("a deadline survived the close") }
            if let live = scene.client as? LiveEnvironment {
                live.close()
            } else if let simulated = scene.client as? SimulatedEnvironment {
                simulated.close()
            }
            scene.client.schedule(after: .milliseconds(1)) { scene.fail("a deadline was armed after the close") }
            scene.client.connectTCP(host: scene.serverHost, port: 1, timeout: nil) { result in
                guard case .failure(.other) = result else { return scene.fail("connected after the close") }
                scene.client.listenTCP(address: nil, port: 0, accept: { _ in }) { result in
                    guard case .failure(.other) = result else { return scene.fail("listens after the close") }
                    scene.server.schedule(after: .milliseconds(20)) { scene.end() }
                }
            }
        }
    }

    @Test(
        "Bodies run in the order of their calls, deadlines in the order of their time",
        arguments: EnvironmentKind.allCases)
    func order(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            var order: [Int] = []
            let start = scene.client.now
            scene.client.schedule(at: start + .milliseconds(20)) {
                #expect(order == [1, 2, 3, 4, 5])
                scene.end()
            }
            scene.client.schedule(at: start + .milliseconds(10)) { order.append(4) }
            scene.client.schedule(at: start + .milliseconds(10)) { order.append(5) }
            let cancelled = scene.client.schedule(at: start + .milliseconds(1)) { order.append(99) }
            scene.client.execute { order.append(1) }
            scene.client.execute {
                order.append(2)
                scene.client.schedule(at: start) { order.append(3) }
            }
            cancelled.cancel()
            cancelled.cancel()
            #expect(order.isEmpty)
        }
    }
}
