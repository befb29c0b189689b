import Foundation
public import Polling

/// How fast this machine is at present. What waits for another process has a limit; it grows with this, lest a busy or
/// a slow machine look like a defect.
public enum Machine {
    /// How many times longer than on a quiet machine things take: 1…10. Measured once a run, and printed.
    public static let slowness: Double = {
        let work = median { worked() } / usualWork
        let start = median { started() } / usualStart
        let slowness = min(max(work, start, 1), 10)
        let figures = [slowness, work, start].map { String(format: "%.1f", $0) }
        print("Limits are times \(figures[0]): work takes \(figures[1]) of the usual time, a process \(figures[2])")
        return slowness
    }()

    /// What ``worked()`` and ``started()`` take on a quiet machine with two cores of 2024, without optimization, in
    /// seconds.
    private static let usualWork = 0.022
    private static let usualStart = 0.020

    private static func median(_ measure: () -> Double) -> Double {
        (0..<5).map { _ in measure() }.sorted()[2]
    }

    private static func worked() -> Double {
        let began = ContinuousClock.now
        var value: UInt64 = 1
        var round = 0
        while round < 8_000_000 {
            value = value &* 6_364_136_223_846_793_005 &+ 1
            round += 1
        }
        // The value is looked at, so that no compiler leaves the work out.
        return value == 0 ? usualWork : (ContinuousClock.now - began) / .seconds(1)
    }

    private static func started() -> Double {
        let began = ContinuousClock.now
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/true")
        do { try process.run() } catch { return usualStart }
        process.waitUntilExit()
        return (ContinuousClock.now - began) / .seconds(1)
    }
}

extension Duration {
    /// A limit for what another process does, on this machine.
    public var here: Duration { self * Machine.slowness }
}

extension TimeAmount {
    /// A limit for what another process does, on this machine.
    public var here: TimeAmount { .nanoseconds(Int64(Double(nanoseconds) * Machine.slowness)) }
}
