extension ModuleTcpStateMachine {
    func account(of input: Input, since former: Self, _ outputs: [Output]) -> String? {
        switch input {
        case .connectCalled: return link.accountOfConnect(since: former.link)
        case .disconnectCalled: return link.accountOfDisconnect(since: former.link)
        case .attemptFailed(let failure): return link.accountOfFailure(failure, outputs)
        case .socketConnected:
            guard let account = link.accountOfConnection(since: former.link) else { return nil }
            return account + (evidence.isRefused ? "; waits for the module's word, which was refused before" : "")
        case .socketDisconnected: return link.accountOfLoss(since: former.link, outputs)
        case .pollDue:
            guard former.link.socket == .up else { return nil }
            if outputs.contains(.closeForSilence) {
                return "closes the connection instead of polling: \(evidence.account)"
            }
            return "polls; \(evidence.account)" + Self.account(of: outputs)
        case .retryDue: return outputs.isEmpty ? nil : "begins the retry"
        case .autoReconnectSet: return link.accountOfAutoReconnect(outputs)
        case .pollingWanted: return link.accountOfPolling()
        case .queryFinished:
            return outputs.contains(.closeForSilence)
                ? "closes the connection after the query: \(evidence.account)" : nil
        case .heard: return nil
        case .published(let word):
            let isHeeded = link.socket == .up ? "" : ", which counts for nothing, as it is not connected"
            return "the module says '\(word.rawValue)'\(isHeeded)" + Self.account(of: outputs)
        }
    }

    private static func account(of outputs: [Output]) -> String {
        if outputs.contains(.reportConnected) { return ": the device is there" }
        return outputs.contains(.reportDisconnected) ? ": the device is gone" : ""
    }
}

extension ModuleEvidence {
    /// What it goes by, in words for whoever looks for a defect.
    var account: String {
        let polls =
            unansweredPolls > disconnectLimit
            ? "more than \(disconnectLimit) polls are unanswered"
            : "\(unansweredPolls) of \(disconnectLimit) polls unanswered"
        switch word {
        case .unknown: return "\(polls), and the module has said nothing yet"
        case .connected: return "\(polls), and the module says 'Connected'"
        case .disconnected:
            return "\(polls), and the module says 'Disconnected'" + (isRefused ? ", as of a device that refuses" : "")
        }
    }
}
