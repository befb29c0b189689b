import Polling
import Testing

@testable import ControlCore

/// What every environment promises of listening.
@Suite("Listen contract")
struct ListenContractTests {
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
                    #expect(transport.remoteAddress?.ipAddress.contains(":") == false)
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
}
