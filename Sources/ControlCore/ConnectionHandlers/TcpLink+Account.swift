// What a connection that is kept makes of its inputs, in words for whoever looks for a defect.

extension TcpLink {
    /// The program called `Connect`.
    func accountOfConnect(since former: TcpLink) -> String {
        switch former.socket {
        case .down:
            "Connect is called: begins an attempt" + (former.isRetryPending ? " in place of the next retry" : "")
        case .connecting: "Connect is called: waits for the attempt that goes on"
        case .up: "Connect is called: is connected already" + (former.isPollingWanted ? "" : ", and polls again")
        case .closing: "Connect is called: begins an attempt when the connection is closed"
        }
    }

    /// The program called `Disconnect`.
    func accountOfDisconnect(since former: TcpLink) -> String {
        switch former.socket {
        case .down: "Disconnect is called: there is nothing to close"
        case .connecting: "Disconnect is called: calls the attempt off"
        case .up: "Disconnect is called: closes the connection and suspends polling"
        case .closing: "Disconnect is called: closes already"
        }
    }

    /// An attempt has failed.
    func accountOfFailure(_ failure: ConnectFailure, _ outputs: [TcpHandlerOutput]) -> String {
        let reason = ConnectionTrouble(failure).text
        if outputs.contains(.scheduleRetry) { return "the attempt failed: \(reason)" }
        return "the attempt failed and is not repeated, as "
            + (autoReconnect ? "a refusal ends Backoff" : "AutoReconnect is false") + ": \(reason)"
    }

    /// The socket is connected.
    func accountOfConnection(since former: TcpLink) -> String? {
        guard former.socket != .up else { return nil }
        return isPollingWanted
            ? "connected: begins to poll" : "connected: does not poll, as the program paused PollTimer"
    }

    /// The socket is closed.
    func accountOfLoss(since former: TcpLink, _ outputs: [TcpHandlerOutput]) -> String? {
        switch former.socket {
        case .down, .connecting: return nil
        case .up, .closing:
            let polling = former.socket == .up ? "; suspends polling" : ""
            if outputs.contains(.openSocket) {
                return "the connection is closed: begins the attempt that was asked for"
            }
            return "the connection is closed" + polling
                + (autoReconnect ? "" : "; not again, as AutoReconnect is false")
        }
    }

    /// The program set `AutoReconnect`.
    func accountOfAutoReconnect(_ outputs: [TcpHandlerOutput]) -> String {
        if autoReconnect { return "AutoReconnect = true: retries begin with the next loss or failed attempt" }
        return outputs.isEmpty ? "AutoReconnect = false" : "AutoReconnect = false: calls the retry off"
    }

    /// The program paused or resumed the poll timer.
    func accountOfPolling() -> String {
        if !isPollingWanted { return "the program suspends polling" }
        return socket == .up
            ? "the program resumes polling" : "the program resumes polling, which begins with the connection"
    }
}
