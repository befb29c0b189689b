import Polling
import Testing

@testable import ControlCore

/// That transports give back what they took. Each kind is counted in a process of its own, as other tests open and
/// close things, too.
@Suite("Transport leaks")
struct TransportLeakTests {
    /// Opened and closed before the first count: what is made once and kept is not lost.
    private static let warmUp = 100
    private static let cycles = 1000

    @Test(
        "A thousand openings and closings leave no descriptor, thread or memory behind",
        arguments: TransportCase.having { $0.environments.contains(.live) }.filter {
            $0.environment == .live && !$0.isTraced
        })
    func thousandCycles(_ transport: TransportCase) async throws {
        try transport.check()
        await #expect(processExitsWith: .success) { [name = transport.kind.name as String] in
            let kind = try #require(TransportKind.all.first { $0.name == name })
            try await TransportCase(kind: kind, environment: .live).run(limit: .seconds(600)) { first, scene in
                let lanes = [first] + (1..<kind.lanes).map { _ in kind.makeScene(scene) }
                Self.cycle(lanes, count: Self.warmUp) { _ in
                    Self.count(in: scene) { before in
                        Self.cycle(lanes, count: Self.cycles) { opened in
                            Self.count(in: scene, expecting: before) { after in
                                // Those of the last cycles may still be on the call stack.
                                let living = opened.dropLast(2 * kind.lanes).count { $0.transport != nil }
                                #expect(
                                    opened.count == Self.cycles * 2 && living == 0, "\(living) transports live on")
                                #expect(after.descriptors <= before.descriptors, "\(before), then \(after)")
                                #expect(after.threads <= before.threads, "\(before), then \(after)")
                                #expect(
                                    after.memory < before.memory + Self.cycles * kind.heapTraces,
                                    "\(before), then \(after)")
                                scene.end()
                            }
                        }
                    }
                }
            }
        }
    }

    /// Counts when all transports are closed to the end. Their threads end a moment later: they are waited for until no
    /// more are left than `expected` had, but not for ever.
    private static func count(
        in scene: EnvironmentScene, expecting expected: ResourceCount? = nil, attempts: Int = 500,
        then body: @escaping (ResourceCount) -> Void
    ) {
        scene.server.schedule(after: .milliseconds(20)) {
            let count = ResourceCount.now()
            let open = scene.client.openResources.transports + scene.server.openResources.transports
            let hasSettled = open == 0 && count.threads <= expected?.threads ?? count.threads
            guard !hasSettled, attempts > 1 else { return body(count) }
            Self.count(in: scene, expecting: expected, attempts: attempts - 1, then: body)
        }
    }

    /// Notes a transport without keeping it.
    private final class Note {
        private(set) weak var transport: AnyObject?

        init(_ end: any TransportEnd) {
            transport = end.transport
        }
    }

    /// Opens, exchanges a message and closes, `count` times in all, side by side in the lanes.
    private static func cycle(
        _ lanes: [any TransportScene], count: Int, then body: @escaping ([Note]) -> Void
    ) {
        var opened: [Note] = []
        var running = lanes.count
        for lane in lanes {
            cycle(lane, count: count / lanes.count) {
                opened += [Note($0), Note($1)]
            } then: {
                running -= 1
                if running == 0 { body(opened) }
            }
        }
    }

    private static func cycle(
        _ transports: any TransportScene, count: Int,
        note: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void, then body: @escaping () -> Void
    ) {
        guard count > 0 else { return body() }
        transports.open { near, far in
            note(near, far)
            func tryAgain() {
                guard !near.closes.isEmpty, !far.closes.isEmpty else { return }
                cycle(transports, count: count - 1, note: note, then: body)
            }
            near.onClose = tryAgain
            far.onClose = tryAgain
            far.onReceive = {
                guard far.text == "ping" else { return }
                far.send("pong")
            }
            near.onReceive = {
                guard near.text == "pong" else { return }
                near.close()
                far.close()
            }
            far.start()
            near.start()
            near.send("ping")
        }
    }
}
