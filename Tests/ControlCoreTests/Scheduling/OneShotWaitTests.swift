import ControlCore
import Polling
import Testing

@Suite("OneShotWait")
struct OneShotWaitTests {
    private func expiries(
        of time: TimeAmount = .seconds(3), _ script: [(Double, (OneShotWait) throws -> Void)]
    ) throws -> [Double] {
        let environment = SimulatedEnvironment(seed: 1)
        let wait = try OneShotWait(environment: environment, time: time)
        var expiries: [Double] = []
        wait.onExpired = { _ in expiries.append(Double(environment.now.uptimeNanoseconds) / 1e9) }
        for (second, action) in script {
            environment.world.schedule(at: .uptimeNanoseconds(UInt64(second * 1e9))) {
                #expect(throws: Never.self) { try action(wait) }
            }
        }
        environment.world.run(for: .seconds(30))
        return expiries
    }

    @Test("It expires once, also after no time at all")
    func once() throws {
        #expect(try expiries([(0, { $0.restart() })]) == [3])
        #expect(try expiries(of: .zero, [(1, { $0.restart() })]) == [1])
        #expect(try expiries([]) == [])
    }

    @Test("A restart counts from now, whether it was pending, expired or cancelled")
    func restart() throws {
        #expect(try expiries([(0, { $0.restart() }), (2, { $0.restart() }), (7, { $0.restart() })]) == [5, 10])
        #expect(try expiries([(0, { $0.restart() }), (1, { $0.cancel() }), (2, { $0.restart() })]) == [5])
    }

    @Test("A cancelled wait does not expire; cancelling an expired one does nothing")
    func cancel() throws {
        #expect(try expiries([(0, { $0.restart() }), (2, { $0.cancel() }), (2, { $0.cancel() })]) == [])
        #expect(try expiries([(0, { $0.restart() }), (4, { $0.cancel() })]) == [3])
    }

    @Test("Add moves the pending expiry only")
    func add() throws {
        #expect(
            try expiries([
                (0, { $0.restart() }), (1, { $0.add(.seconds(2)) }), (2, { $0.add(.seconds(-1)) }),
                (5, { $0.add(.seconds(9)) }), (6, { $0.restart() }),
            ]) == [4, 9])
        #expect(try expiries([(0, { $0.restart() }), (1, { $0.add(.nanoseconds(.min)) })]) == [1])
        #expect(try expiries([(0, { $0.restart() }), (1, { $0.add(.nanoseconds(.max)) })]) == [])
    }

    @Test("Change sets the time of this run, from now, and of later ones")
    func change() throws {
        #expect(
            try expiries([
                (0, { $0.restart() }), (1, { try $0.change(.seconds(5)) }), (10, { $0.restart() }),
                (16, { try $0.change(.seconds(1)) }), (20, { $0.restart() }),
            ]) == [6, 15, 21])
    }

    @Test("It may be restarted inside its own callback, and stays active then")
    func pollingLoop() throws {
        let environment = SimulatedEnvironment(seed: 1)
        let wait = try OneShotWait(environment: environment, time: .seconds(1))
        var count = 0
        var activity: [Bool] = []
        wait.onActivityChanged = { activity.append($1) }
        wait.onExpired = { wait in
            count += 1
            if count < 5 { wait.restart() }
        }
        wait.restart()
        environment.world.run(for: .seconds(30))
        #expect(count == 5)
        #expect(activity.first == true && activity.last == false)
        #expect(!wait.isActive)
    }

    @Test("Negative and endless times are refused")
    func range() throws {
        let environment = SimulatedEnvironment(seed: 1)
        for time in [TimeAmount.nanoseconds(-1), .nanoseconds(.max)] {
            #expect(throws: ParameterError.self) { try OneShotWait(environment: environment, time: time) }
        }
    }
}
