import ControlCore
import Glibc
import LoopTesting
import Polling
import Testing

@Suite("Work that blocks")
struct OffloadTests {
    @Test("It runs on a thread of its own while the loop goes on, and is told of on the loop")
    func offload() async throws {
        let order: [String] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            let gate = Locked(false)
            let events = LoopVariable<[String]>([], loop: loop)
            environment.offload {
                #expect(!loop.isCurrent)
                while !gate.withLock({ $0 }) { usleep(1_000) }
            } completion: { isDone in
                loop.preconditionCurrent()
                events.value.append(isDone ? "done" : "left")
                environment.close { done(events.value) }
            }
            environment.schedule(after: .milliseconds(20)) {
                events.value.append("tick")
                gate.withLock { $0 = true }
            }
        }
        #expect(order == ["tick", "done"])
    }

    @Test("The end of the environment waits for it")
    func awaited() async throws {
        let order: [String] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            let gate = Locked(false)
            let events = LoopVariable<[String]>([], loop: loop)
            environment.offload {
                while !gate.withLock({ $0 }) { usleep(1_000) }
            } completion: { isDone in
                events.value.append(isDone ? "done" : "left")
            }
            environment.close {
                events.value.append("closed")
                done(events.value)
            }
            gate.withLock { $0 = true }
        }
        #expect(order == ["done", "closed"])
    }

    @Test("The end of the environment does not wait beyond its time, and says so")
    func abandoned() async throws {
        let gate = Locked(false)
        let order: [String] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            let events = LoopVariable<[String]>([], loop: loop)
            environment.offload {
                while !gate.withLock({ $0 }) { usleep(1_000) }
            } completion: { isDone in
                events.value.append(isDone ? "done" : "left")
            }
            environment.end(by: environment.now + .milliseconds(20))
            environment.close {
                events.value.append("closed")
                done(events.value)
            }
        }
        gate.withLock { $0 = true }
        #expect(order == ["left", "closed"])
    }

    @Test("In a simulated world it takes no time, and is told of after the call")
    func simulated() {
        let environment = SimulatedEnvironment(seed: 1)
        var events: [String] = []
        let work = Locked(0)
        environment.offload {
            work.withLock { $0 += 1 }
        } completion: {
            events.append("\($0)")
        }
        #expect(work.withLock { $0 } == 1)
        #expect(events == [])
        environment.world.run(for: .zero)
        #expect(events == ["true"])
    }
}
