import Testing

@testable import HSMS

@Suite("GEM state machines")
struct GemStateMachineTests {
    typealias Communication = GemCommunicationStateMachine
    typealias Control = GemControlStateMachine

    /// Steps of the communication state model: input, outputs, next state.
    private func check(
        takesInitiative: Bool = true,
        _ steps: [(Communication.Input, [Communication.Output], GemCommunicationState)],
        at location: SourceLocation = #_sourceLocation
    ) {
        var machine = Communication(takesInitiative: takesInitiative)
        for (index, (input, outputs, state)) in steps.enumerated() {
            #expect(machine.handle(input) == outputs, "step \(index): \(input)", sourceLocation: location)
            #expect(machine.state == state, "step \(index): \(input)", sourceLocation: location)
        }
    }

    @Test("An accepted S1F13 establishes communication, and a lost session ends it")
    func accepted() {
        check([
            (.sessionSelected, [], .disabled),
            (.enabled, [.sendEstablish(attempt: 1)], .waitCRA),
            (.enabled, [], .waitCRA),
            (.establishAccepted(attempt: 1), [.reportCommunicating], .communicating),
            (.messageReceived, [], .communicating),
            (.sessionDeselected, [.reportNotCommunicating], .notCommunicating),
            (.sessionSelected, [.sendEstablish(attempt: 2)], .waitCRA),
            (.sessionDeselected, [], .notCommunicating),
            (.establishAccepted(attempt: 2), [], .notCommunicating),
            (.disabled, [], .disabled),
        ])
    }

    @Test("A failed S1F13 is repeated after the delay")
    func failed() {
        check([
            (.enabled, [], .notCommunicating),
            (.sessionSelected, [.sendEstablish(attempt: 1)], .waitCRA),
            (.establishFailed(attempt: 1), [.startDelay], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 2)], .waitCRA),
            (.establishFailed(attempt: 2), [.startDelay], .waitDelay),
            (.sessionDeselected, [.cancelDelay], .notCommunicating),
            (.delayOver, [], .notCommunicating),
        ])
    }

    @Test("After two S1F13 in a row without an answer the session is renewed; a denial counts for an answer")
    func unanswered() {
        check([
            (.sessionSelected, [], .disabled), (.enabled, [.sendEstablish(attempt: 1)], .waitCRA),
            (.establishUnanswered(attempt: 1), [.startDelay], .waitDelay),
            (.establishUnanswered(attempt: 1), [], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 2)], .waitCRA),
            (.establishFailed(attempt: 2), [.startDelay], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 3)], .waitCRA),
            (.establishUnanswered(attempt: 3), [.startDelay], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 4)], .waitCRA),
            (.establishUnanswered(attempt: 4), [.startDelay, .renewSession], .waitDelay),
            (.sessionDeselected, [.cancelDelay], .notCommunicating),
            (.sessionSelected, [.sendEstablish(attempt: 5)], .waitCRA),
            (.establishUnanswered(attempt: 5), [.startDelay], .waitDelay),
            (.sessionDeselected, [.cancelDelay], .notCommunicating),
            (.sessionSelected, [.sendEstablish(attempt: 6)], .waitCRA),
            (.establishUnanswered(attempt: 6), [.startDelay], .waitDelay),
        ])
    }

    @Test("When the session is not renewed, it takes two more without an answer until it is asked for again")
    func unansweredAgain() {
        check([
            (.sessionSelected, [], .disabled), (.enabled, [.sendEstablish(attempt: 1)], .waitCRA),
            (.establishUnanswered(attempt: 1), [.startDelay], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 2)], .waitCRA),
            (.establishUnanswered(attempt: 2), [.startDelay, .renewSession], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 3)], .waitCRA),
            (.establishUnanswered(attempt: 3), [.startDelay], .waitDelay),
            (.delayOver, [.sendEstablish(attempt: 4)], .waitCRA),
            (.establishUnanswered(attempt: 4), [.startDelay, .renewSession], .waitDelay),
        ])
    }

    @Test("A session that came and went before GEM was enabled counts for nothing")
    func sessionBefore() {
        check([
            (.sessionSelected, [], .disabled), (.sessionDeselected, [], .disabled), (.enabled, [], .notCommunicating),
        ])
    }

    @Test("Any message in the delay ends it, as the peer takes communication for established")
    func messageInDelay() {
        check([
            (.sessionSelected, [], .disabled), (.enabled, [.sendEstablish(attempt: 1)], .waitCRA),
            (.messageReceived, [], .waitCRA),
            (.establishFailed(attempt: 1), [.startDelay], .waitDelay),
            (.messageReceived, [.cancelDelay, .sendEstablish(attempt: 2)], .waitCRA),
        ])
    }

    @Test("The peer's S1F13 establishes communication in every state but without a session")
    func received() {
        let accept = Communication.Output.replyEstablish(accepted: true)
        check([
            (.establishReceived(accepts: true), [], .disabled),
            (.enabled, [], .notCommunicating),
            (.sessionSelected, [.sendEstablish(attempt: 1)], .waitCRA),
            (.establishReceived(accepts: true), [accept, .reportCommunicating], .communicating),
            (.establishFailed(attempt: 1), [], .communicating),
            (.establishReceived(accepts: true), [accept], .communicating),
            (.sessionDeselected, [.reportNotCommunicating], .notCommunicating),
            (.sessionSelected, [.sendEstablish(attempt: 2)], .waitCRA),
            (.establishFailed(attempt: 1), [], .waitCRA),
            (.establishFailed(attempt: 2), [.startDelay], .waitDelay),
            (.establishReceived(accepts: true), [.cancelDelay, accept, .reportCommunicating], .communicating),
            (.disabled, [.reportNotCommunicating], .disabled),
        ])
    }

    @Test("A denied S1F13 of the peer changes nothing")
    func denied() {
        check([
            (.sessionSelected, [], .disabled), (.enabled, [.sendEstablish(attempt: 1)], .waitCRA),
            (.establishReceived(accepts: false), [.replyEstablish(accepted: false)], .waitCRA),
            (.establishFailed(attempt: 1), [.startDelay], .waitDelay),
            (.establishReceived(accepts: false), [.replyEstablish(accepted: false)], .waitDelay),
        ])
    }

    @Test("Without the initiative nothing is sent until the peer begins")
    func passive() {
        check(
            takesInitiative: false,
            [
                (.enabled, [], .notCommunicating), (.sessionSelected, [], .waitCR), (.messageReceived, [], .waitCR),
                (
                    .establishReceived(accepts: true), [.replyEstablish(accepted: true), .reportCommunicating],
                    .communicating
                ),
                (.disabled, [.reportNotCommunicating], .disabled), (.enabled, [], .waitCR),
            ])
    }

    /// Steps of the control state model: input, outputs, next state.
    private func check(
        _ initial: GemControlConfiguration.InitialState,
        failed: GemControlConfiguration.FailedAttemptState = .hostOffline, isRemote: Bool = true,
        _ steps: [(Control.Input, [Control.Output], GemControlState)], at location: SourceLocation = #_sourceLocation
    ) {
        var configuration = GemControlConfiguration()
        configuration.initialState = initial
        configuration.failedAttemptState = failed
        configuration.isRemote = isRemote
        var machine = Control(configuration)
        for (index, (input, outputs, state)) in steps.enumerated() {
            #expect(machine.handle(input) == outputs, "step \(index): \(input)", sourceLocation: location)
            #expect(machine.state == state, "step \(index): \(input)", sourceLocation: location)
        }
    }

    @Test("An attempt to go on-line waits for communication, and for S1F2")
    func attempt() {
        check(
            .attemptOnline,
            [
                (.onlineRequested, [.replyOnline(code: 1)], .attemptOnline),
                (.communicationStarted, [.sendAreYouThere(attempt: 1)], .attemptOnline),
                (.areYouThereAnswered(attempt: 1), [.report(.onlineRemote)], .onlineRemote),
                (.communicationEnded, [], .onlineRemote),
                (.communicationStarted, [], .onlineRemote),
            ])
    }

    @Test("A switch to on-line before there is communication waits for it")
    func switchedBefore() {
        var configuration = GemControlConfiguration()
        configuration.initialState = .equipmentOffline
        var machine = Control(configuration)
        #expect(machine.handle(.switchedOnline) == [.report(.attemptOnline)])
        #expect(machine.handle(.communicationStarted) == [.sendAreYouThere(attempt: 1)])
    }

    @Test("A failed attempt ends in the configured state")
    func failedAttempt() {
        check(
            .attemptOnline,
            [
                (.communicationStarted, [.sendAreYouThere(attempt: 1)], .attemptOnline),
                (.areYouThereFailed(attempt: 1), [.report(.hostOffline)], .hostOffline),
                (.areYouThereAnswered(attempt: 1), [], .hostOffline),
                (.switchedOnline, [], .hostOffline),
                (.onlineRequested, [.replyOnline(code: 0), .report(.onlineRemote)], .onlineRemote),
            ])
        check(
            .attemptOnline, failed: .equipmentOffline,
            [
                (.communicationStarted, [.sendAreYouThere(attempt: 1)], .attemptOnline),
                (.communicationEnded, [.report(.equipmentOffline)], .equipmentOffline),
                (.switchedOnline, [.report(.attemptOnline)], .attemptOnline),
                (.communicationStarted, [.sendAreYouThere(attempt: 2)], .attemptOnline),
                (.areYouThereFailed(attempt: 1), [], .attemptOnline),
                (.areYouThereAnswered(attempt: 2), [.report(.onlineRemote)], .onlineRemote),
            ])
    }

    @Test("The host's S1F15 and S1F17 turn off-line and on-line, but not against the operator")
    func hostRequests() {
        check(
            .online,
            [
                (.onlineRequested, [.replyOnline(code: 2)], .onlineRemote),
                (.offlineRequested, [.replyOffline(code: 0), .report(.hostOffline)], .hostOffline),
                (.offlineRequested, [.replyOffline(code: 0)], .hostOffline),
                (.onlineRequested, [.replyOnline(code: 0), .report(.onlineRemote)], .onlineRemote),
                (.switchedOffline, [.report(.equipmentOffline)], .equipmentOffline),
                (.onlineRequested, [.replyOnline(code: 1)], .equipmentOffline),
                (.switchedOffline, [], .equipmentOffline),
            ])
    }

    @Test("The operator's local and remote switch decides on-line, also in advance")
    func localRemote() {
        check(
            .online, isRemote: false,
            [
                (.switchedLocal, [], .onlineLocal),
                (.switchedRemote, [.report(.onlineRemote)], .onlineRemote),
                (.offlineRequested, [.replyOffline(code: 0), .report(.hostOffline)], .hostOffline),
                (.switchedLocal, [], .hostOffline),
                (.onlineRequested, [.replyOnline(code: 0), .report(.onlineLocal)], .onlineLocal),
            ])
    }
}
