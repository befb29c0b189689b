import ControlCore
import Polling
import Testing

@Suite("PollPhases")
struct PollPhasesTests {
    @Test("The first handler polls after one whole interval, and a thousand leave no gap and no crowd")
    func spread() {
        var phases = PollPhases()
        let drawn = (0..<1_000).map { _ in phases.next() }
        #expect(drawn[0] == 0)
        #expect(drawn.allSatisfy { (0..<1).contains($0) })
        // In each tenth of the second a tenth of the handlers.
        for tenth in 0..<10 {
            let count = drawn.count { Int($0 * 10) == tenth }
            #expect((95...105).contains(count), "\(count) in tenth \(tenth)")
        }
        let sorted = drawn.sorted() + [1]
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 < 0.003 })
    }

    @Test("A phase brings the first poll forward, and the others come at the interval")
    func firstPoll() throws {
        let scenario = ControlScenario()
        let client = try EthernetClientInterface(environment: scenario.controller, hostname: "10.0.0.2", port: 23)
        let handler = try RawTcpHandler(
            interface: client, options: HandlerOptions(pollFrequency: .seconds(4), pollPhase: 0.75)
        ) { _, finished in
            scenario.note("poll")
            finished()
        }
        handler.connect()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["1.0 poll", "5.0 poll", "9.0 poll"])
    }
}
