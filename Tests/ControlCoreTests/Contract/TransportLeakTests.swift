import NIOCore
import Testing

@testable import ControlCore

/// That transports give back what they took. Each kind is counted in a process of its own, as other tests open and close
/// things, too.
@Suite("Transport leaks")
struct TransportLeakTests {
    /// Opened and closed before the first count: what is made once and kept is not lost.
    private static let warmUp = 100
    private static let cycles = 1000

    @Test(
        "A thousand openings and closings leave no descriptor, thread or memory behind",
        arguments: TransportCase.having { $0.environments.contains(.live) }.filter { $0.environment == .live })
    func thousandCycles(_ transport: TransportCase) async {
        await #expect(processExitsWith: .success) { [name = transport.kind.name as String] in
            let kind = try #require(TransportKind.all.first { $0.name == name })
            try await TransportCase(kind: kind, environment: .live).run(limit: .seconds(300)) { transports, scene in
                Self.cycle(transports, count: Self.warmUp) { _ in
                    let before = ResourceCount.now()
                    Self.cycle(transports, count: Self.cycles) { opened in
                        let after = ResourceCount.now()
                        // Those of the last cycle are on the call stack.
                        let living = opened.dropLast(2).count { $0.transport != nil }
                        #expect(opened.count == Self.cycles * 2 && living == 0, "\(living) transports live on")
                        #expect(after.descriptors <= before.descriptors, "\(before), then \(after)")
                        #expect(after.threads <= before.threads, "\(before), then \(after)")
                        #expect(
                            after.memory < before.memory + Self.cycles * kind.heapTraces, "\(before), then \(after)")
                        scene.end()
                    }
                }
            }
        }
    }

    /// Notes a transport without keeping it.
    private final class Note {
        private(set) weak var transport: AnyObject?

        init(_ end: any TransportEnd) {
            transport = end.transport
        }
    }

    /// Opens, exchanges a message and closes, `count` times.
    private static func cycle(
        _ transports: any TransportScene, count: Int, opened: [Note] = [], then body: @escaping ([Note]) -> Void
    ) {
        guard count > 0 else { return body(opened) }
        transports.open { near, far in
            var opened = opened
            opened.append(Note(near))
            opened.append(Note(far))
            let noted = opened
            func tryAgain() {
                guard !near.closes.isEmpty, !far.closes.isEmpty else { return }
                cycle(transports, count: count - 1, opened: noted, then: body)
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
