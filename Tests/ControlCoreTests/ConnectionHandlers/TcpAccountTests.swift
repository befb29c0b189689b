import Testing

@testable import ControlCore

@Suite("What a TCP handler tells of its decisions")
struct TcpAccountTests {
    private static let up: [TcpStep] = [.connectCalled, .socketConnected]

    /// The limit is 2.
    private static func account(
        module: Bool, connectedOn: HandlerOptions.ConnectedOn = .socket, after path: [TcpStep], at step: TcpStep
    ) -> String? {
        let judge: TcpStateMachine.Judge =
            module
            ? .module(ModuleEvidence(disconnectLimit: 2)) : .countedSends(TcpStateMachine.CountedSends(limit: 2))
        var machine = TcpStateMachine(judge, connectedOn: connectedOn, after: path)
        guard case .input(let input) = step else {
            let decision = machine.admitSend()
            return machine.account(of: decision)
        }
        let former = machine
        let outputs = machine.handle(input)
        return machine.account(of: input, since: former, outputs)
    }

    @Test(
        "Each decision about the connection is told with its reason",
        arguments: [
            ([], .connectCalled, "Connect is called: begins an attempt"),
            (
                [.connectCalled, .attemptFailed(.timedOut)], .connectCalled,
                "Connect is called: begins an attempt in place of the next retry"
            ),
            ([.connectCalled], .connectCalled, "Connect is called: waits for the attempt that goes on"),
            (up, .connectCalled, "Connect is called: is connected already"),
            (
                up + [.pollingWanted(false)], .connectCalled,
                "Connect is called: is connected already, and polls again"
            ),
            (
                up + [.disconnectCalled], .connectCalled,
                "Connect is called: begins an attempt when the connection is closed"
            ),
            ([], .disconnectCalled, "Disconnect is called: there is nothing to close"),
            ([.connectCalled], .disconnectCalled, "Disconnect is called: calls the attempt off"),
            (up, .disconnectCalled, "Disconnect is called: closes the connection and suspends polling"),
            (up + [.disconnectCalled], .disconnectCalled, "Disconnect is called: closes already"),
            ([.connectCalled], .attemptFailed(.timedOut), "the attempt failed: TimedOut"),
            (
                [.autoReconnectSet(false), .connectCalled], .attemptFailed(.timedOut),
                "the attempt failed and is not repeated, as AutoReconnect is false: TimedOut"
            ),
            ([.connectCalled], .socketConnected, "connected: begins to poll"),
            (
                [.pollingWanted(false)], .socketConnected,
                "connected: does not poll, as the program paused PollTimer"
            ),
            (up, .socketConnected, nil),
            ([], .socketDisconnected, nil),
            ([.connectCalled], .socketDisconnected, nil),
            (up, .socketDisconnected, "the connection is closed; suspends polling"),
            (up + [.disconnectCalled], .socketDisconnected, "the connection is closed"),
            (
                up + [.disconnectCalled, .connectCalled], .socketDisconnected,
                "the connection is closed: begins the attempt that was asked for"
            ),
            (
                up + [.autoReconnectSet(false)], .socketDisconnected,
                "the connection is closed; suspends polling; not again, as AutoReconnect is false"
            ),
            ([.connectCalled, .attemptFailed(.timedOut)], .retryDue, "begins the retry"),
            ([], .retryDue, nil),
            ([], .autoReconnectSet(true), "AutoReconnect = true: retries begin with the next loss or failed attempt"),
            ([], .autoReconnectSet(false), "AutoReconnect = false"),
            (
                [.connectCalled, .attemptFailed(.timedOut)], .autoReconnectSet(false),
                "AutoReconnect = false: calls the retry off"
            ),
            (up, .pollingWanted(false), "the program suspends polling"),
            (up, .pollingWanted(true), "the program resumes polling"),
            ([], .pollingWanted(true), "the program resumes polling, which begins with the connection"),
        ] as [([TcpStep], TcpStep, String?)])
    func connection(_ path: [TcpStep], _ step: TcpStep, _ account: String?) {
        #expect(Self.account(module: false, after: path, at: step) == account)
        #expect(Self.account(module: true, after: path, at: step) == account)
    }

    @Test(
        "Where sends are counted, the count is told",
        arguments: [
            ([], .sending, "does not count a send, as it is not connected"),
            (up, .sending, "sends; 1 of 2 without ResponseAccepted"),
            (up + [.sending], .sending, "sends; 2 of 2 without ResponseAccepted"),
            (
                up + [.sending, .sending], .sending,
                "closes the connection instead of sending: 2 sends went without ResponseAccepted"
            ),
            ([], .responseAccepted, "ResponseAccepted is ignored, as it is not connected"),
            (up + [.sending], .responseAccepted, "ResponseAccepted after 1 of 2 sends"),
            ([], .pollDue, nil),
            (up, .pollDue, "polls"),
            (up, .queryFinished, nil),
            (up, .heard, nil),
        ] as [([TcpStep], TcpStep, String?)])
    func countedSends(_ path: [TcpStep], _ step: TcpStep, _ account: String?) {
        #expect(Self.account(module: false, after: path, at: step) == account)
    }

    @Test(
        "Where a module judges, its word and the polls are told",
        arguments: [
            (up, .responseAccepted, nil),
            (up, .sending, nil),
            (up, .pollDue, "polls; 1 of 2 polls unanswered, and the module has said nothing yet"),
            (up + [.pollDue], .pollDue, "polls; 2 of 2 polls unanswered, and the module has said nothing yet"),
            (
                up + [.pollDue, .pollDue], .pollDue,
                "closes the connection instead of polling: more than 2 polls are unanswered, and the module has said nothing yet"
            ),
            (up, .published(.disconnected), "the module says 'Disconnected': the device is gone"),
            (
                up + [.published(.disconnected)], .published(.connected),
                "the module says 'Connected': the device is there"
            ),
            (
                [], .published(.disconnected),
                "the module says 'Disconnected', which counts for nothing, as it is not connected"
            ),
            (up, .queryFinished, nil),
        ] as [([TcpStep], TcpStep, String?)])
    func module(_ path: [TcpStep], _ step: TcpStep, _ account: String?) {
        #expect(Self.account(module: true, after: path, at: step) == account)
    }

    @Test("What shows that the device is there is told with it")
    func deviceIsThere() {
        let accepted = Self.account(
            module: false, connectedOn: .response, after: Self.up + [.sending], at: .responseAccepted)
        #expect(accepted == "ResponseAccepted after 1 of 2 sends: the device is there")
        let polled = Self.account(
            module: true, connectedOn: .response, after: Self.up + [.pollDue, .heard], at: .pollDue)
        #expect(
            polled
                == "polls; 1 of 2 polls unanswered, and the module has said nothing yet: the device is there")
    }

    @Test("A connection to a device whose module was refused shows nothing yet, and says so")
    func refused() {
        let path: [TcpStep] = Self.up + [.published(.disconnected), .socketDisconnected, .retryDue]
        var machine = TcpStateMachine(
            .module(ModuleEvidence(disconnectLimit: 2)), connectedOn: .socket, after: path)
        #expect(machine.handle(.socketConnected) == [.startPolling])
        #expect(machine.handle(.published(.connected)) == [.reportConnected])
        let account = Self.account(module: true, after: path, at: .socketConnected)
        #expect(account == "connected: begins to poll; waits for the module's word, which was refused before")
    }
}
