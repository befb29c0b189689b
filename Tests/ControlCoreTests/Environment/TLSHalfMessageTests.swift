import Bytes
import Foundation
import Polling
import Testing

@testable import ControlCore

/// What happens to bytes that wait behind half a message of TLS, which only another implementation sends.
@Suite("Half messages of TLS")
struct TLSHalfMessageTests {
    /// `openssl s_server` as another process, and somebody between it and the client who hands its records on one by
    /// one.
    private final class SlowServer {
        private let scene: EnvironmentScene
        private let process = Process()
        private let folder: URL
        private var back: (any StreamTransport)?
        private var front: (any StreamTransport)?
        private var pending = ByteBuffer()
        /// Hands on whatever comes: the handshake, and what is left when all is seen.
        private var isFast = true
        private var isHandshake = true
        /// What was handed on of the server.
        private var served = 0
        private let backSide = StreamRecorder()
        /// What comes of the client, and its end.
        let frontSide = StreamRecorder()
        var onMore: (() -> Void)?

        init(_ scene: EnvironmentScene) throws {
            self.scene = scene
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("half-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(TestCertificates.good.certificateChain).write(to: folder.appendingPathComponent("good.pem"))
            try Data(TestCertificates.authority).write(to: folder.appendingPathComponent("ca.pem"))
        }

        func stop() {
            onMore = nil
            frontSide.onClose = nil
            if process.isRunning {
                // Not SIGTERM, which the thread that starts a process may have blocked.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            try? FileManager.default.removeItem(at: folder)
        }

        /// Starts the process.
        /// - Returns: the port on which it listens.
        private func start() throws -> Int {
            // A ticket with the client's certificate in it takes more than one record of 512 bytes.
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "good.pem", "-key", "good.pem"]
                + ["-Verify", "1", "-CAfile", "ca.pem", "-max_send_frag", "512", "-tls1_3", "-rev"]
            process.currentDirectoryURL = folder
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            // "ACCEPT 127.0.0.1:12345"
            var text = ""
            while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
                let data = output.fileHandleForReading.availableData
                guard !data.isEmpty else { throw POSIXError(.ECHILD) }
                text += String(decoding: data, as: UTF8.self)
            }
            let line = text.split(separator: "ACCEPT").last?.split(whereSeparator: \.isNewline).first
            return line?.split(separator: ":").last.flatMap { Int($0) } ?? 0
        }

        /// Connects a client, and lets the handshake pass.
        func connect(then body: @escaping (TCPTransport) -> Void) throws {
            let port = try start()
            backSide.onReceive = { [unowned self] _, bytes in
                if isFast {
                    served += bytes.readableBytes
                    front?.send(bytes)
                } else {
                    pending.writeImmutableBuffer(bytes)
                    onMore?()
                }
            }
            frontSide.onReceive = { [unowned self] _, bytes in
                // An answer to the server's certificate ends the client's part of the handshake. What the server says
                // to that is not to slip through before the client tells of it.
                if isHandshake, served > 500 {
                    isHandshake = false
                    isFast = false
                }
                back?.send(bytes)
            }
            scene.listen { [self] transport in
                front = transport
                scene.connect(to: port) { [self] transport in
                    back = transport
                    transport.start(delegate: backSide)
                    front?.start(delegate: frontSide)
                }
            } then: { [self] listener in
                scene.connect(to: listener.port) { [self] transport in
                    guard let client = transport as? TCPTransport else { return scene.fail("no socket") }
                    let terms = TLSTerms(
                        role: .client, peerName: "localhost", verification: .authorities(TestCertificates.authority),
                        identity: TestCertificates.good)
                    _ = client.startTLS(terms, timeout: .seconds(10)) { [self] outcome in
                        guard case .success = outcome else { return scene.fail("\(outcome)") }
                        body(client)
                    }
                }
            }
        }

        /// Hands one record on.
        /// - Returns: false when none is there.
        func step() -> Bool {
            guard let length = pending.getInteger(at: pending.readerIndex + 3, as: UInt16.self),
                let record = pending.readSlice(length: 5 + Int(length))
            else { return false }
            front?.send(record)
            return true
        }

        /// Hands on all that there is, and from now on whatever comes.
        func goOn() {
            isFast = true
            front?.send(pending)
        }
    }

    /// Brings a client to the point at which it has got half a message, and one byte waits behind that.
    private static func run(
        _ scene: EnvironmentScene,
        then body: @escaping (_ client: TCPTransport, _ clientSide: StreamRecorder, _ server: SlowServer) -> Void
    ) {
        do {
            let server = try SlowServer(scene)
            scene.atEnd { server.stop() }
            let clientSide = StreamRecorder()
            try server.connect { client in
                client.start(delegate: clientSide)
                var hasBegun = false
                var isUnderWay = false
                func goOn() {
                    guard !hasBegun, !isUnderWay, server.step() else { return }
                    isUnderWay = true
                    // The record has crossed the machine's own network by then.
                    scene.client.schedule(after: .milliseconds(10)) {
                        isUnderWay = false
                        client.send("a")
                        guard client.tls?.waitingBytes == 1 else { return goOn() }
                        hasBegun = true
                        body(client, clientSide, server)
                    }
                }
                server.onMore = goOn
                goOn()
            }
        } catch { scene.fail("\(error)") }
    }

    @Test("What waits behind half a message is queued, and a close that cannot send it is a reset")
    func close() async throws {
        try await withScene(.live) { scene in
            Self.run(scene) { client, _, server in
                #expect(client.queuedBytes == 1)
                client.send(ByteBuffer(repeating: 7, count: 1000))
                #expect(client.queuedBytes == 1001)
                server.frontSide.onClose = { reason in
                    #expect(reason == .failed("Connection reset by peer"))
                    scene.end()
                }
                client.close()
            }
        }
    }

    @Test("A close waits for the other half, then sends what waits behind it")
    func lateHalf() async throws {
        try await withScene(.live) { scene in
            Self.run(scene) { client, _, server in
                client.send(ByteBuffer(repeating: 7, count: 1000))
                let before = server.frontSide.received.readableBytes
                server.frontSide.onClose = { reason in
                    #expect(reason == .peer)
                    #expect(server.frontSide.received.readableBytes > before + 1001)
                    scene.end()
                }
                client.close()
                server.goOn()
            }
        }
    }

    @Test("A sender is told when what waited behind half a message has gone")
    func drain() async throws {
        try await withScene(.live) { scene in
            Self.run(scene) { client, clientSide, server in
                clientSide.onDrain = { transport in
                    #expect(transport.queuedBytes < StreamLimits.lowWaterMark)
                    scene.end()
                }
                client.send(ByteBuffer(repeating: 7, count: 100_000))
                #expect(client.queuedBytes == 100_001)
                server.goOn()
            }
        }
    }
}
