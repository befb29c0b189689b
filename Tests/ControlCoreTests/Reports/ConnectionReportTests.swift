import Polling
import Testing

@testable import ControlCore

@Suite("What is told of a connection")
struct ConnectionReportTests {
    /// A report in virtual time, and its lines with their times.
    private final class Scene {
        let world = SimulatedWorld(seed: 1)
        let report: ConnectionReport
        private var lines: [String] = []

        init() {
            let environment = world.environment(named: "room", address: "10.0.0.1")
            report = ConnectionReport(environment: environment)
            report.onLine = { [unowned self] level, text in
                let seconds = environment.now.uptimeNanoseconds / 1_000_000_000
                lines.append("\(seconds) \(level) \(text)")
            }
        }

        func run(_ seconds: Int64) { world.run(for: .seconds(seconds)) }

        func take() -> [String] {
            defer { lines = [] }
            return lines
        }
    }

    private static let refused = ConnectionTrouble("ConnectionRefused", advice: "Is the port right?")
    private static let lost = ConnectionTrouble("Lost", detail: "reset")

    @Test("A failure is told once for each reason, with what comes next, and the connection with the count of attempts")
    func failures() {
        let scene = Scene()
        scene.report.plan = { _ in "again every 5 s" }
        for _ in 0..<3 { scene.report.didFail(Self.refused) }
        scene.report.didFail(ConnectionTrouble("TimedOut"))
        scene.report.didFail(Self.refused)
        scene.report.didOpen("connected")
        #expect(
            scene.take() == [
                "0 warning ConnectionRefused; again every 5 s. Is the port right?",
                "0 warning TimedOut; again every 5 s",
                "0 info connected after 6 attempts",
            ])
        scene.run(100)
        scene.report.didEnd(Self.lost)
        scene.report.didFail(Self.refused)
        #expect(
            scene.take() == [
                "100 warning Lost: reset; again every 5 s",
                "100 warning ConnectionRefused; again every 5 s. Is the port right?",
            ])
    }

    @Test("The third connection in a row that does not last is flapping, and then all is quiet until one lasts")
    func flapping() {
        let scene = Scene()
        for _ in 0..<10 {
            scene.report.didOpen("connected")
            scene.run(15)
            scene.report.didEnd(Self.lost, isSilence: true)
            scene.run(5)
        }
        #expect(
            scene.take() == [
                "0 info connected", "15 warning Lost: reset", "20 info connected", "35 warning Lost: reset",
                "40 info connected",
                "55 warning flapping: 3 connections in a row did not last. The last one: Lost: reset (this is not told again "
                    + "until one lasts)",
            ])
        scene.report.didOpen("connected")
        scene.run(120)
        #expect(scene.take() == ["260 info steady again"])
        scene.report.didEnd(Self.lost)
        #expect(scene.take() == ["320 warning Lost: reset"])
    }

    @Test("A connection that stands long but never answers does not count as steady")
    func patientFlapping() {
        let scene = Scene()
        scene.report.steadyTime = .seconds(170)
        for _ in 0..<6 {
            scene.report.didOpen("connected")
            scene.run(150)
            scene.report.didEnd(Self.lost, isSilence: true)
        }
        #expect(scene.take().count == 6)
    }

    @Test("A program that opens and closes by itself is told three times, and again when something else has happened")
    func programs() {
        let scene = Scene()
        for _ in 0..<10 {
            scene.report.didOpen("connected")
            scene.report.didClose()
        }
        let lines = scene.take()
        #expect(lines.count == 6)
        #expect(lines.last?.contains("for the 3rd time in a row; this is not told again") == true)
        scene.report.didFail(Self.refused)
        scene.report.didOpen("connected")
        #expect(
            scene.take() == [
                "0 warning ConnectionRefused. Is the port right?", "0 info connected after 2 attempts",
            ])
    }

    @Test("An attempt that takes longer than 10 s is told once, as the system may try for minutes")
    func waitsItsTime() {
        let scene = Scene()
        scene.report.didBegin()
        scene.run(9)
        #expect(scene.take().isEmpty)
        scene.run(100)
        #expect(scene.take().map { $0.prefix(34) } == ["10 warning no answer for 10 s, and"])
        scene.report.didFail(ConnectionTrouble("TimedOut"))
        scene.report.didBegin()
        scene.run(100)
        #expect(scene.take() == ["109 warning TimedOut"])
        scene.report.didOpen("connected")
        scene.run(100)
        #expect(scene.take() == ["209 info connected after 2 attempts"])
    }

    @Test("Silence is told once, and the first answer behind it")
    func silence() {
        let scene = Scene()
        let silent = ConnectionTrouble.withoutAcceptedResponse(15, false)
        scene.report.didAnswer()
        for _ in 0..<5 { scene.report.didFallSilent(silent) }
        scene.report.didAnswer()
        let lines = scene.take()
        #expect(lines.count == 3)
        #expect(lines.first == "0 info answers")
        #expect(lines[1].hasPrefix("0 warning NoResponse: 15 sends without ResponseAccepted. Nothing came at all"))
        #expect(lines.last == "0 info answers again")
    }

    @Test("The last error is kept with the time at which it began, as long as the same trouble goes on")
    func lastError() throws {
        let scene = Scene()
        #expect(scene.report.lastError == nil)
        scene.run(10)
        scene.report.didFail(Self.refused)
        let first = try #require(scene.report.lastError)
        #expect(first.trouble == Self.refused)
        scene.run(10)
        scene.report.didFail(Self.refused)
        #expect(scene.report.lastError == first)
        scene.report.didFail(Self.lost)
        #expect(scene.report.lastError?.since == first.since + 10_000_000_000)
        scene.report.didOpen("connected")
        scene.run(100)
        scene.report.didEnd(Self.lost)
        #expect(scene.report.lastError?.since == first.since + 110_000_000_000)
    }

    @Test("Without anybody who takes the lines nothing is scheduled, and the last error is kept all the same")
    func unheard() {
        let scene = Scene()
        scene.report.onLine = nil
        scene.report.didBegin()
        scene.report.didFail(Self.refused)
        #expect(scene.report.lastError?.trouble == Self.refused)
        #expect(scene.take().isEmpty)
    }
}
