import Bytes
import ControlCore
import Polling
import Testing

@Suite("TCPInterface: sending")
struct TCPInterfaceSendTests {
    @Test("A device that closes after every answer loses no message")
    func closesAfterEveryAnswer() throws {
        let s = try TCPInterfaceScenario.connected()
        s.device.answer = { text in
            s.scenario.controller.execute { s.device.hangUp() }
            return text.uppercased()
        }
        for number in 1...200 {
            s.query("n\(number)")
            s.world.run(for: .milliseconds(10))
        }
        let log = s.takeLog().map { $0.drop { $0 != " " }.dropFirst() }
        #expect(log == (1...200).map { "n\($0): 'N\($0)'" })
        #expect(s.device.accepted == 200)
        #expect(s.scenario.controller.openTransports == 0)
    }

    /// A device at port 24 that takes connections and never reads.
    private func deaf(_ resends: Bool) throws -> (s: TCPInterfaceScenario, accepted: () -> Int) {
        let s = try TCPInterfaceScenario(port: 24)
        var held: [any StreamTransport] = []
        s.device.environment.listenTCP(address: nil, port: 24) {
            held.append($0)
        } completion: { _ in
        }
        s.interface.resends = resends
        return (s, { held.count })
    }

    @Test("A message that is not taken in time is sent once more, whole, then the send fails")
    func notTaken() throws {
        let (s, accepted) = try deaf(true)
        s.interface.send(ByteBuffer(repeating: 65, count: 1 << 20)) { s.scenario.note("\($0)".prefix(7) + "") }
        s.send("next")
        s.world.run(for: .milliseconds(4_500))
        #expect(
            s.takeLog() == [
                "2.0 log: 10.0.0.2:24 did not take the message in 2.0 s; the message is sent again on a new connection",
                "4.0 failure", "4.0 sent next",
            ])
        // The failed one had left half a message in the stream.
        #expect(accepted() == 3)
    }

    @Test("Without resending the send fails after one time-out")
    func withoutResending() throws {
        let (s, accepted) = try deaf(false)
        s.interface.send(ByteBuffer(repeating: 65, count: 1 << 20)) { s.scenario.note("\($0)".prefix(7) + "") }
        s.world.run(for: .seconds(10))
        #expect(s.takeLog() == ["2.0 failure"])
        #expect(accepted() == 1)
        #expect(s.interface.connection == nil)
        s.receive()
        #expect(s.takeLog() == ["10.0 received failure: 10.0.0.2:24 did not take the message in 2.0 s"])
    }

    @Test("A connection that breaks while a message goes out: it is sent again, whole")
    func breaksInMessage() throws {
        let (s, accepted) = try deaf(true)
        s.send("first")
        s.world.run(for: .zero)
        s.interface.send(ByteBuffer(repeating: 65, count: 1 << 20)) { s.scenario.note("\($0)".prefix(7) + "") }
        s.receive()
        s.world.run(for: .seconds(1))
        s.world.network.reset(.everything)
        s.world.run(for: .zero)
        let log = s.takeLog()
        #expect(log.first == "0.0 sent first")
        #expect(log.contains { $0.contains("log: the connection to 10.0.0.2:24 broke: ") }, "\(log)")
        #expect(
            log.contains { $0.hasPrefix("1.0 received failure: ") }, "the answer of the old connection will not come")
        #expect(accepted() == 2)
        s.world.run(for: .seconds(10))
        #expect(s.takeLog() == ["3.0 failure"])
    }

    @Test("An empty message sends nothing, but connects")
    func empty() throws {
        let s = try TCPInterfaceScenario()
        s.send("")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["0.0 sent "])
        #expect(s.device.accepted == 1 && s.device.received.isEmpty)
    }

    @Test("Messages of several callers go out in order over one new connection")
    func order() throws {
        let s = try TCPInterfaceScenario()
        for text in ["a", "b", "c"] { s.send(text) }
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["0.0 sent a", "0.0 sent b", "0.0 sent c"])
        #expect(s.device.received == "abc" && s.device.accepted == 1)
    }

    @Test("Queries take turns as a whole, a send between them does not wait")
    func queries() throws {
        let s = try TCPInterfaceScenario.connected()
        s.device.answer = { text in
            guard text != "x" else { return nil }
            s.scenario.controller.schedule(after: .milliseconds(500)) { s.device.say(text.uppercased()) }
            return nil
        }
        s.query("a")
        s.query("b")
        s.send("x")
        s.world.run(for: .seconds(2))
        #expect(s.takeLog() == ["0.0 sent x", "0.5 a: 'A'", "1.0 b: 'B'"])
        #expect(s.device.received == "axb")
    }

    @Test("A crowd of callers that wait for one connection is served without a deep stack")
    func crowd() throws {
        let s = try TCPInterfaceScenario()
        var sent = 0
        for _ in 0..<20_000 {
            s.interface.send(ByteBuffer(string: "x")) { if case .success = $0 { sent += 1 } }
        }
        s.world.run(for: .seconds(1))
        #expect(sent == 20_000)
        #expect(s.device.received.utf8.count == 20_000)
    }

    @Test("Calls that are cancelled leave their place to the next, and take nothing with them")
    func cancelled() throws {
        let s = try TCPInterfaceScenario.connected()
        s.receive("first").cancel()
        s.receive("second")
        s.device.say("x")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["0.0 second 'x'"])
        s.interface.close()
        let sending = s.send("a")
        let asking = s.query("b")
        s.send("c")
        sending.cancel()
        asking.cancel()
        s.world.run(for: .seconds(10))
        #expect(s.takeLog() == ["1.0 sent c"])
        #expect(s.device.received == "c")
    }

    @Test("Closing fails what waits, and the next send begins anew")
    func closing() throws {
        let s = try TCPInterfaceScenario.connected()
        s.receive()
        s.interface.close()
        s.interface.close()
        s.receive("after")
        #expect(
            s.takeLog() == [
                "0.0 received failure: the connection to 10.0.0.2:23 was closed on this side",
                "0.0 after failure: 10.0.0.2:23 is not connected",
            ])
        s.send("a")
        s.interface.close()
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["0.0 a not sent: no connection to 10.0.0.2:23: Disconnected"])
        s.send("b")
        s.world.run(for: .seconds(1))
        let connection = try #require(s.interface.connection)
        connection.close()
        #expect(s.interface.connection == nil)
        s.send("c")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["1.0 sent b", "2.0 sent c"])
    }

    @Test("An interface that is let go of closes its connection; failed attempts leave nothing")
    func released() throws {
        let scenario = ControlScenario()
        weak var released: TCPInterface?
        do {
            let s = try TCPInterfaceScenario(scenario)
            released = s.interface
            s.query("a")
            s.world.run(for: .seconds(5))
            #expect(scenario.controller.openTransports == 1)
        }
        #expect(released == nil)
        scenario.world.run(for: .seconds(2))
        #expect(scenario.controller.openTransports == 0 && scenario.device.connections.isEmpty)

        scenario.device.stopListening()
        let before = scenario.world.pendingEvents
        let s = try TCPInterfaceScenario(scenario)
        for _ in 1...1000 {
            s.query("a")
            s.receive(reset: true)
            scenario.world.run(for: .seconds(5))
        }
        #expect(scenario.controller.openTransports == 0)
        #expect(scenario.world.pendingEvents == before)
    }
}
