import Polling
import Testing

@testable import ControlCore

@Suite("When a handler tries again")
struct RetryPolicyTests {
    @Test("The documented time is always the same, whatever has failed")
    func fixed() {
        let policy = RetryPolicy(.fixed, time: .seconds(5), limit: .seconds(60))
        for retries in 0..<100 { #expect(policy.delay(after: retries, random: UInt64(retries) * 7919) == .seconds(5)) }
        #expect(policy.continues(after: .authenticationFailed(detail: "")))
    }

    @Test(
        "With Backoff the first retry comes within a second, and then the time doubles up to the limit, spread by a quarter"
    )
    func backoff() {
        let policy = RetryPolicy(.backoff, time: .seconds(5), limit: .seconds(60))
        var spread: Set<Int64> = []
        for random in 0..<1000 as Range<UInt64> {
            #expect(policy.delay(after: 0, random: random) < .seconds(1))
            for (retries, seconds) in [(1, 5.0), (2, 10), (3, 20), (4, 40), (5, 60), (6, 60), (10_000, 60)] {
                let delay = Double(policy.delay(after: retries, random: random).nanoseconds) / 1e9
                #expect(delay >= seconds * 0.75 && delay <= seconds * 1.25)
            }
            spread.insert(policy.delay(after: 5, random: random).nanoseconds)
        }
        #expect(spread.count > 900)
    }

    @Test(
        "The spread is a quarter to both sides of the grown time, which doubles thirty times at most",
        arguments: [
            (0, 0, 0), (0, 500, 500), (0, 999, 999), (0, 1_500, 500), (1, 0, 3_750), (1, 500, 5_000), (1, 1_000, 3_750),
            (2, 500, 10_000), (4, 500, 40_000), (5, 0, 45_000), (5, 500, 60_000),
        ] as [(Int, UInt64, Int64)])
    func spread(retries: Int, random: UInt64, milliseconds: Int64) {
        let policy = RetryPolicy(.backoff, time: .seconds(5), limit: .seconds(60))
        #expect(policy.delay(after: retries, random: random) == .milliseconds(milliseconds))
    }

    @Test("A time under a second is that of the first retry too, and a limit below the time is the time")
    func shortTimes() {
        let policy = RetryPolicy(.backoff, time: .milliseconds(400), limit: .milliseconds(100))
        #expect(policy.delay(after: 0, random: 500) == .milliseconds(200))
        for retries in 1...3 { #expect(policy.delay(after: retries, random: 500) == .milliseconds(400)) }
    }

    @Test("After thirty doublings the time grows no more")
    func doublings() {
        let policy = RetryPolicy(.backoff, time: .nanoseconds(4), limit: .hours(100))
        #expect(policy.delay(after: 30, random: 500) == .nanoseconds(2 << 30))
        #expect(policy.delay(after: 31, random: 500) == .nanoseconds(4 << 30))
        #expect(policy.delay(after: 32, random: 500) == .nanoseconds(4 << 30))
    }

    @Test("With Backoff a refusal is not tried again, and all else is")
    func refusals() {
        let policy = RetryPolicy(.backoff, time: .seconds(5), limit: .seconds(60))
        let refusals: [ConnectFailure] = [
            .authenticationFailed(detail: ""), .hostKeyChanged(detail: ""), .hostKeyUnknown(detail: ""),
            .certificateError(""),
        ]
        for failure in refusals { #expect(!policy.continues(after: failure)) }
        let others: [ConnectFailure] = [
            .timedOut, .hostError, .connectionRefused, .hostUnreachable, .networkUnreachable,
            .handshakeFailed(detail: ""),
            .other("x"),
        ]
        for failure in others { #expect(policy.continues(after: failure)) }
    }

    @Test("What comes next is said as it is: once more, again and again, less and less often, or not at all")
    func words() {
        let fixed = RetryPolicy(.fixed, time: .seconds(5), limit: .seconds(60))
        let backoff = RetryPolicy(.backoff, time: .seconds(5), limit: .seconds(60))
        let refused = ConnectionTrouble(.authenticationFailed(detail: ""))
        let silent = ConnectionTrouble(.timedOut)
        #expect(fixed.text(after: silent, isRetrying: true) == "again every 5 s")
        #expect(fixed.text(after: silent, isRetrying: false) == "again in 5 s")
        #expect(fixed.text(after: refused, isRetrying: true) == "again every 5 s")
        #expect(backoff.text(after: refused, isRetrying: true) == "not again until Connect is called")
        let less = "again at once, then less and less often, at most 60 s apart"
        #expect(backoff.text(after: silent, isRetrying: false) == less)
    }

    @Test("Fifty devices that vanish together do not come back in lockstep")
    func crowd() throws {
        let scenario = ControlScenario(deviceListens: false)
        var handlers: [RawTcpHandler] = []
        for _ in 0..<50 {
            let client = try scenario.client(port: 23)
            let options = try HandlerOptions(retry: .backoff)
            handlers.append(try RawTcpHandler(interface: client, options: options) { _, finished in finished() })
        }
        var attempts: [Deadline] = []
        for handler in handlers {
            handler.onConnectFailed = { _ in attempts.append(scenario.controller.now) }
            handler.connect()
        }
        scenario.world.run(for: .seconds(120))
        #expect(attempts.count > 300)
        #expect(Set(attempts).count > attempts.count * 3 / 4)
        for handler in handlers { handler.close() }
    }
}
