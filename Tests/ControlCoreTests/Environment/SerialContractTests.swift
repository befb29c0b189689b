import NIOCore
import Testing

@testable import ControlCore

/// What programs may rely on with every serial line, live and simulated.
@Suite("Serial lines, live and simulated")
struct SerialContractTests {
    @Test("Bytes go both ways, all of them and in order", arguments: EnvironmentKind.allCases)
    func bothWays(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { scene in
            scene.openBoth { near, far in
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
        try await withSerialScene(kind) { scene in
            scene.near.openSerial(path: "/dev/no-such-port", settings: SerialSettings()) { missing in
                #expect(throws: SerialFailure.missing) { _ = try missing.get() }
                scene.open { first in
                    scene.near.openSerial(path: scene.nearPath, settings: SerialSettings()) { second in
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
        try await withSerialScene(kind) { scene in
            scene.openBoth { near, far in
                let reader = StreamRecorder()
                let writer = StreamRecorder()
                func tryEnd() {
                    guard !writer.closes.isEmpty, reader.received.readableBytes == 5000 else { return }
                    #expect(writer.closes == [.local])
                    scene.open { again in
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

    @Test("Nothing is delivered while reading is off, and everything afterwards", arguments: EnvironmentKind.allCases)
    func readingOff(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { scene in
            scene.openBoth { near, far in
                let recorder = StreamRecorder()
                near.start(delegate: recorder)
                near.setReading(false)
                far.start(delegate: StreamRecorder())
                far.send("held back")
                scene.near.schedule(after: .milliseconds(50)) {
                    #expect(recorder.text == "")
                    recorder.onReceive = { _, _ in
                        if recorder.text == "held back" { scene.end() }
                    }
                    near.setReading(true)
                }
            }
        }
    }

    @Test("A pulled plug ends the stream once, with a reason", arguments: EnvironmentKind.allCases)
    func unplugged(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { scene in
            scene.openBoth { near, far in
                let recorder = StreamRecorder()
                recorder.onClose = { reason in
                    #expect(reason == .failed("the port was pulled out"))
                    #expect(!near.isOpen)
                    near.close()
                    scene.near.schedule(after: .milliseconds(50)) {
                        #expect(recorder.closes.count == 1)
                        scene.end()
                    }
                }
                near.start(delegate: recorder)
                far.start(delegate: StreamRecorder())
                scene.near.schedule(after: .milliseconds(20)) { scene.unplug() }
            }
        }
    }

    @Test(
        "Settings change behind what was sent, and those that are refused end the stream",
        arguments: EnvironmentKind.allCases)
    func reconfigure(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { scene in
            scene.openBoth { near, far in
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
                scene.near.schedule(after: .milliseconds(50)) {
                    near.reconfigure(SerialScene.settings(mode: .rs422))
                    near.reconfigure(SerialScene.settings(mode: .rs485))
                    near.send("after")
                }
            }
        }
    }

    @Test("An open that is called off opens nothing", arguments: EnvironmentKind.allCases)
    func calledOff(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { scene in
            let pending = scene.near.openSerial(path: scene.nearPath, settings: SerialSettings()) { _ in
                scene.fail("it was called off")
            }
            pending.cancel()
            scene.near.schedule(after: .milliseconds(20)) {
                scene.open { _ in scene.end() }
            }
        }
    }

    @Test("A character delay lies between the bytes", arguments: EnvironmentKind.allCases)
    func charDelay(_ kind: EnvironmentKind) async throws {
        try await withSerialScene(kind) { scene in
            guard let slow = try? SerialSettings(baud: 4_000_000, charDelay: .milliseconds(20)) else { return }
            scene.open(slow) { near in
                scene.far.openSerial(path: scene.farPath, settings: slow) { result in
                    guard let far = try? result.get() else { return scene.fail("\(result)") }
                    let recorder = StreamRecorder()
                    let start = scene.near.now
                    recorder.onReceive = { _, _ in
                        guard recorder.text == "abcd" else { return }
                        #expect(recorder.chunkSizes == [1, 1, 1, 1])
                        #expect(scene.near.now - start >= .milliseconds(60))
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
