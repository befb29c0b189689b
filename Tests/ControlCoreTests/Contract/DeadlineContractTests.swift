import Polling
import Testing

@testable import ControlCore

/// What every environment promises of its turns and deadlines.
@Suite("Deadline contract")
struct DeadlineContractTests {
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

    @Test("A closed environment runs no deadline", arguments: EnvironmentKind.allCases)
    func closed(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.client.schedule(after: .milliseconds(1)) { scene.fail("a deadline survived the close") }
            scene.closeClient()
            scene.client.schedule(after: .milliseconds(1)) { scene.fail("a deadline was armed after the close") }
            scene.client.listenTCP(address: nil, port: 0, accept: { _ in }) { result in
                guard case .failure(.other) = result else { return scene.fail("listens after the close") }
                scene.server.schedule(after: .milliseconds(20)) { scene.end() }
            }
        }
    }
}
