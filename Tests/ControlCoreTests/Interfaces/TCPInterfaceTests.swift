import Bytes
import ControlCore
import Polling
import Testing

@Suite("TCPInterface")
struct TCPInterfaceTests {
    // MARK: Connecting

    @Test("A refused connection is told once while it stays so, and no call raises anything else")
    func refused() throws {
        let s = try TCPInterfaceScenario(ControlScenario(deviceListens: false))
        s.interface.connect { s.scenario.note("made") }
        #expect(s.takeLog().isEmpty)
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["0.0 log: ConnectionRefused", "0.0 made"])
        #expect(s.interface.connection == nil)
        s.receive()
        s.send("a")
        s.world.run(for: .seconds(1))
        s.send("b")
        s.world.run(for: .seconds(1))
        #expect(
            s.takeLog() == [
                "1.0 received failure: no connection to 10.0.0.2:23: ConnectionRefused",
                "1.0 a not sent: no connection to 10.0.0.2:23: ConnectionRefused",
                "2.0 b not sent: no connection to 10.0.0.2:23: ConnectionRefused",
            ])
    }

    @Test("An absent device costs one time-out for each attempt, and receiving makes none")
    func absent() throws {
        let s = try TCPInterfaceScenario()
        s.world.network.inject(.drop)
        s.interface.connect { s.scenario.note("made") }
        s.world.run(for: .seconds(10))
        #expect(s.takeLog() == ["2.0 log: TimedOut", "2.0 made"])
        s.send("a")
        s.world.run(for: .seconds(10))
        #expect(s.takeLog() == ["12.0 a not sent: no connection to 10.0.0.2:23: TimedOut"])
        s.receive()
        #expect(s.takeLog() == ["20.0 received failure: no connection to 10.0.0.2:23: TimedOut"])
    }

    @Test("A device that comes back after a minute is connected by the first send after that")
    func comesBack() throws {
        let s = try TCPInterfaceScenario.connected()
        s.device.answer = { $0.uppercased() }
        s.device.stopListening()
        s.device.hangUp()
        for second in 1...60 {
            s.world.run(until: .uptimeNanoseconds(UInt64(second) * 1_000_000_000))
            s.query("q")
        }
        s.world.run(for: .milliseconds(500))
        let outage = s.takeLog()
        #expect(outage.filter { $0.contains(" log: ") }.count == 1, "\(outage)")
        #expect(outage.filter { $0.contains("q: failure: no connection") }.count == 60)
        s.device.listen()
        s.world.run(for: .milliseconds(500))
        s.query("q")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["61.0 q: 'Q'"])
        // A second outage is told again.
        s.device.stopListening()
        s.device.hangUp()
        s.world.run(for: .seconds(1))
        s.query("q")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog().count { $0.contains(" log: ") } == 1)
    }

    @Test("A name is resolved anew for each connection, and new settings count for the next")
    func newSettings() throws {
        let s = try TCPInterfaceScenario(host: "instrument", port: 24)
        s.device.answer = { _ in "here" }
        s.send("a")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog().last == "0.001 a not sent: no connection to instrument:24: HostError")
        s.world.network.names["instrument"] = ["10.0.0.2"]
        s.interface.port = 23
        s.query("b")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["1.001 b: 'here'"])
    }

    @Test("Parameters out of range are refused by name")
    func parameters() {
        let environment = SimulatedEnvironment(seed: 1)
        func refusal(_ host: String, _ port: Int, _ timeout: TimeAmount) -> String? {
            let error = #expect(throws: ParameterError.self) {
                try TCPInterface(environment: environment, host: host, port: port, timeout: timeout)
            }
            return error?.parameter
        }
        #expect(refusal("", 1, .seconds(1)) == "ip_address")
        #expect(refusal("a", 0, .seconds(1)) == "port")
        #expect(refusal("a", 70_000, .seconds(1)) == "port")
        #expect(refusal("a", 1, .zero) == "timeout")
    }

    // MARK: Receiving

    @Test("A silent device costs one time-out; its late answer is what the next receive gets")
    func silent() throws {
        let s = try TCPInterfaceScenario.connected()
        s.send("a")
        s.receive()
        s.world.run(for: .seconds(5))
        #expect(s.takeLog() == ["0.0 sent a", "2.0 received failure: 10.0.0.2:23 sent nothing for 2.0 s"])
        #expect(s.interface.connection?.isOpen == true)
        s.device.say("late")
        s.world.run(for: .seconds(1))
        s.receive()
        #expect(s.takeLog() == ["6.0 received 'late'"])
        #expect(s.device.accepted == 1)
    }

    @Test("With a reset a late answer is gone, and the failure comes when the new connection is there")
    func reset() throws {
        let s = try TCPInterfaceScenario.connected()
        s.receive(reset: true)
        s.world.run(for: .seconds(3))
        #expect(s.takeLog() == ["2.0 received failure: 10.0.0.2:23 sent nothing for 2.0 s"])
        #expect(s.device.accepted == 2)
        s.device.answer = { _ in "fresh" }
        s.query("b")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["3.0 b: 'fresh'"])
        // Without a connection a reset makes one attempt.
        s.interface.close()
        s.receive(reset: true)
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["4.0 received failure: 10.0.0.2:23 is not connected"])
        #expect(s.interface.connection != nil)
        #expect(s.device.accepted == 3)
    }

    @Test("A receive gets what is there, and leaves what is above its limit to the next")
    func limit() throws {
        let s = try TCPInterfaceScenario.connected()
        s.device.say("abcde")
        s.world.run(for: .zero)
        s.receive(upTo: 2)
        s.receive(upTo: 2)
        s.receive(upTo: 2)
        #expect(s.takeLog() == ["0.0 received 'ab'", "0.0 received 'cd'", "0.0 received 'e'"])
        s.world.network.inject(.split([1]))
        s.receive()
        s.device.say("xy")
        s.world.run(for: .seconds(1))
        s.receive()
        #expect(s.takeLog() == ["0.0 received 'x'", "1.0 received 'y'"])
    }

    @Test("What arrived before the device closed is received, then the close, and the connection is gone")
    func closedBetweenSendAndReceive() throws {
        let s = try TCPInterfaceScenario.connected()
        s.send("a")
        s.world.run(for: .zero)
        s.device.say("half")
        s.device.hangUp()
        s.world.run(for: .seconds(1))
        #expect(s.interface.connection?.isOpen == false)
        #expect(s.interface.connection?.readableBytes == 4)
        s.receive()
        #expect(s.interface.connection == nil)
        s.receive()
        s.receive()
        #expect(
            s.takeLog() == [
                "0.0 sent a", "1.0 received 'half'", "1.0 received failure: 10.0.0.2:23 has closed the connection",
                "1.0 received failure: 10.0.0.2:23 has closed the connection",
            ])
        s.receive()
        #expect(s.device.accepted == 1, "receiving does not connect")
    }

    @Test("A close while a receive waits ends it at once")
    func closedWhileReceiving() throws {
        let s = try TCPInterfaceScenario.connected()
        s.receive("first")
        s.receive("second")
        s.world.run(for: .seconds(1))
        s.device.hangUp()
        s.world.run(for: .seconds(5))
        #expect(
            s.takeLog() == [
                "1.0 first failure: 10.0.0.2:23 has closed the connection",
                "1.0 second failure: 10.0.0.2:23 has closed the connection",
            ])
    }

    @Test("A reset in the middle of an answer: the half that came, then the failure, then a new connection")
    func resetInAnswer() throws {
        let s = try TCPInterfaceScenario.connected()
        s.device.say("12.")
        s.world.run(for: .zero)
        s.world.network.reset(.everything)
        s.world.run(for: .seconds(1))
        s.receive()
        s.receive()
        let log = s.takeLog()
        #expect(log.first == "1.0 received '12.'")
        #expect(log.last?.hasPrefix("1.0 received failure: the connection to 10.0.0.2:23 broke: ") == true, "\(log)")
        s.device.answer = { _ in "12.5" }
        s.query("t")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["1.0 t: '12.5'"])
    }

    @Test("Bytes that nobody asks for are kept up to a bound; then the device is slowed down, and nothing is lost")
    func bound() throws {
        let s = try TCPInterfaceScenario.connected()
        let total = 3 << 20
        s.device.say(String(repeating: "x", count: total))
        s.world.run(for: .seconds(1))
        let kept = try #require(s.interface.connection?.readableBytes)
        #expect((TCPConnection.limit..<TCPConnection.limit + 128 << 10).contains(kept), "\(kept)")
        var received = 0
        for _ in 0..<1000 where received < total {
            s.interface.receive(upTo: 65_536) { received += (try? $0.get().readableBytes) ?? 0 }
            s.world.run(for: .milliseconds(1))
        }
        #expect(received == total)
    }

    @Test("Whether something can be received is told without taking it")
    func readable() throws {
        let s = try TCPInterfaceScenario.connected()
        let connection = try #require(s.interface.connection)
        func ask(_ timeout: TimeAmount) -> any Cancellable {
            connection.whenReadable(timeout: timeout) { s.scenario.note("readable \($0)") }
        }
        _ = ask(.zero)
        _ = ask(.milliseconds(200))
        ask(.milliseconds(300)).cancel()
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["0.0 readable false", "0.2 readable false"])
        _ = ask(.seconds(5))
        s.world.run(for: .seconds(1))
        s.device.say("x")
        s.world.run(for: .seconds(1))
        #expect(s.takeLog() == ["2.0 readable true"])
        s.receive()
        s.device.hangUp()
        s.world.run(for: .seconds(1))
        _ = ask(.seconds(5))
        #expect(s.takeLog() == ["3.0 received 'x'", "4.0 readable true"])
    }
}
