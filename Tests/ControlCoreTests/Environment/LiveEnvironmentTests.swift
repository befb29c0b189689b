import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import ControlCore

/// What only sockets can show.
@Suite("Live environment")
struct LiveEnvironmentTests {
    /// A listening socket of which nobody accepts. Once its queue is full, the system ignores further connects.
    private final class DeafSocket {
        private let descriptor: CInt
        private var fillers: [CInt] = []
        let port: Int

        init() throws {
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            self.descriptor = descriptor
            let anyPort = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
            let isBound = anyPort.withSockAddr { generic, length in
                bind(descriptor, generic, socklen_t(length)) == 0 && listen(descriptor, 0) == 0
            }
            try #require(isBound)
            // Family, port and address as the system writes them; the port is in network order.
            var name = [UInt8](repeating: 0, count: 16)
            var length = socklen_t(name.count)
            let isNamed = name.withUnsafeMutableBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) { generic in
                    getsockname(descriptor, generic.baseAddress.unsafelyUnwrapped, &length) == 0
                }
            }
            try #require(isNamed)
            port = Int(name[2]) << 8 | Int(name[3])
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
            for _ in 0..<4 {
                let filler = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
                // It fails with EINPROGRESS, as it is meant to: some of these stay in progress for good.
                address.withSockAddr { generic, length in _ = connect(filler, generic, socklen_t(length)) }
                fillers.append(filler)
            }
        }

        deinit {
            for filler in fillers { Glibc.close(filler) }
            Glibc.close(descriptor)
        }
    }

    @Test("A connect that nobody answers times out, in time, and leaves no socket")
    func connectTimesOut() async throws {
        let (failure, waited, left): (ConnectFailure?, TimeAmount, Int) = try await onLiveLoop { loop, done in
            guard let deaf = try? DeafSocket() else { return done((nil, .zero, -1)) }
            let environment = LiveEnvironment(eventLoop: loop)
            let start = environment.now
            environment.connectTCP(host: "127.0.0.1", port: deaf.port, timeout: .milliseconds(300)) { result in
                withExtendedLifetime(deaf) {
                    let waited = environment.now - start
                    environment.execute {
                        let left = environment.openTransports
                        guard case .failure(let failure) = result else { return done((nil, waited, left)) }
                        environment.close { done((failure, waited, left)) }
                    }
                }
            }
        }
        #expect(failure == .timedOut)
        #expect(waited >= .milliseconds(300))
        #expect(left == 0)
    }

    @Test("The second address is tried when the first is silent")
    func secondAddress() async throws {
        let ok: Bool = try await onLiveLoop { loop, done in
            guard let deaf = try? DeafSocket() else { return done(false) }
            // The deaf socket has 127.0.0.1, the listener another loopback address and the same port.
            let environment = LiveEnvironment(
                eventLoop: loop,
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

    @Test("A peer that goes away with a reset is reported in the system's words")
    func reset() async throws {
        let reason: CloseReason? = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(eventLoop: loop)
            environment.listenTCP(address: "127.0.0.1", port: 0) { transport in
                let recorder = StreamRecorder()
                recorder.onClose = { reason in environment.close { done(reason) } }
                transport.start(delegate: recorder)
            } completion: { result in
                guard let listener = try? result.get() else { return done(nil) }
                ClientBootstrap(group: loop).connect(host: "127.0.0.1", port: listener.port).whenSuccess { channel in
                    guard let options = channel as? any SocketOptionProvider else { return }
                    options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil)
                    }
                }
            }
        }
        #expect(reason == .failed("Connection reset by peer"))
    }

    @Test("100,000 armed deadlines cost the loop one callback, and cancelling them leaves none")
    func manyDeadlines() async throws {
        let armed: [Int] = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(eventLoop: loop)
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
            let environment = LiveEnvironment(eventLoop: loop)
            var order: [Int] = []
            environment.schedule(after: .milliseconds(30)) {
                order.append(3)
                environment.close { done(order) }
            }
            let early = environment.schedule(after: .milliseconds(1)) { order.append(99) }
            environment.schedule(after: .milliseconds(10)) { order.append(1) }
            environment.schedule(after: .milliseconds(20)) { order.append(2) }
            early.cancel()
        }
        #expect(order == [1, 2, 3])
    }

    @Test("Clocks run, and random numbers differ")
    func clocks() async throws {
        let (wall, ahead, random): (Int64, Bool, Set<UInt64>) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(eventLoop: loop)
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
