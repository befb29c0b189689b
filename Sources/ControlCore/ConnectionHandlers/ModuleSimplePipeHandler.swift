import Bytes

/// Watches the device of a module at a serial port or behind UDP: has the module poll, and tells what the module says
/// of its device.
///
/// As long as the module has said nothing of the device at all, whatever the interface has received since the last poll
/// is an answer, and the device is gone when more polls than the limit went unanswered.
public final class ModuleSimplePipeHandler: SimplePipeHandler {
    /// The module that it polls.
    public let module: any DeviceModule

    private var machine: ModuleSimplePipeStateMachine

    /// Takes over the interface. Nothing happens until ``SimplePipeHandler/connect()``; the poll timer is paused.
    /// - Parameters:
    ///   - pipe: through which the module talks to the device.
    ///   - module: is kept.
    ///   - options: how often it polls, and when the device counts as gone.
    public init(pipe: SimplePipe, module: any DeviceModule, options: HandlerOptions) throws(ParameterError) {
        self.module = module
        machine = ModuleSimplePipeStateMachine(disconnectLimit: options.disconnectLimit)
        try super.init(pipe: pipe, options: options)
    }

    /// What the module says, or what the polls have shown.
    public override var connectionStatus: ConnectionStatus { machine.status }

    /// Tells the handler what the module has published of its device.
    public func modulePublished(_ status: ConnectionStatus) {
        perform(decide(.published(status)))
    }

    private func decide(_ input: ModuleSimplePipeStateMachine.Input) -> [SimplePipeOutput] {
        guard report.isDebugTold else { return machine.handle(input) }
        let former = machine
        let outputs = machine.handle(input)
        if let account = machine.account(of: input, since: former, outputs) { report.tell(.debug, account) }
        return outputs
    }

    override func decideOnConnect(isPolling: Bool) -> [SimplePipeOutput] {
        decide(.connectCalled(isPolling: isPolling))
    }

    override func pollDue() {
        perform(decide(.pollDue))
    }

    override func pollMissed() {
        perform(decide(.pollMissed))
    }

    override func silence(hasHeard: Bool) -> ConnectionTrouble {
        machine.evidence.unansweredPolls > disconnectLimit ? super.silence(hasHeard: hasHeard) : .publishedByModule
    }

    override func moduleLostItsDevice() {
        module.connectionWasLost(for: self)
    }

    override func runQuery(_ finished: @escaping () -> Void) {
        module.update(for: self, finished: finished)
    }

    override func received(_ bytes: ByteBuffer?) {
        perform(decide(.heard))
    }
}
