import Dispatch
import Glibc
import LoopTesting
import Polling
import Synchronization
import Testing

@testable import ControlCore

@Suite("Name resolver")
struct NameResolverTests {
    /// A look-up whose names can be made to block, and that counts its calls.
    private final class Names: Sendable {
        let calls = Mutex<[String: Int]>([:])
        private let dead = DispatchSemaphore(value: 0)

        func look(up name: String) -> Result<[SocketAddress], ConnectFailure> {
            calls.withLock { $0[name, default: 0] += 1 }
            if name.hasPrefix("dead") { dead.wait() }
            if name.hasPrefix("alive"), let address = try? SocketAddress(ipAddress: "192.0.2.1", port: 0) {
                return .success([address])
            }
            return .failure(.hostError)
        }

        func count(of name: String) -> Int { calls.withLock { $0[name] ?? 0 } }

        /// Lets one blocked look-up end.
        func release() { dead.signal() }
    }

    /// Runs `body` with an environment that asks `names`.
    private func withEnvironment<Value: Sendable>(
        _ names: Names, _ body: @escaping @Sendable (LiveEnvironment, _ done: @escaping (Value) -> Void) -> Void
    ) async throws -> Value {
        try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop, lookup: { names.look(up: $0) })
            body(environment) { value in environment.close { done(value) } }
        }
    }

    @Test("A name that does not answer delays no other, and times out by itself")
    func parallel() async throws {
        let names = Names()
        let order: [String] = try await withEnvironment(names) { environment, done in
            var order: [String] = []
            environment.resolve("dead", timeout: .milliseconds(200)) { result in
                order.append("dead \(result == .failure(.hostError))")
                names.release()
                done(order)
            }
            for number in 1...3 {
                environment.resolve("alive\(number)", timeout: .seconds(20)) { result in
                    order.append(((try? result.get())?.first?.ipAddress) ?? "nothing")
                }
            }
        }
        #expect(order == ["192.0.2.1", "192.0.2.1", "192.0.2.1", "dead true"])
    }

    @Test("Requests for one name share one look-up, and its result is kept")
    func coalescing() async throws {
        let names = Names()
        let answers: Int = try await withEnvironment(names) { environment, done in
            var answers = 0
            for name in ["alive", "ALIVE", "alive"] {
                environment.resolve(name, timeout: .seconds(20)) { _ in
                    answers += 1
                    guard answers == 3 else { return }
                    environment.resolve("alive", timeout: .seconds(20)) { _ in done(answers + 1) }
                }
            }
        }
        #expect(answers == 4)
        #expect(names.count(of: "alive") == 1)
    }

    @Test("A dead name that is tried again and again holds one thread")
    func repeatedTimeouts() async throws {
        let names = Names()
        let answers: Int = try await withEnvironment(names) { environment, done in
            func again(_ count: Int) {
                guard count < NameLookup.threadCount + 4 else {
                    names.release()
                    done(count)
                    return
                }
                environment.resolve("dead", timeout: .milliseconds(1)) { result in
                    #expect(result == .failure(.hostError))
                    again(count + 1)
                }
            }
            again(0)
        }
        #expect(answers == NameLookup.threadCount + 4)
        #expect(names.count(of: "dead") == 1)
    }

    @Test("IP literals are not looked up")
    func literals() async throws {
        let names = Names()
        let found: [String] = try await withEnvironment(names) { environment, done in
            var found: [String] = []
            for literal in ["10.1.2.3", "fe80::1"] {
                environment.resolve(literal, timeout: .seconds(20)) { result in
                    found.append(((try? result.get())?.first?.ipAddress) ?? "nothing")
                    if found.count == 2 { done(found) }
                }
                #expect(found.isEmpty)
            }
        }
        #expect(found == ["10.1.2.3", "fe80::1"])
        #expect(names.calls.withLock { $0.isEmpty })
    }

    @Test("A cancelled request gets no answer, while others for its name do")
    func cancel() async throws {
        let names = Names()
        let answered: Bool = try await withEnvironment(names) { environment, done in
            let request = environment.resolve("alive", timeout: .seconds(20)) { _ in Issue.record("was cancelled") }
            environment.resolve("alive", timeout: .seconds(20)) { _ in done(true) }
            request.cancel()
        }
        #expect(answered)
    }

    @Test("A connect to a name that is not known fails with HostError")
    func unknownName() async throws {
        let failure: ConnectFailure? = try await withEnvironment(Names()) { environment, done in
            environment.connectTCP(host: "nobody", port: 1, timeout: nil) { result in
                guard case .failure(let failure) = result else { return done(nil) }
                done(failure)
            }
        }
        #expect(failure == .hostError)
        #expect(failure?.reason == "HostError")
    }

    @Test("Look-ups that wait for a thread that cannot be made fail with it, and the next one has its chance")
    func noThread() {
        let told = Locked<[String]>([])
        let made = Locked(0)
        let shared = Locked<LookupThreads?>(nil)
        @Sendable func look(_ name: String) {
            let threads = shared.withLock { $0 }
            threads?.run({ _ in .failure(.hostError) }, for: name) { outcome in
                told.withLock { $0.append("\(name): \(outcome == .failure(.hostError) ? "looked up" : "no thread")") }
            }
        }
        let threads = LookupThreads(limit: 1) { body throws(SystemError) in
            let number = made.withLock { made in
                made += 1
                return made
            }
            guard number == 1 else { return body() }
            // Others ask at this moment, and wait for the thread that is about to be.
            look("second")
            look("third")
            throw SystemError(EAGAIN)
        }
        shared.withLock { $0 = threads }
        look("first")
        #expect(told.withLock { $0 } == ["first: no thread", "second: no thread", "third: no thread"])
        look("fourth")
        #expect(told.withLock { $0.last } == "fourth: looked up")
        #expect(made.withLock { $0 } == 2)
        shared.withLock { $0 = nil }
    }

    @Test("The system resolves localhost to loopback addresses")
    func system() throws {
        let addresses = try NameLookup.system("localhost").get()
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { $0.ipAddress == "127.0.0.1" || $0.ipAddress == "::1" })
        #expect(NameLookup.system("name.invalid") == .failure(.hostError))
    }
}
