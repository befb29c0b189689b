import Glibc
import Polling
import Testing

@testable import ControlCore

/// Echo requests, and the pings that are made of them.
@Suite("Echo requests")
struct EchoTests {
    private static let loopback = "127.0.0.1"

    /// Whether this system lets this process send echo requests.
    private static func isPermitted() throws -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), CInt(IPPROTO_ICMP))
        guard descriptor >= 0 else {
            try #require(errno == EACCES || errno == EPERM)
            return false
        }
        close(descriptor)
        return true
    }

    @Test("A request to the machine itself is answered, or the system's prohibition is told")
    func live() async throws {
        let expected = try Self.isPermitted()
        try await withScene(.live) { scene in
            guard let address = try? SocketAddress(ipAddress: Self.loopback, port: 0) else { return }
            var isInCall = true
            scene.client.echo(address, timeout: .seconds(5)) { result in
                #expect(!isInCall)
                switch result {
                case .success(let time): #expect(expected && time > .zero && time < .seconds(5))
                case .failure(let failure): #expect(!expected && failure == .notPermitted)
                }
                scene.end()
            }
            isInCall = false
        }
    }

    @Test("A request that is called off is not reported", arguments: EnvironmentKind.allCases)
    func calledOff(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            guard let address = try? SocketAddress(ipAddress: scene.serverHost, port: 0) else { return }
            let request = scene.client.echo(address, timeout: .seconds(1)) { _ in scene.fail("it was called off") }
            request.cancel()
            request.cancel()
            let second = scene.client.echo(address, timeout: .seconds(1)) { _ in scene.fail("its environment is closed")
            }
            scene.closeClient()
            second.cancel()
            scene.server.schedule(after: .milliseconds(50)) { scene.end() }
        }
    }

    @Test("A closed environment sends no request", arguments: EnvironmentKind.allCases)
    func closed(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            guard let address = try? SocketAddress(ipAddress: scene.serverHost, port: 0) else { return }
            scene.closeClient()
            scene.client.echo(address, timeout: .seconds(1)) { result in
                #expect(result == .failure(.other("the environment is closed")))
                scene.end()
            }
        }
    }

    // MARK: Pings

    private static func ping(
        _ host: String, count: Int = 5, in world: SimulatedWorld, _ environment: SimulatedEnvironment
    ) -> (Result<PingCall.Outcome, IOFault>?, TimeAmount) {
        var outcome: Result<PingCall.Outcome, IOFault>?
        let start = world.now
        PingCall.begin(host, count: count, in: environment) { outcome = $0 }
        #expect(outcome == nil)
        world.run(limit: .minutes(5)) { outcome != nil }
        return (outcome, world.now - start)
    }

    @Test("A ping counts answers and their time")
    func answers() throws {
        let world = SimulatedWorld(seed: 1)
        let near = world.environment(named: "near", address: "10.0.0.1")
        _ = world.environment(named: "far", address: "10.0.0.2")
        world.network.latency = .milliseconds(3)
        let outcome = try #require(try Self.ping("far", in: world, near).0?.get())
        #expect(outcome == PingCall.Outcome(successes: 5, failures: 0, totalTime: .milliseconds(30)))
        #expect(outcome.averageMilliseconds == 6)
        near.close()
    }

    @Test("Nobody's address and an unknown name fail every request, without an error")
    func silence() throws {
        let world = SimulatedWorld(seed: 1)
        let near = world.environment(named: "near", address: "10.0.0.1")
        let (silent, waited) = Self.ping("10.0.0.77", count: 3, in: world, near)
        #expect(try silent?.get() == PingCall.Outcome(successes: 0, failures: 3, totalTime: .zero))
        #expect(waited == .seconds(3))
        let unknown = try #require(try Self.ping("nobody", count: 4, in: world, near).0?.get())
        #expect(unknown.failures == 4 && unknown.averageMilliseconds == 0)
        near.close()
    }

    @Test("Of a line that loses packets some requests are answered")
    func loss() throws {
        let world = SimulatedWorld(seed: 1)
        let near = world.environment(named: "near", address: "10.0.0.1")
        _ = world.environment(named: "far", address: "10.0.0.2")
        world.network.inject(.lose(probability: 0.3))
        let outcome = try #require(try Self.ping("far", count: 100, in: world, near).0?.get())
        #expect(outcome.successes + outcome.failures == 100)
        // Request and answer pass with probability 0.49.
        #expect((30...70).contains(outcome.successes))
        near.close()
    }

    @Test("A system that forbids echo requests is an error that says what to allow")
    func forbidden() throws {
        let world = SimulatedWorld(seed: 1)
        let near = world.environment(named: "near", address: "10.0.0.1")
        near.permitsEcho = false
        let fault = #expect(throws: IOFault.self) { try Self.ping("localhost", in: world, near).0?.get() }
        #expect(fault?.text.contains("net.ipv4.ping_group_range") == true)
        near.close()
    }
}
