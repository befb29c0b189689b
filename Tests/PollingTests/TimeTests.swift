import Polling
import Testing

@Suite("Times")
struct TimeTests {
    @Test("Amounts of all units are counted in nanoseconds")
    func units() {
        #expect(TimeAmount.nanoseconds(3).nanoseconds == 3)
        #expect(TimeAmount.microseconds(3).nanoseconds == 3_000)
        #expect(TimeAmount.milliseconds(3) == .microseconds(3_000))
        #expect(TimeAmount.seconds(-3) == .milliseconds(-3_000))
        #expect(TimeAmount.minutes(2) == .seconds(120))
        #expect(TimeAmount.hours(2) == .minutes(120))
        #expect(TimeAmount.zero == .seconds(0))
    }

    @Test("An amount that is too long for nanoseconds becomes the longest one")
    func longest() {
        for make in [TimeAmount.microseconds, TimeAmount.milliseconds, TimeAmount.seconds, TimeAmount.hours] {
            #expect(make(.max).nanoseconds == .max)
            #expect(make(.min).nanoseconds == .min)
        }
    }

    @Test("Amounts are added, multiplied and compared")
    func amounts() {
        var amount = TimeAmount.seconds(1) + .milliseconds(500) - .seconds(3)
        #expect(amount == .milliseconds(-1_500))
        amount += .seconds(2)
        #expect(amount * 3 == .milliseconds(1_500))
        #expect(3 as UInt8 * amount == amount + amount + amount)
        #expect(TimeAmount.seconds(1) < .milliseconds(1_001))
    }

    @Test(
        "An amount is described in the largest unit in which it is whole",
        arguments: [
            (0, "0 s"), (5_000_000_000, "5 s"), (-250_000_000, "-250 ms"), (1_500, "1500 ns"), (7_000, "7 us"),
        ] as [(Int64, String)])
    func descriptions(nanoseconds: Int64, text: String) {
        #expect("\(TimeAmount.nanoseconds(nanoseconds))" == text)
    }

    @Test("A deadline moves by an amount, and stays between the clock's zero and what never comes")
    func deadlines() {
        let deadline = Deadline.uptimeNanoseconds(10)
        #expect(deadline + .nanoseconds(5) == .uptimeNanoseconds(15))
        #expect(deadline - .nanoseconds(5) == .uptimeNanoseconds(5))
        #expect(deadline - .uptimeNanoseconds(25) == .nanoseconds(-15))
        #expect(deadline + .nanoseconds(-11) == .distantPast)
        #expect(deadline - .nanoseconds(11) == .distantPast)
        #expect(deadline + .nanoseconds(.max) == .distantFuture)
        #expect(deadline - .nanoseconds(.min) == .distantFuture)
        #expect(deadline + .nanoseconds(.min) == .distantPast)
        #expect(.distantFuture - Deadline.distantPast == .nanoseconds(.max))
        #expect(Deadline.uptimeNanoseconds(.max) == .distantFuture)
        #expect(deadline < .uptimeNanoseconds(11))
        #expect(deadline.uptimeNanoseconds == 10)
        #expect("\(deadline)" == "10")
    }

    @Test("The clock goes on, and never back")
    func clock() {
        let start = Deadline.now()
        var last = start
        while last == start {
            let now = Deadline.now()
            #expect(now >= last)
            last = now
        }
    }
}
