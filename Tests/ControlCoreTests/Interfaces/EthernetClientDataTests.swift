import Bytes
import ControlCore
import Polling
import Testing

@Suite("EthernetClientInterface: data")
struct EthernetClientDataTests {
    private func ask(
        _ client: EthernetClientInterface, _ scenario: ControlScenario, _ command: String,
        timeout: TimeAmount = .seconds(1), until delimiter: ResponseDelimiter? = .suffix([13])
    ) -> any Cancellable {
        client.sendAndWait(ByteBuffer(string: command), timeout: timeout, delimiter: delimiter) {
            scenario.note("\(command): \(ControlScenario.text($0))")
        }
    }

    @Test("sendAndWait returns up to the delimiter and gives the rest to ReceiveData, in this order")
    func rest() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { _ in "Pwr1\rVol5" }
        _ = ask(client, scenario, "P")
        scenario.world.run(for: .seconds(2))
        #expect(scenario.takeLog() == ["0.0 P: response 'Pwr1\r'", "0.0 Data Vol5"])
    }

    @Test("An unmet delimiter gives nothing at the time-out, and what came goes to ReceiveData")
    func unmet() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { _ in "Pwr" }
        _ = ask(client, scenario, "P")
        scenario.world.run(for: .seconds(2))
        #expect(scenario.takeLog() == ["1.0 P: unmet timedOut", "1.0 Data Pwr"])
    }

    @Test("Without a delimiter, all that came in the whole time-out is the response")
    func wholeTime() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        _ = ask(client, scenario, "P", timeout: .seconds(3), until: nil)
        for second in 1...2 {
            scenario.world.run(until: .uptimeNanoseconds(UInt64(second) * 1_000_000_000))
            scenario.device.say("\(second)")
        }
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["3.0 P: response '12'"])
    }

    @Test("Calls take turns: the second sends and starts its time-out when the first is done")
    func turns() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { $0 == "B" ? "b\r" : nil }
        _ = ask(client, scenario, "A", timeout: .seconds(2))
        _ = ask(client, scenario, "B", timeout: .seconds(1))
        _ = ask(client, scenario, "C", timeout: .seconds(1))
        scenario.world.run(until: .uptimeNanoseconds(1_900_000_000))
        #expect(scenario.device.received == "A")
        scenario.world.run(for: .seconds(5))
        #expect(scenario.device.received == "ABC")
        #expect(
            scenario.takeLog() == ["2.0 A: unmet timedOut", "2.0 B: response 'b\r'", "3.0 C: unmet timedOut"])
    }

    @Test("A rest is not taken for the response of the next call")
    func restBetweenCalls() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { $0 == "A" ? "a\rstray\r" : "b\r" }
        _ = ask(client, scenario, "A")
        _ = ask(client, scenario, "B")
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["0.0 A: response 'a\r'", "0.0 Data stray\r", "0.0 B: response 'b\r'"])
    }

    @Test("A call made inside a completion does not get what the response left over either")
    func callInsideCompletion() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { $0 == "A" ? "a\rstray\r" : "b\r" }
        client.sendAndWait(ByteBuffer(string: "A"), timeout: .seconds(1), delimiter: .suffix([13])) { _ in
            _ = ask(client, scenario, "B")
        }
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["0.0 Data stray\r", "0.0 B: response 'b\r'"])
    }

    private struct SearchFault: Error {}

    private final class FailingPattern: ResponsePattern {
        func endOfMatch(in bytes: UnsafeRawBufferPointer, searched: Int) throws -> Int? { throw SearchFault() }
    }

    @Test("A failing search fails the call, and what came goes to ReceiveData")
    func failingPattern() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { _ in "answer" }
        _ = ask(client, scenario, "A", until: .pattern(FailingPattern()))
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["0.0 A: failed SearchFault()", "0.0 Data answer"])
    }

    @Test("Cancelling gives back what came and lets the next call go")
    func cancelling() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { $0 == "A" ? "half" : "b\r" }
        let first = ask(client, scenario, "A")
        let queued = ask(client, scenario, "X")
        _ = ask(client, scenario, "B")
        scenario.world.run(for: .milliseconds(500))
        queued.cancel()
        first.cancel()
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["0.5 Data half", "0.5 B: response 'b\r'"])
        #expect(scenario.device.received == "AB")
    }

    @Test("A lost connection completes every call at once, after Disconnected")
    func lost() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { _ in "half" }
        _ = ask(client, scenario, "A")
        _ = ask(client, scenario, "B")
        scenario.world.run(for: .milliseconds(500))
        scenario.world.network.reset(.everything)
        scenario.world.run(for: .seconds(5))
        #expect(
            scenario.takeLog() == [
                "0.5 Data half", "0.5 Disconnected", "0.5 A: unmet connectionLost",
                "0.5 B: failed 10.0.0.2:23 is not connected",
            ])
        _ = ask(client, scenario, "C")
        #expect(scenario.log.isEmpty)
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["5.5 C: failed 10.0.0.2:23 is not connected"])
    }

    @Test("Without a delimiter, a lost connection returns what came")
    func lostWithoutDelimiter() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { _ in "half" }
        _ = ask(client, scenario, "A", timeout: .seconds(9), until: nil)
        scenario.world.run(for: .seconds(1))
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["1.0 Disconnected", "1.0 A: response 'half'"])
    }

    @Test("A response over the limit is unmet, and all of it goes to ReceiveData in chunks of at most 64 KiB")
    func tooLong() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        var sizes: [Int] = []
        client.onReceiveData = { sizes.append($0.readableBytes) }
        let total = EthernetClientInterface.responseLimit + 100
        scenario.device.answer = { _ in String(repeating: "x", count: total) }
        _ = ask(client, scenario, "A")
        scenario.world.run(for: .milliseconds(900))
        #expect(scenario.takeLog() == ["0.0 A: unmet tooLong"])
        #expect(sizes.reduce(0, +) == total)
        #expect(sizes.allSatisfy { $0 <= 65_536 })
    }

    @Test("A delimiter of no length holds at once")
    func nothing() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        _ = ask(client, scenario, "A", timeout: .seconds(9), until: .length(0))
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 A: response ''"])
    }

    @Test("A sendAndWait inside ReceiveData gets its answer, though the program takes no more data meanwhile")
    func insideReceiveData() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.answer = { $0 == "Q" ? "answer\rlater" : nil }
        client.onReceiveData = { bytes in
            scenario.note("Data \(String(buffer: bytes))")
            guard String(buffer: bytes) == "event" else { return }
            // As a program's event queue does when it is full.
            client.setReceiving(false)
            client.sendAndWait(ByteBuffer(string: "Q"), timeout: .seconds(3), delimiter: .suffix([13])) {
                scenario.note("Q: \(ControlScenario.text($0))")
            }
        }
        scenario.device.say("event")
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Data event", "0.0 Q: response 'answer\r'"])
        scenario.device.say("!")
        scenario.world.run(for: .seconds(1))
        #expect(scenario.log.isEmpty)
        client.setReceiving(true)
        #expect(scenario.log.isEmpty)
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["2.0 Data later!"])
    }

    @Test("A paused program slows the peer down, and gets every byte when the connection ends")
    func backPressure() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        var bytes = 0
        client.onReceiveData = { bytes += $0.readableBytes }
        client.setReceiving(false)
        let total = 1_000_000
        scenario.device.say(String(repeating: "x", count: total))
        scenario.world.run(for: .seconds(60))
        #expect(bytes == 0)
        #expect((scenario.device.connections.first?.queuedBytes ?? 0) > total - 300_000)
        client.setReceiving(true)
        scenario.world.run(for: .seconds(60))
        #expect(bytes == total)
    }

    @Test("What a sendAndWait left over reaches a paused program before Disconnected")
    func keptAtEnd() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        client.setReceiving(false)
        scenario.device.answer = { _ in "a\rrest" }
        _ = ask(client, scenario, "A")
        scenario.world.run(for: .seconds(1))
        client.disconnect()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 A: response 'a\r'", "1.0 Data rest", "1.0 Disconnected"])
    }

    @Test("The send queue is bounded, and a waiting sender is called when it has drained")
    func sendBound() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        let silence = scenario.world.network.inject(.drop)
        let block = ByteBuffer(repeating: 0, count: 100_000)
        #expect(client.whenWritable {} == nil)
        var sent = 0
        do {
            while sent < 1_000 {
                try client.send(block)
                sent += 1
            }
            Issue.record("no bound")
        } catch {
            #expect(error.text.contains("10.0.0.2:23"))
        }
        #expect(client.queuedBytes <= EthernetClientInterface.sendQueueLimit)
        #expect(sent >= 10)
        let waiting = client.whenWritable { scenario.note("room") }
        #expect(waiting != nil)
        client.whenWritable { scenario.note("cancelled") }?.cancel()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.log.isEmpty)
        silence.cancel()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["1.0 room"])
        #expect(scenario.device.received.utf8.count == sent * 100_000)
    }

    @Test("A sender that waits for room is called when the connection ends")
    func roomAtEnd() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.world.network.inject(.drop)
        try client.send(ByteBuffer(repeating: 0, count: 1_200_000))
        #expect(throws: IOFault.self) { try client.send(ByteBuffer(string: "x")) }
        _ = client.whenWritable { scenario.note("room") }
        client.disconnect()
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.0 room", "0.0 Disconnected"])
    }

    @Test("A keep-alive is sent at each interval while connected, over reconnects, until it is stopped")
    func keepAlive() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        try client.startKeepAlive(interval: .seconds(9), data: ByteBuffer(string: "replaced"))
        try client.startKeepAlive(interval: .seconds(2), data: ByteBuffer(string: "k"))
        scenario.world.run(for: .milliseconds(1_999))
        #expect(scenario.device.received == "")
        scenario.world.run(for: .milliseconds(2_001))
        #expect(scenario.device.received == "kk")
        client.disconnect()
        scenario.world.run(for: .seconds(3))
        #expect(client.isActive)
        client.connect(timeout: nil) { _ in }
        scenario.world.run(for: .seconds(2))
        #expect(scenario.device.received == "kkk")
        client.close()
        client.connect(timeout: nil) { _ in }
        scenario.world.run(for: .seconds(20))
        #expect(scenario.device.received == "kkk")
        #expect(throws: ParameterError.self) { try client.startKeepAlive(interval: .zero, data: ByteBuffer()) }
    }
}
