// What the machines of simple pipes make of their inputs, in words for whoever looks for a defect.

extension RawSimplePipeStateMachine {
    /// What it has made of an input; `nil` where that goes without saying.
    func account(of input: Input, since former: Self, _ outputs: [Output]) -> String? {
        switch input {
        case .connectCalled: return SimplePipeOutput.accountOfConnect(outputs)
        case .pollDue: return "polls"
        case .sending:
            let count =
                sendsWithoutResponse > disconnectLimit
                ? "more than \(disconnectLimit)" : "\(sendsWithoutResponse) of \(disconnectLimit)"
            return "sends; \(count) without ResponseAccepted" + SimplePipeOutput.account(of: outputs)
        case .responseAccepted:
            return "ResponseAccepted after \(former.sendsWithoutResponse) of \(disconnectLimit) sends"
                + SimplePipeOutput.account(of: outputs)
        }
    }
}

extension ModuleSimplePipeStateMachine {
    /// What it has made of an input; `nil` where that goes without saying.
    func account(of input: Input, since former: Self, _ outputs: [Output]) -> String? {
        switch input {
        case .connectCalled: return SimplePipeOutput.accountOfConnect(outputs)
        case .pollDue: return "polls; \(evidence.account)" + SimplePipeOutput.account(of: outputs)
        case .pollMissed:
            return "cannot poll, as the port is offline; \(evidence.account)" + SimplePipeOutput.account(of: outputs)
        case .heard: return nil
        case .published(let word):
            return "the module says '\(word.rawValue)'" + SimplePipeOutput.account(of: outputs)
        }
    }
}

extension SimplePipeOutput {
    fileprivate static func accountOfConnect(_ outputs: [SimplePipeOutput]) -> String {
        outputs.isEmpty ? "Connect is called: polls already" : "Connect is called: begins to poll"
    }

    fileprivate static func account(of outputs: [SimplePipeOutput]) -> String {
        if outputs.contains(.reportConnected) { return ": the device is there" }
        return outputs.contains(.reportDisconnected) ? ": the device is gone" : ""
    }
}
