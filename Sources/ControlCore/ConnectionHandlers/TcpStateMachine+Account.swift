// What the machine of a TCP handler makes of its inputs, in words for whoever looks for a defect.

extension TcpStateMachine {
    /// What it has made of an input; `nil` where that goes without saying.
    /// - Parameters:
    ///   - former: the machine before the input.
    ///   - outputs: what it then wanted done.
    func account(of input: Input, since former: Self, _ outputs: [TcpOutput]) -> String? {
        switch input {
        case .connectCalled: return connection.accountOfConnect(since: former.connection)
        case .disconnectCalled: return connection.accountOfDisconnect(since: former.connection)
        case .attemptFailed(let failure): return connection.accountOfFailure(failure, outputs)
        case .socketConnected:
            guard let account = connection.accountOfConnection(since: former.connection) else { return nil }
            guard case .module(let evidence) = judge, evidence.isRefused else { return account }
            return account + "; waits for the module's word, which was refused before"
        case .socketDisconnected: return connection.accountOfLoss(since: former.connection, outputs)
        case .pollDue: return former.connection.isUp ? accountOfPoll(outputs) : nil
        case .retryDue: return outputs.isEmpty ? nil : "begins the retry"
        case .autoReconnectSet: return connection.accountOfAutoReconnect(outputs)
        case .pollingWanted: return connection.accountOfPolling()
        case .responseAccepted:
            guard case .countedSends(let sends) = former.judge else { return nil }
            guard connection.isUp else { return "ResponseAccepted is ignored, as it is not connected" }
            return "ResponseAccepted after \(sends.count) of \(sends.limit) sends" + outputs.accountOfDevice
        case .queryFinished:
            guard case .module(let evidence) = judge, outputs.contains(.closeForSilence) else { return nil }
            return "closes the connection after the query: \(evidence.account)"
        case .heard: return nil
        case .published(let word):
            let isHeeded = connection.isUp ? "" : ", which counts for nothing, as it is not connected"
            return "the module says '\(word.rawValue)'\(isHeeded)" + outputs.accountOfDevice
        }
    }

    /// What it has made of the program's wish to send.
    func account(of decision: SendDecision) -> String? {
        guard case .countedSends(let sends) = judge else { return nil }
        if case .giveUp = decision {
            return "closes the connection instead of sending: \(sends.limit) sends went without ResponseAccepted"
        }
        return connection.isUp
            ? "sends; \(sends.count) of \(sends.limit) without ResponseAccepted"
            : "does not count a send, as it is not connected"
    }

    private func accountOfPoll(_ outputs: [TcpOutput]) -> String {
        guard case .module(let evidence) = judge else { return "polls" }
        if outputs.contains(.closeForSilence) { return "closes the connection instead of polling: \(evidence.account)" }
        return "polls; \(evidence.account)" + outputs.accountOfDevice
    }
}

extension [TcpOutput] {
    /// What they tell of the device.
    fileprivate var accountOfDevice: String {
        if contains(.reportConnected) { return ": the device is there" }
        return contains(.reportDisconnected) ? ": the device is gone" : ""
    }
}

extension TcpConnectionState {
    /// The program called `Connect`.
    fileprivate func accountOfConnect(since former: Self) -> String {
        switch former.socket {
        case .down:
            "Connect is called: begins an attempt" + (former.isRetryPending ? " in place of the next retry" : "")
        case .connecting: "Connect is called: waits for the attempt that goes on"
        case .up: "Connect is called: is connected already" + (former.isPollingWanted ? "" : ", and polls again")
        case .closing: "Connect is called: begins an attempt when the connection is closed"
        }
    }

    /// The program called `Disconnect`.
    fileprivate func accountOfDisconnect(since former: Self) -> String {
        switch former.socket {
        case .down: "Disconnect is called: there is nothing to close"
        case .connecting: "Disconnect is called: calls the attempt off"
        case .up: "Disconnect is called: closes the connection and suspends polling"
        case .closing: "Disconnect is called: closes already"
        }
    }

    /// An attempt has failed.
    fileprivate func accountOfFailure(_ failure: ConnectFailure, _ outputs: [TcpOutput]) -> String {
        let reason = ConnectionTrouble(failure).text
        if outputs.contains(.scheduleRetry) { return "the attempt failed: \(reason)" }
        return "the attempt failed and is not repeated, as "
            + (autoReconnect ? "a refusal ends Backoff" : "AutoReconnect is false") + ": \(reason)"
    }

    /// The socket is connected.
    fileprivate func accountOfConnection(since former: Self) -> String? {
        guard !former.isUp else { return nil }
        return isPollingWanted
            ? "connected: begins to poll" : "connected: does not poll, as the program paused PollTimer"
    }

    /// The socket is closed.
    fileprivate func accountOfLoss(since former: Self, _ outputs: [TcpOutput]) -> String? {
        switch former.socket {
        case .down, .connecting: return nil
        case .up, .closing:
            let polling = former.isUp ? "; suspends polling" : ""
            if outputs.contains(.openSocket) {
                return "the connection is closed: begins the attempt that was asked for"
            }
            return "the connection is closed" + polling
                + (autoReconnect ? "" : "; not again, as AutoReconnect is false")
        }
    }

    /// The program set `AutoReconnect`.
    fileprivate func accountOfAutoReconnect(_ outputs: [TcpOutput]) -> String {
        if autoReconnect { return "AutoReconnect = true: retries begin with the next loss or failed attempt" }
        return outputs.isEmpty ? "AutoReconnect = false" : "AutoReconnect = false: calls the retry off"
    }

    /// The program paused or resumed the poll timer.
    fileprivate func accountOfPolling() -> String {
        if !isPollingWanted { return "the program suspends polling" }
        return isUp ? "the program resumes polling" : "the program resumes polling, which begins with the connection"
    }
}
