import Bytes
import CPolling
import Glibc
import LoopTesting
import Testing

@testable import Polling

@Suite("Connecting", .timeLimit(.minutes(5)))
struct ConnectTests {
    @Test("A connection is told with its descriptor, which is the callee's", arguments: LoopBackend.tested)
    func success(_ backend: LoopBackend) throws {
        let (listener, address) = try listeningSocket()
        defer { close(listener) }
        try Scene.run(backend) { scene in
            var result: Result<CInt, SystemError>?
            try scene.on {
                _ = scene.keep(try ConnectSource(loop: scene.loop, to: address) { result = $0 })
                #expect(result == nil)
            }
            try scene.wait { result != nil }
            let descriptor = try #require(try result?.get())
            #expect(try scene.on { scene.loop.openSources } == 0)
            #expect(SocketAddress(peerOf: descriptor) == address)
            close(descriptor)
        }
    }

    @Test("A refusal is told once and later, as is what the system refuses at once", arguments: LoopBackend.tested)
    func refused(_ backend: LoopBackend) throws {
        let (silent, address) = try listeningSocket(backlog: -1)
        defer { close(silent) }
        let nowhere = try SocketAddress(ipAddress: "255.255.255.255", port: 9)
        try Scene.run(backend) { scene in
            for target in [address, nowhere] {
                var results: [Result<CInt, SystemError>] = []
                try scene.on {
                    _ = scene.keep(try ConnectSource(loop: scene.loop, to: target) { results.append($0) })
                    #expect(results.isEmpty)
                }
                try scene.wait { !results.isEmpty }
                try scene.passTurns()
                #expect(results.count == 1)
                #expect(throws: SystemError.self) { try results.first?.get() }
                if target == address { #expect(results.first == .failure(SystemError(ECONNREFUSED))) }
                #expect(try scene.on { scene.loop.openSources } == 0)
            }
        }
    }

    @Test("An attempt that is called off, at once or later, tells nothing", arguments: LoopBackend.tested)
    func cancelled(_ backend: LoopBackend) throws {
        // Nobody accepts, and there is room for few: the last attempts stay without an answer.
        let (listener, address) = try listeningSocket(backlog: 0)
        defer { close(listener) }
        try Scene.run(backend) { scene in
            var told = 0
            var sources: [ConnectSource] = []
            try scene.on {
                for _ in 0..<8 {
                    sources.append(scene.keep(try ConnectSource(loop: scene.loop, to: address) { _ in told += 1 }))
                }
                for source in sources.prefix(2) { source.cancel() }
                let refused = try ConnectSource(
                    loop: scene.loop, to: try SocketAddress(ipAddress: "255.255.255.255", port: 9)
                ) { _ in told += 1_000 }
                refused.cancel()
            }
            try scene.passTurns()
            let before = try scene.on {
                for source in sources { source.cancel() }
                return told
            }
            try scene.passTurns()
            try scene.expect { told == before && before < 8 && scene.loop.openSources == 0 }
        }
    }

    @Test(
        "A want of descriptors is told by the call, and pauses a listener until there are some again",
        arguments: LoopBackend.tested)
    func descriptors(_ backend: LoopBackend) async {
        await #expect(processExitsWith: .success) { [backend] in
            try Scene.run(backend) { scene in
                let acceptor = Acceptor()
                let listener = try scene.on {
                    scene.keep(try ListenerSource(loop: scene.loop, on: try loopback, handler: acceptor))
                }
                let address = try #require(listener.localAddress)
                acceptor.onFailure = { listener.setAccepting(false) }
                let clients = try (0..<3).map { _ in polling_stream_socket(try loopback.family) }
                var fillers: [CInt] = []
                var limit = rlimit(rlim_cur: 64, rlim_max: 64)
                guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(1) }
                while case let filler = dup(0), filler >= 0 { fillers.append(filler) }
                for client in clients { _ = address.withSocketAddress { connect(client, $0, $1) } }
                try scene.wait { acceptor.failures == [EMFILE] }
                try scene.passTurns()
                let refused = try scene.on {
                    do throws(SystemError) {
                        _ = try ConnectSource(loop: scene.loop, to: address) { _ in }
                        return false
                    } catch {
                        return error.number == EMFILE
                    }
                }
                guard refused, try scene.on({ acceptor.failures.count == 1 && acceptor.accepted.isEmpty }) else {
                    exit(2)
                }
                for filler in fillers { close(filler) }
                try scene.on { listener.setAccepting(true) }
                try scene.wait { acceptor.accepted.count == 3 }
            }
        }
    }
}

/// Keeps what is accepted.
private final class Acceptor: ListenerSourceHandler {
    var accepted: [CInt] = []
    var failures: [CInt] = []
    var onAccept: (() -> Void)?
    var onFailure: (() -> Void)?

    func listenerDidAccept(_ descriptor: CInt, from address: SocketAddress?) {
        accepted.append(descriptor)
        onAccept?()
    }

    func listenerDidFail(_ error: SystemError) {
        failures.append(error.number)
        onFailure?()
    }

    deinit { for descriptor in accepted { close(descriptor) } }
}

@Suite("Listening", .timeLimit(.minutes(5)))
struct ListenerTests {
    @Test("All who connect are accepted", arguments: LoopBackend.tested)
    func many(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let acceptor = Acceptor()
            let listener = try scene.on {
                scene.keep(try ListenerSource(loop: scene.loop, on: try loopback, handler: acceptor))
            }
            let address = try #require(try scene.on { listener.localAddress })
            let clients = try (0..<100).map { _ in try connected(to: address) }
            try scene.wait { acceptor.accepted.count == 100 }
            for client in clients { close(client) }
            try scene.expect { acceptor.failures.isEmpty }
        }
    }

    @Test(
        "A listener that pauses, or is closed, where it is told of a connection accepts no other one",
        arguments: LoopBackend.tested, [0, 1])
    func stopsInside(_ backend: LoopBackend, closes: Int) throws {
        try Scene.run(backend) { scene in
            let acceptor = Acceptor()
            var clients: [CInt] = []
            let listener = try scene.on {
                let listener = scene.keep(try ListenerSource(loop: scene.loop, on: try loopback, handler: acceptor))
                acceptor.onAccept = { if closes == 1 { listener.close() } else { listener.setAccepting(false) } }
                let address = try #require(listener.localAddress)
                // All of them wait when the loop asks.
                for _ in 0..<5 { clients.append(try connected(to: address)) }
                return listener
            }
            try scene.wait { !acceptor.accepted.isEmpty }
            try scene.passTurns()
            #expect(try scene.on { acceptor.accepted.count } == 1)
            if closes == 0 {
                try scene.on {
                    acceptor.onAccept = nil
                    listener.setAccepting(true)
                }
                try scene.wait { acceptor.accepted.count == 5 }
            }
            for client in clients { close(client) }
        }
    }

    @Test("What concerns one connection leaves the next to be accepted, and anything else is told")
    func acceptErrors() {
        for error in [ECONNABORTED, EPROTO, ENETUNREACH] { #expect(ListenerSource.concernsOneConnection(error)) }
        for error in [EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL, EPERM] {
            #expect(!ListenerSource.concernsOneConnection(error))
        }
    }

    @Test("A socket that the system does not watch is refused to its owner, and nothing is left open")
    func unwatched() throws {
        try Scene.run { scene in
            var connects: [Result<CInt, SystemError>] = []
            let errors = try scene.on { () -> [CInt] in
                // Something else has the number of the loop's descriptor meanwhile.
                let (poll, kept, other) = (scene.loop.poll, dup(scene.loop.poll), polling_wakeup_create())
                dup2(other, poll)
                defer {
                    dup2(kept, poll)
                    close(kept)
                    close(other)
                }
                func error(_ make: () throws(SystemError) -> Void) -> CInt {
                    do throws(SystemError) {
                        try make()
                        return 0
                    } catch {
                        return error.number
                    }
                }
                let address = try loopback
                _ = scene.keep(try ConnectSource(loop: scene.loop, to: address) { connects.append($0) })
                return [
                    error { () throws(SystemError) in
                        _ = try ListenerSource(loop: scene.loop, on: address, handler: Acceptor())
                    },
                    error { () throws(SystemError) in
                        _ = try DatagramSource(loop: scene.loop, local: address, peer: nil, handler: Mailbox())
                    },
                ]
            }
            #expect(errors == [EINVAL, EINVAL])
            try scene.wait { !connects.isEmpty }
            #expect(throws: SystemError.self) { try connects.first?.get() }
            #expect(try scene.on { scene.loop.openSources } == 0)
        }
    }

    @Test("A port that is taken is refused, and nothing is left open", arguments: LoopBackend.tested)
    func taken(_ backend: LoopBackend) throws {
        let (other, address) = try listeningSocket()
        defer { close(other) }
        try Scene.run(backend) { scene in
            let error = try scene.on {
                do throws(SystemError) {
                    _ = try ListenerSource(loop: scene.loop, on: address, handler: Acceptor())
                    return CInt(0)
                } catch {
                    return error.number
                }
            }
            #expect(error == EADDRINUSE)
            #expect(try scene.on { scene.loop.openSources } == 0)
        }
    }
}

/// Keeps what arrives.
private final class Mailbox: DatagramSourceHandler {
    var arrived: [(bytes: [UInt8], address: SocketAddress)] = []
    var failures: [CInt] = []
    var onArrival: (() -> Void)?

    func datagramDidArrive(_ bytes: RawSpan, from address: SocketAddress) {
        arrived.append((bytes.withUnsafeBytes { Array($0) }, address))
        onArrival?()
    }

    func datagramsDidFail(_ error: SystemError) { failures.append(error.number) }

    func datagramsCanSend() {}
}

extension DatagramSource {
    fileprivate func send(_ bytes: [UInt8], to address: SocketAddress? = nil) -> CInt {
        ByteBuffer(bytes: bytes).withBytes { send($0, to: address) }
    }
}

@Suite("Datagrams", .timeLimit(.minutes(5)))
struct DatagramTests {
    private func socket(_ scene: Scene, _ mailbox: Mailbox, peer: SocketAddress? = nil) throws -> DatagramSource {
        try scene.on {
            let local = try loopback
            let source = try DatagramSource(loop: scene.loop, local: local, peer: peer, handler: mailbox)
            source.setReading(true)
            return scene.keep(source)
        }
    }

    @Test(
        "Datagrams arrive whole, with their senders, be they empty or as large as can be", arguments: LoopBackend.tested
    )
    func exchange(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (one, two) = (Mailbox(), Mailbox())
            let first = try socket(scene, one)
            let second = try socket(scene, two)
            let here = try #require(try scene.on { first.localAddress })
            let there = try #require(try scene.on { second.localAddress })
            for size in [1, 0, 1_000, 65_507] {
                let bytes = Array(Pattern.piece(at: 0, size))
                try scene.on {
                    one.arrived = []
                    two.onArrival = { #expect(second.send(two.arrived.removeLast().bytes, to: here) == 0) }
                    #expect(first.send(bytes, to: there) == 0)
                }
                try scene.wait { one.arrived.count == 1 }
                try scene.expect { one.arrived[0] == (bytes, there) }
            }
            #expect(try scene.on { first.send([UInt8](repeating: 0, count: 65_508), to: there) } == EMSGSIZE)
        }
    }

    @Test(
        "A peer without a listener is told as a failure, once, and the socket goes on", arguments: LoopBackend.tested,
        [true, false])
    func unreachable(_ backend: LoopBackend, reads: Bool) throws {
        try Scene.run(backend) { scene in
            let (one, two) = (Mailbox(), Mailbox())
            let there = try #require(
                try scene.on { () -> SocketAddress? in
                    let gone = try DatagramSource(loop: scene.loop, local: try loopback, peer: nil, handler: two)
                    defer { gone.close() }
                    return gone.localAddress
                })
            let source = try socket(scene, one, peer: there)
            if !reads { try scene.on { source.setReading(false) } }
            try scene.on { #expect(source.send([1]) == 0) }
            try scene.wait { !one.failures.isEmpty }
            try scene.passTurns()
            #expect(try scene.on { one.failures } == [ECONNREFUSED])
            // Now there is somebody.
            try scene.on {
                let peer = try DatagramSource(loop: scene.loop, local: there, peer: nil, handler: two)
                scene.keep(peer).setReading(true)
                #expect(source.send([2]) == 0)
            }
            try scene.wait { two.arrived.map(\.bytes) == [[2]] }
        }
    }

    @Test(
        "A datagram that meets the refusal of an earlier one is sent, and the refusal is told once",
        arguments: LoopBackend.tested)
    func pendingRefusal(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (one, two) = (Mailbox(), Mailbox())
            try scene.on {
                let gone = try DatagramSource(loop: scene.loop, local: try loopback, peer: nil, handler: two)
                let there = try #require(gone.localAddress)
                gone.close()
                let source = scene.keep(
                    try DatagramSource(loop: scene.loop, local: try loopback, peer: there, handler: one))
                #expect(source.send([1]) == 0)
                var refusal = pollfd(fd: source.descriptor, events: 0, revents: 0)
                try #require(poll(&refusal, 1, 60_000) == 1)
                let peer = scene.keep(
                    try DatagramSource(loop: scene.loop, local: there, peer: nil, handler: two))
                peer.setReading(true)
                #expect(source.send([2]) == 0)
                // What is wrong with this one itself is told by the call only.
                #expect(source.send([UInt8](repeating: 0, count: 65_508)) == EMSGSIZE)
                #expect(one.failures.isEmpty)
            }
            try scene.wait { two.arrived.map(\.bytes) == [[2]] && !one.failures.isEmpty }
            try scene.passTurns()
            #expect(try scene.on { one.failures } == [ECONNREFUSED])
        }
    }

    @Test("A paused socket tells nothing, and later what came meanwhile", arguments: LoopBackend.tested)
    func pause(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let mailbox = Mailbox()
            let receiver = try socket(scene, mailbox)
            try scene.on { receiver.setReading(false) }
            try sendFive(scene, to: receiver)
            try scene.passTurns()
            try scene.expect { mailbox.arrived.isEmpty && receiver.toldEvents == 0 }
            try scene.on {
                mailbox.onArrival = { if mailbox.arrived.count == 2 { receiver.setReading(false) } }
                receiver.setReading(true)
            }
            try scene.wait { mailbox.arrived.count == 2 }
            try scene.passTurns()
            #expect(try scene.on { mailbox.arrived.count } == 2)
            try scene.on { receiver.setReading(true) }
            try scene.wait { mailbox.arrived.map(\.bytes) == [[1], [2], [3], [4], [5]] }
        }
    }

    @Test(
        "A socket that is closed where it is told of a datagram is told of nothing more", arguments: LoopBackend.tested)
    func closing(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let mailbox = Mailbox()
            let receiver = try socket(scene, mailbox)
            mailbox.onArrival = { if mailbox.arrived.count == 3 { receiver.close() } }
            try sendFive(scene, to: receiver)
            try scene.wait { mailbox.arrived.count == 3 }
            try scene.passTurns()
            #expect(try scene.on { mailbox.arrived.count } == 3)
            #expect(try scene.on { receiver.send([1]) } == EBADF)
        }
    }

    private func sendFive(_ scene: Scene, to receiver: DatagramSource) throws {
        let sender = try socket(scene, Mailbox())
        try scene.on {
            for byte in 1...5 { #expect(sender.send([UInt8(byte)], to: receiver.localAddress) == 0) }
        }
    }
}
