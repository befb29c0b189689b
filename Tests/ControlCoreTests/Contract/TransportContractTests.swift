import Polling
import Testing

@testable import ControlCore

/// What every kind of transport promises, on sockets, devices and simulated ones.
@Suite("Transport contract")
struct TransportContractTests {
    @Test("Messages arrive in order, in both directions", arguments: TransportCase.all)
    func order(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                #expect(near.isOpen && far.isOpen)
                #expect(near.queuedBytes == 0 && far.queuedBytes == 0)
                let numbers = 100..<200
                let expected = numbers.map { "\($0)" }.joined()
                func tryEnd() {
                    guard near.text.count == expected.count, far.text.count == expected.count else { return }
                    #expect(near.text == expected)
                    #expect(far.text == expected)
                    // What has arrived may not be noted as sent yet, where another thread sends.
                    guard near.queuedBytes == 0, far.queuedBytes == 0 else {
                        scene.client.schedule(after: .milliseconds(1), tryEnd)
                        return
                    }
                    scene.end()
                }
                near.onReceive = tryEnd
                far.onReceive = tryEnd
                near.start()
                far.start()
                for number in numbers {
                    near.send("\(number)")
                    far.send("\(number)")
                }
                #expect(near.text.isEmpty && far.text.isEmpty)
            }
        }
    }

    @Test("What arrives before start is delivered by it, and not inside it", arguments: TransportCase.all)
    func lateStart(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                near.start()
                near.send("early")
                scene.server.schedule(after: .milliseconds(50)) {
                    far.onReceive = {
                        guard far.text == "early" else { return }
                        scene.end()
                    }
                    far.start()
                    #expect(far.text.isEmpty)
                }
            }
        }
    }

    @Test("Nothing is delivered while reading is off, and everything afterwards", arguments: TransportCase.all)
    func readingOff(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                far.start()
                far.setReading(false)
                near.start()
                near.send("held back")
                scene.server.schedule(after: .milliseconds(50)) {
                    #expect(far.text.isEmpty)
                    far.onReceive = {
                        guard far.text == "held back" else { return }
                        scene.end()
                    }
                    far.setReading(true)
                    #expect(far.text.isEmpty)
                }
            }
        }
    }

    @Test("Closing twice reports one close, and not from inside the call", arguments: TransportCase.all)
    func closeTwice(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                far.start()
                near.start()
                near.close()
                near.close()
                #expect(!near.isOpen)
                #expect(near.closes.isEmpty)
                near.onClose = {
                    near.close()
                    scene.client.schedule(after: .milliseconds(20)) {
                        #expect(near.closes == [.local])
                        scene.end()
                    }
                }
            }
        }
    }

    @Test("A closed end neither sends nor receives", arguments: TransportCase.all)
    func silenceAfterClose(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                far.start()
                near.start()
                far.send("too late to be heard")
                near.close()
                near.send("too late to be sent")
                #expect(near.queuedBytes == 0)
                near.onClose = {
                    scene.client.schedule(after: .milliseconds(100)) {
                        #expect(near.text.isEmpty && far.text.isEmpty)
                        #expect(near.closes == [.local])
                        scene.end()
                    }
                }
            }
        }
    }

    @Test("An end that holds bytes back can be closed, and what it held is dropped", arguments: TransportCase.all)
    func closeWhilePaused(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                far.onClose = {
                    #expect(far.closes == [.local])
                    #expect(far.text.isEmpty)
                    scene.end()
                }
                far.start()
                far.setReading(false)
                near.start()
                near.send("never read")
                scene.server.schedule(after: .milliseconds(20)) { far.close() }
            }
        }
    }

    @Test("What was closed can be opened again, twenty times", arguments: TransportCase.all)
    func reopen(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            func again(_ count: Int) {
                guard count > 0 else { return scene.end() }
                transports.open { near, far in
                    func tryAgain() {
                        guard !near.closes.isEmpty, !far.closes.isEmpty else { return }
                        again(count - 1)
                    }
                    near.onClose = tryAgain
                    far.onClose = tryAgain
                    far.onReceive = {
                        guard far.text == "hello" else { return }
                        near.close()
                        far.close()
                    }
                    far.start()
                    near.start()
                    near.send("hello")
                }
            }
            again(20)
        }
    }

    @Test("An end lives as long as it is open, and no longer", arguments: TransportCase.all)
    func delegateLifetime(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.open { near, far in
                weak let watched: (any TransportEnd)? = near
                near.onClose = {
                    // The report is made by a turn that still has it.
                    scene.client.schedule(after: .milliseconds(20)) {
                        #expect(watched == nil)
                        scene.end()
                    }
                }
                far.start()
                near.start()
                scene.client.schedule(after: .milliseconds(20)) {
                    #expect(watched != nil)
                    watched?.close()
                }
            }
        }
    }

    @Test(
        "A line that breaks ends the stream once, with a reason",
        arguments: TransportCase.having { $0.loss != nil })
    func loss(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            transports.openBreakable { near, far, breakLine in
                far.start()
                near.onClose = {
                    #expect(near.closes == transport.loss.map { [.failed($0)] })
                    #expect(near.text == "last words")
                    #expect(!near.isOpen)
                    near.close()
                    scene.client.schedule(after: .milliseconds(50)) {
                        #expect(near.closes.count == 1)
                        scene.end()
                    }
                }
                near.onReceive = {
                    guard near.text == "last words" else { return }
                    scene.client.execute(breakLine)
                }
                near.start()
                far.send("last words")
            }
        }
    }
}
