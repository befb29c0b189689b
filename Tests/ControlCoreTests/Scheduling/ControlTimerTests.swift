import ControlCore
import Polling
import Testing

@Suite("ControlTimer")
struct ControlTimerTests {
    /// Runs a timer of 2 s that notes its ticks, with a script of (second, action).
    private func run(
        for duration: TimeAmount, _ script: [(Double, (ControlTimer) throws -> Void)] = [],
        onTick: @escaping (ControlTimer, Int) -> Void = { _, _ in }
    ) throws -> (log: [String], timer: ControlTimer) {
        let environment = SimulatedEnvironment(seed: 1)
        let timer = try ControlTimer(environment: environment, interval: .seconds(2))
        var log: [String] = []
        func seconds() -> Double { Double(environment.now.uptimeNanoseconds / 1_000_000) / 1000 }
        timer.onTick = {
            log.append("\(seconds()) #\($1)")
            onTick($0, $1)
        }
        timer.onStateChanged = { log.append("\(seconds()) \($1.rawValue)") }
        timer.restart()
        for (second, action) in script {
            environment.world.schedule(at: .uptimeNanoseconds(UInt64(second * 1e9))) {
                #expect(throws: Never.self) { try action(timer) }
            }
        }
        environment.world.run(for: duration)
        return (log, timer)
    }

    @Test("The first tick comes after one interval, and they are counted from 1")
    func ticks() throws {
        let (log, timer) = try run(for: .seconds(7))
        #expect(log == ["0.0 Running", "2.0 #1", "4.0 #2", "6.0 #3"])
        #expect(timer.count == 3)
    }

    @Test("A pause keeps the rest of the interval and the count")
    func pause() throws {
        let (log, _) = try run(
            for: .seconds(15),
            [(3.5, { $0.pause() }), (4, { $0.pause() }), (10, { $0.resume() }), (10.1, { $0.resume() })])
        #expect(log == ["0.0 Running", "2.0 #1", "3.5 Paused", "10.0 Running", "10.5 #2", "12.5 #3", "14.5 #4"])
    }

    @Test("Stop resets the count and the interval; a stopped timer is not paused, and resumes from the start")
    func stop() throws {
        let (log, timer) = try run(
            for: .seconds(10), [(3, { $0.stop() }), (4, { $0.pause() }), (5, { $0.resume() }), (9.5, { $0.stop() })])
        #expect(log == ["0.0 Running", "2.0 #1", "3.0 Stopped", "5.0 Running", "7.0 #1", "9.0 #2", "9.5 Stopped"])
        #expect(timer.count == 0)
        #expect(timer.state == .stopped)
    }

    @Test("A restart begins a whole interval with count 0, and changes no state while running")
    func restart() throws {
        let (log, _) = try run(
            for: .seconds(10), [(3, { $0.restart() }), (6, { $0.pause() }), (7, { $0.restart() })])
        #expect(log == ["0.0 Running", "2.0 #1", "5.0 #1", "6.0 Paused", "7.0 Running", "9.0 #1"])
    }

    @Test("A change sets the next tick to now plus the new interval and keeps the count")
    func change() throws {
        let (log, timer) = try run(for: .seconds(7), [(3, { try $0.change(.milliseconds(1_500)) })])
        #expect(log == ["0.0 Running", "2.0 #1", "4.5 #2", "6.0 #3"])
        #expect(timer.interval == .milliseconds(1_500))
        let paused = try run(
            for: .seconds(7), [(1, { $0.pause() }), (2, { try $0.change(.seconds(3)) }), (3, { $0.resume() })])
        #expect(paused.log == ["0.0 Running", "1.0 Paused", "3.0 Running", "6.0 #1"])
    }

    @Test("Ticks that are due while the last one goes on are skipped, not counted and not stacked")
    func overrun() throws {
        let (log, _) = try run(for: .seconds(11), [(7, { $0.isBusy = false })]) { timer, count in
            if count == 1 { timer.isBusy = true }
        }
        #expect(log == ["0.0 Running", "2.0 #1", "8.0 #2", "10.0 #3"])
    }

    @Test("A timer may be stopped, restarted and changed inside its own tick")
    func insideTick() throws {
        #expect(try run(for: .seconds(9)) { timer, _ in timer.stop() }.log == ["0.0 Running", "2.0 #1", "2.0 Stopped"])
        #expect(
            try run(for: .seconds(7)) { timer, _ in timer.restart() }.log
                == ["0.0 Running", "2.0 #1", "4.0 #1", "6.0 #1"])
        let changed = try run(for: .seconds(9)) { timer, count in
            if count == 1 { #expect(throws: Never.self) { try timer.change(.seconds(3)) } }
        }
        #expect(changed.log == ["0.0 Running", "2.0 #1", "5.0 #2", "8.0 #3"])
        #expect(
            try run(for: .seconds(9)) { timer, _ in timer.pause() }.log == ["0.0 Running", "2.0 #1", "2.0 Paused"])
    }

    @Test("A day of 0.7 s ticks does not drift")
    func drift() throws {
        let environment = SimulatedEnvironment(seed: 1)
        let timer = try ControlTimer(environment: environment, interval: .milliseconds(700))
        var last = Deadline.uptimeNanoseconds(0)
        timer.onTick = { _, _ in last = environment.now }
        timer.restart()
        environment.world.run(for: .hours(24))
        #expect(timer.count == 123_428)
        #expect(last == .uptimeNanoseconds(123_428 * 700_000_000))
    }

    @Test("Intervals under 0.01 s or over ten years are refused, and nothing changes")
    func range() throws {
        let environment = SimulatedEnvironment(seed: 1)
        for interval in [TimeAmount.milliseconds(9), .zero, .seconds(-1), .hours(24 * 3_651), .nanoseconds(.max)] {
            #expect(throws: ParameterError.self) { try ControlTimer(environment: environment, interval: interval) }
        }
        let timer = try ControlTimer(environment: environment, interval: .milliseconds(10))
        #expect(throws: ParameterError.self) { try timer.change(.milliseconds(1)) }
        #expect(timer.interval == .milliseconds(10))
        #expect(timer.state == .stopped)
    }

    @Test("A running timer lives by itself; a stopped one is released")
    func lifetime() throws {
        let environment = SimulatedEnvironment(seed: 1)
        weak var released: ControlTimer?
        var activity: [Bool] = []
        do {
            let timer = try ControlTimer(environment: environment, interval: .seconds(1))
            released = timer
            timer.onActivityChanged = { activity.append($1) }
            timer.onTick = { timer, count in if count == 3 { timer.stop() } }
            timer.restart()
        }
        environment.world.run(for: .seconds(2))
        #expect(released?.count == 2)
        environment.world.run(for: .seconds(5))
        #expect(released == nil)
        #expect(activity == [true, false])
        #expect(environment.world.pendingEvents == 0)
    }
}
