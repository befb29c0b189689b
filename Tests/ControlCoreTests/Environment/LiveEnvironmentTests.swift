import Glibc
import LoopTesting
import Polling
import Testing

@testable import ControlCore

/// What only sockets can show.
@Suite("Live environment")
struct LiveEnvironmentTests {
    @Test("The second address is tried when the first is silent")
    func secondAddress() async throws {
        let ok: Bool = try await onLiveLoop { loop, done in
            guard let deaf = try? DeafSocket() else { return done(false) }
            // The deaf socket has 127.0.0.1, the listener another loopback address and the same port.
            let environment = LiveEnvironment(
                loop: loop,
                lookup: { _ in
                    Result { try ["127.0.0.1", "127.0.0.2"].map { try SocketAddress(ipAddress: $0, port: 0) } }
                        .mapError { .other("\($0)") }
                })
            environment.listenTCP(address: "127.0.0.2", port: deaf.port, accept: { $0.close() }) { result in
                guard case .success = result else { return environment.close { done(false) } }
                environment.connectTCP(host: "two", port: deaf.port, timeout: .seconds(2)) { result in
                    let transport = try? result.get()
                    #expect(transport?.remoteAddress?.ipAddress == "127.0.0.2")
                    withExtendedLifetime(deaf) { environment.close { done(transport != nil) } }
                }
            }
        }
        #expect(ok)
    }

    @Test(
        "A listener that can accept nobody says so, pauses, and goes on by itself",
        arguments: [ENOBUFS, ENOMEM, EMFILE, ENFILE])
    func listenerTrouble(error: CInt) async throws {
        let (troubles, pause): ([String], TimeAmount) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            var troubles: [String] = []
            var failedAt = environment.now
            environment.listenTCP(address: "127.0.0.1", port: 0) { accepted in
                let pause = environment.now - failedAt
                accepted.close()
                environment.close { done((troubles, pause)) }
            } completion: { result in
                guard case .success(let listener as TCPListener) = result else { return done((["\(result)"], .zero)) }
                listener.onTrouble = { troubles.append($0) }
                failedAt = environment.now
                listener.listenerDidFail(SystemError(error))
                environment.connectTCP(host: "127.0.0.1", port: listener.port, timeout: nil) { try? $0.get().close() }
            }
        }
        #expect(pause >= TCPListener.acceptPause)
        #expect(troubles.count == 1)
        #expect(troubles.first?.hasPrefix("no connection can be accepted, and it is tried again") == true)
    }

    @Test("An environment that another thread lets go of, before or after the end of its loop, leaves all in order")
    func droppedElsewhere() async throws {
        struct Kept: @unchecked Sendable {
            let environment: LiveEnvironment
        }
        final class Remembered: @unchecked Sendable {}
        for endsFirst in [false, true] {
            let thread = try LoopThread(name: "test loop")
            let loop = thread.loop
            let kept = Locked<Kept?>(nil)
            weak var remembered: Remembered?
            remembered = try await loop.call {
                let environment = LiveEnvironment(loop: loop)
                let object = Remembered()
                environment.schedule(at: environment.now + .hours(1)) { withExtendedLifetime(object) {} }
                kept.withLock { $0 = Kept(environment: environment) }
                return object
            }
            #expect(remembered != nil)
            if endsFirst {
                thread.stop()
                thread.join()
            }
            kept.withLock { $0 = nil }
            if !endsFirst {
                // The loop goes on.
                try await loop.call {}
                thread.stop()
                thread.join()
            }
            #expect(remembered == nil)
        }
    }

    @Test("An SSH session whose thread outlasts a forced end goes with the thread")
    func sshThread() async throws {
        let traces = Traces()
        let thread = Locked<(@Sendable () -> Void)?>(nil)
        let begun: Bool = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            do throws(ConnectFailure) {
                let transport = try SSHTransport(environment: environment)
                (traces.environment, traces.transport) = (environment, transport)
                let login = SSHLogin(credentials: Credentials(user: "admin", password: "hunter2"))
                let target = SSHTarget(addresses: [], host: "nowhere", port: 22, login: login)
                // It does nothing for longer than the program and its loop live.
                try transport.open(target) { body in
                    thread.withLock { $0 = body }
                } onOpened: { _ in
                    Issue.record("it is not open")
                }
            } catch {
                return done(false)
            }
            environment.end(by: environment.now)
            environment.close { done(true) }
        }
        #expect(begun)
        func runThread() {
            let body = thread.withLock { body in
                defer { body = nil }
                return body
            }
            body?()
        }
        runThread()
        #expect(traces.transport == nil)
        #expect(traces.environment == nil)
    }

    /// What is left of a program.
    private final class Traces: @unchecked Sendable {
        // Unchecked: touched on the loop, and when that has ended.
        weak var environment: LiveEnvironment?
        weak var transport: SSHTransport?
    }

    @Test("100,000 armed deadlines cost the loop one callback, and cancelling them leaves none")
    func manyDeadlines() async throws {
        let armed: [Int] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            var handles: [any Cancellable] = []
            for number in 0..<100_000 {
                handles.append(environment.schedule(after: .seconds(60 + Int64(number % 1000))) {})
            }
            let before = environment.armedDeadlines
            for handle in handles { handle.cancel() }
            let after = environment.armedDeadlines
            environment.schedule(after: .milliseconds(1)) {
                environment.close { done([before, after, environment.armedDeadlines]) }
            }
        }
        #expect(armed == [100_000, 0, 0])
    }

    @Test("An earlier deadline that is armed later still comes first")
    func rearming() async throws {
        let order: [Int] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            var order: [Int] = []
            // All after one time: a machine that is held up between two calls would swap what they arm.
            let start = environment.now
            environment.schedule(at: start + .milliseconds(30)) {
                order.append(3)
                environment.close { done(order) }
            }
            let early = environment.schedule(at: start + .milliseconds(1)) { order.append(99) }
            environment.schedule(at: start + .milliseconds(10)) { order.append(1) }
            environment.schedule(at: start + .milliseconds(20)) { order.append(2) }
            early.cancel()
        }
        #expect(order == [1, 2, 3])
    }

    @Test("Clocks run, and random numbers differ")
    func clocks() async throws {
        let (wall, ahead, random): (Int64, Bool, Set<UInt64>) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            let start = environment.now
            var random: Set<UInt64> = []
            for _ in 0..<4 { random.insert(environment.nextRandom()) }
            environment.schedule(after: .milliseconds(2)) {
                let ahead = environment.now >= start + .milliseconds(2)
                environment.close { done((environment.wallClock, ahead, random)) }
            }
        }
        // 2025-01-01 UTC: a machine whose clock is earlier has no clock.
        #expect(wall > 1_735_689_600_000_000_000)
        #expect(ahead)
        #expect(random.count == 4)
    }
}
