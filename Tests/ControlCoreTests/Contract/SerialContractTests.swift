import Bytes
import Polling
import Testing

@testable import ControlCore

/// What serial lines promise beyond other transports.
@Suite("Serial lines, live and simulated")
struct SerialContractTests {
    @Test("Bytes go both ways, all of them and in order", arguments: EnvironmentKind.allCases)
    func bothWays(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { line, scene in
            line.openBoth { near, far in
                let message = ByteBuffer(bytes: (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                let recorders = [StreamRecorder(), StreamRecorder()]
                for recorder in recorders {
                    recorder.onReceive = { _, _ in
                        guard recorders.allSatisfy({ $0.received.readableBytes == message.readableBytes }) else {
                            return
                        }
                        #expect(recorders.allSatisfy { $0.received == message })
                        #expect(near.queuedBytes + far.queuedBytes == 0)
                        scene.end()
                    }
                }
                near.start(delegate: recorders[0])
                far.start(delegate: recorders[1])
                near.send(message)
                var rest = message
                while let piece = rest.readSlice(length: min(7, rest.readableBytes)), piece.readableBytes > 0 {
                    far.send(piece)
                }
            }
        }
    }

    @Test("A port that is not there, and one that is in use, are told apart", arguments: EnvironmentKind.allCases)
    func failures(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { line, scene in
            scene.client.openSerial(path: "/dev/no-such-port", settings: SerialSettings()) { missing in
                #expect(throws: SerialFailure.missing) { _ = try missing.get() }
                line.openNear { first in
                    scene.client.openSerial(path: line.nearPath, settings: SerialSettings()) { second in
                        #expect(throws: SerialFailure.inUse) { _ = try second.get() }
                        #expect(first.isOpen)
                        scene.end()
                    }
                }
            }
        }
    }

    @Test(
        "What was sent before the close still arrives, and the port can be opened again",
        arguments: EnvironmentKind.allCases)
    func closeFlushes(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { line, scene in
            line.openBoth { near, far in
                let reader = StreamRecorder()
                let writer = StreamRecorder()
                func tryEnd() {
                    guard !writer.closes.isEmpty, reader.received.readableBytes == 5000 else { return }
                    #expect(writer.closes == [.local])
                    line.openNear { again in
                        #expect(again.isOpen)
                        scene.end()
                    }
                }
                reader.onReceive = { _, _ in tryEnd() }
                writer.onClose = { _ in tryEnd() }
                far.start(delegate: reader)
                near.start(delegate: writer)
                near.send(ByteBuffer(repeating: 65, count: 5000))
                near.close()
                near.close()
                #expect(!near.isOpen)
                #expect(writer.closes.isEmpty, "never from inside the call")
                near.send("too late")
            }
        }
    }

    @Test(
        "Settings change behind what was sent, and those that are refused end the stream",
        arguments: EnvironmentKind.allCases)
    func reconfigure(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { line, scene in
            line.openBoth { near, far in
                let reader = StreamRecorder()
                let writer = StreamRecorder()
                writer.onClose = { reason in
                    guard case .failed(let text) = reason else { return scene.fail("\(reason)") }
                    #expect(text.hasPrefix("the port cannot do mode 'RS485'"))
                    #expect(reader.text == "before")
                    scene.end()
                }
                far.start(delegate: reader)
                near.start(delegate: writer)
                near.send("before")
                // Bytes under way take a moment through a pseudo terminal; the simulated line has none to spare.
                scene.client.schedule(after: .milliseconds(50)) {
                    near.reconfigure(SerialScene.settings(mode: .rs422))
                    near.reconfigure(SerialScene.settings(mode: .rs485))
                    near.send("after")
                }
            }
        }
    }

    @Test("A character delay lies between the bytes", arguments: EnvironmentKind.allCases)
    func charDelay(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { line, scene in
            guard let slow = try? SerialSettings(baud: 4_000_000, charDelay: .milliseconds(20)) else { return }
            line.openNear(slow) { near in
                scene.server.openSerial(path: line.farPath, settings: slow) { result in
                    guard let far = try? result.get() else { return scene.fail("\(result)") }
                    let recorder = StreamRecorder()
                    let start = scene.client.now
                    recorder.onReceive = { _, _ in
                        guard recorder.text == "abcd" else { return }
                        // A loop that is late reads several at once.
                        if kind == .simulated { #expect(recorder.chunkSizes == [1, 1, 1, 1]) }
                        #expect(scene.client.now - start >= .milliseconds(60))
                        scene.end()
                    }
                    far.start(delegate: recorder)
                    near.start(delegate: StreamRecorder())
                    near.send("abcd")
                    #expect(near.queuedBytes >= 3)
                }
            }
        }
    }
}
