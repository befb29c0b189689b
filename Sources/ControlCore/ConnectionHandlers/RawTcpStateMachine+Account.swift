extension RawTcpStateMachine {
    func account(of input: Input, since former: Self, _ outputs: [Output]) -> String? {
        switch input {
        case .connectCalled: return link.accountOfConnect(since: former.link)
        case .disconnectCalled: return link.accountOfDisconnect(since: former.link)
        case .attemptFailed(let failure): return link.accountOfFailure(failure, outputs)
        case .socketConnected: return link.accountOfConnection(since: former.link)
        case .socketDisconnected: return link.accountOfLoss(since: former.link, outputs)
        case .pollDue: return outputs.isEmpty ? nil : "polls"
        case .retryDue: return outputs.isEmpty ? nil : "begins the retry"
        case .autoReconnectSet: return link.accountOfAutoReconnect(outputs)
        case .pollingWanted: return link.accountOfPolling()
        case .sending:
            if outputs.contains(.closeForSilence) {
                return
                    "closes the connection instead of sending: \(disconnectLimit) sends went without ResponseAccepted"
            }
            return link.socket == .up
                ? "sends; \(sendsWithoutResponse) of \(disconnectLimit) without ResponseAccepted"
                : "does not count a send, as it is not connected"
        case .responseAccepted:
            guard link.socket == .up else { return "ResponseAccepted is ignored, as it is not connected" }
            return "ResponseAccepted after \(former.sendsWithoutResponse) of \(disconnectLimit) sends"
                + (outputs.contains(.reportConnected) ? ": the device is there" : "")
        }
    }
}
