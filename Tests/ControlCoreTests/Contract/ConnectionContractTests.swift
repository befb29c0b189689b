import Bytes
import Polling
import Testing

@testable import ControlCore

/// What connections promise beyond other transports: addresses, back-pressure and the partner's close.
@Suite("Connection contract")
struct ConnectionContractTests {
    private static let connections = TransportCase.having(\.isConnection)

    @Test("A connection knows the addresses of both its ends", arguments: Self.connections)
    func addresses(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                #expect(client.isOpen && server.isOpen)
                #expect(client.remoteAddress?.ipAddress == scene.serverHost)
                #expect(client.localAddress?.ipAddress == scene.clientHost)
                #expect((client.remoteAddress == server.localAddress) == transport.isDirect)
                #expect((client.localAddress == server.remoteAddress) == transport.isDirect)
                #expect(client.queuedBytes == 0)
                scene.end()
            }
        }
    }

    @Test("5 MB arrive whole through a receiver that pauses", arguments: Self.connections)
    func largeTransfer(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                let total = 5 * 1024 * 1024
                let block = ByteBuffer(bytes: (0..<16 * 1024).map { UInt8(truncatingIfNeeded: $0 / 251 + $0) })
                var sent = 0
                var peak = 0
                func fill() {
                    while sent < total, client.queuedBytes <= StreamLimits.highWaterMark {
                        client.send(block)
                        sent += block.readableBytes
                        peak = max(peak, client.queuedBytes)
                    }
                    if sent == total { client.close() }
                }
                let clientSide = StreamRecorder()
                clientSide.onDrain = { transport in
                    #expect(transport.queuedBytes < StreamLimits.lowWaterMark)
                    fill()
                }
                let serverSide = StreamRecorder()
                serverSide.onReceive = { transport, bytes in
                    #expect(bytes.readableBytes <= 64 * 1024)
                    transport.setReading(false)
                    scene.server.execute { transport.setReading(true) }
                }
                serverSide.onClose = { [unowned serverSide] reason in
                    #expect(reason == .peer)
                    #expect(serverSide.received.readableBytes == total)
                    var rest = serverSide.received
                    while let next = rest.readSlice(length: block.readableBytes) {
                        guard next != block else { continue }
                        scene.fail("the bytes changed on their way")
                        return
                    }
                    #expect(peak > StreamLimits.highWaterMark)
                    #expect(peak <= StreamLimits.highWaterMark + block.readableBytes)
                    #expect(clientSide.drains > 0)
                    scene.end()
                }
                server.start(delegate: serverSide)
                server.setReading(false)
                client.start(delegate: clientSide)
                fill()
                // A socket takes some megabytes before it is full. Only then does the receiver begin.
                scene.server.schedule(after: .milliseconds(20)) { server.setReading(true) }
            }
        }
    }

    @Test(
        "A peer's close comes after its last bytes, once, and ends both directions", arguments: Self.connections
    )
    func peerClose(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                let clientSide = StreamRecorder()
                let serverSide = StreamRecorder()
                var ends = 0
                func tryEnd() {
                    ends += 1
                    guard ends == 2 else { return }
                    #expect(serverSide.closes == [.peer])
                    #expect(clientSide.closes == [.local])
                    #expect(serverSide.text == "bye")
                    #expect(!server.isOpen && !client.isOpen)
                    server.send("nobody hears this")
                    #expect(server.queuedBytes == 0)
                    scene.end()
                }
                clientSide.onClose = { _ in tryEnd() }
                serverSide.onClose = { _ in tryEnd() }
                server.start(delegate: serverSide)
                client.start(delegate: clientSide)
                client.send("bye")
                client.close()
            }
        }
    }

    @Test("Closing sends what is queued first", arguments: Self.connections)
    func closeFlushes(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                let total = transport.kind.burst
                let serverSide = StreamRecorder()
                serverSide.onClose = { [unowned serverSide] reason in
                    #expect(reason == .peer)
                    #expect(serverSide.received.readableBytes == total)
                    scene.end()
                }
                server.start(delegate: serverSide)
                client.start(delegate: StreamRecorder())
                client.send(ByteBuffer(repeating: 7, count: total))
                // A system may take it all at once, and so may the thread of an SSH session.
                #expect(client.queuedBytes > 0 || transport.environment.backend != nil)
                client.close()
            }
        }
    }

    @Test(
        "A queue that the peer does not take ends in a reset, a second after the close",
        arguments: Self.connections)
    func lingerEndsInReset(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                let serverSide = StreamRecorder()
                let clientSide = StreamRecorder()
                serverSide.onClose = { reason in
                    #expect(reason == (transport.isDirect ? .failed("Connection reset by peer") : .peer))
                    #expect(clientSide.closes == [.local])
                    scene.end()
                }
                server.start(delegate: serverSide)
                server.setReading(false)
                client.start(delegate: clientSide)
                client.send(ByteBuffer(repeating: 7, count: 24 * 1024 * 1024))
                let closed = scene.client.now
                clientSide.onClose = { _ in
                    #expect(scene.client.now - closed >= StreamLimits.linger)
                    server.setReading(true)
                }
                client.close()
            }
        }
    }

    @Test("Nothing is delivered while reading is off; the peer's close waits too", arguments: Self.connections)
    func pausedReading(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                let recorder = StreamRecorder()
                server.start(delegate: recorder)
                server.setReading(false)
                client.start(delegate: StreamRecorder())
                client.send("held back")
                client.close()
                scene.server.schedule(after: .milliseconds(50)) {
                    #expect(recorder.chunkSizes.isEmpty)
                    #expect(recorder.closes.isEmpty)
                    recorder.onClose = { [unowned recorder] reason in
                        #expect(reason == .peer)
                        #expect(recorder.text == "held back")
                        scene.end()
                    }
                    server.setReading(true)
                    #expect(recorder.chunkSizes.isEmpty)
                }
            }
        }
    }

    @Test("Closing over unread bytes does not destroy what was sent before", arguments: Self.connections)
    func closeOverUnreadBytes(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openStreams { client, server in
                let recorder = StreamRecorder()
                recorder.onClose = { [unowned recorder] reason in
                    #expect(recorder.text == "power off\r")
                    #expect(reason == .peer)
                    scene.end()
                }
                server.start(delegate: StreamRecorder())
                server.setReading(false)
                client.start(delegate: recorder)
                client.send("unread")
                scene.server.schedule(after: .milliseconds(20)) {
                    server.send("power off\r")
                    server.close()
                }
            }
        }
    }
}

extension TransportScene {
    /// Opens a stream and gives both of its ends, neither of them started.
    func openStreams(
        then body: @escaping (_ client: any StreamTransport, _ server: any StreamTransport) -> Void
    ) {
        open { near, far in
            guard let near = near as? StreamEnd, let far = far as? StreamEnd else {
                Issue.record("these are no streams")
                return
            }
            body(near.stream, far.stream)
        }
    }
}
