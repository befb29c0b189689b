import Testing

@testable import ControlCore

@Suite("The evidence of a module handler")
struct ModuleEvidenceTests {
    private var evidence = ModuleEvidence(disconnectLimit: 3)

    @Test("The first poll finds no former one answered")
    mutating func first() {
        let isAnswered = evidence.beginPoll()
        #expect(!isAnswered)
        #expect(evidence.unansweredPolls == 1)
    }

    @Test("What comes before the first poll answers none")
    mutating func greeting() {
        evidence.heard()
        var isAnswered = evidence.beginPoll()
        #expect(!isAnswered)
        evidence.heard()
        isAnswered = evidence.beginPoll()
        #expect(isAnswered)
        #expect(evidence.unansweredPolls == 1)
        isAnswered = evidence.beginPoll()
        #expect(!isAnswered)
        #expect(evidence.unansweredPolls == 2)
    }

    @Test("A device that talks contradicts a module that calls it gone, from the second poll on")
    mutating func contradicted() {
        evidence.published(.disconnected)
        _ = evidence.beginPoll()
        evidence.heard()
        #expect(!evidence.isContradicted)
        _ = evidence.beginPoll()
        #expect(evidence.isContradicted)
        evidence.published(.connected)
        #expect(!evidence.isContradicted)
    }

    @Test("A silent device contradicts nobody")
    mutating func silent() {
        evidence.published(.disconnected)
        for _ in 1...3 { _ = evidence.beginPoll() }
        #expect(!evidence.isContradicted)
    }

    @Test("A new connection has heard nothing, and has no unanswered poll")
    mutating func anew() {
        evidence.published(.disconnected)
        _ = evidence.beginPoll()
        evidence.heard()
        _ = evidence.beginPoll()
        evidence.begin()
        #expect(evidence.unansweredPolls == 0)
        let isAnswered = evidence.beginPoll()
        #expect(!isAnswered)
        _ = evidence.beginPoll()
        #expect(!evidence.isContradicted)
    }

    @Test("What was heard on the former connection answers no poll of the new one")
    mutating func formerAnswer() {
        _ = evidence.beginPoll()
        evidence.heard()
        evidence.begin()
        let isAnswered = evidence.beginPoll()
        #expect(!isAnswered)
    }

    @Test("More polls than the limit without an answer count, unless the module says that the device is there")
    mutating func overLimit() {
        for count in 1...3 {
            _ = evidence.beginPoll()
            #expect(evidence.unansweredPolls == count)
            #expect(!evidence.isOverLimit)
        }
        for _ in 1...2 {
            _ = evidence.beginPoll()
            #expect(evidence.unansweredPolls == 4)
            #expect(evidence.isOverLimit)
        }
        evidence.published(.connected)
        #expect(evidence.unansweredPolls == 0)
        #expect(!evidence.isOverLimit)
    }

    @Test("A module that calls a device gone whose connection is there was refused, until it says otherwise")
    mutating func refused() {
        #expect(!evidence.isRefused)
        evidence.published(.disconnected)
        #expect(evidence.isRefused)
        evidence.published(.connected)
        #expect(!evidence.isRefused)
        evidence.published(.disconnected)
        evidence.published(.unknown)
        #expect(!evidence.isRefused)
    }

    @Test("It was not refused when its connection is down, or when polls went unanswered for too long")
    mutating func gone() {
        evidence.published(.disconnected, isUp: false)
        #expect(!evidence.isRefused)
        for _ in 1...3 { _ = evidence.beginPoll() }
        evidence.published(.disconnected)
        #expect(evidence.isRefused)
        evidence.published(.unknown)
        _ = evidence.beginPoll()
        evidence.published(.disconnected)
        #expect(!evidence.isRefused)
    }
}
