import Bytes

/// Keeps the TCP or SSH connection of a device module alive: has the module poll, goes by what the module says of its
/// device, and reconnects. Serial devices behind an Ethernet port are of this kind, too.
///
/// When more polls than the limit went unanswered and the module does not say that the device is there, the connection
/// is closed. As long as the module has said nothing of the device at all, whatever the interface has received since
/// the last poll is an answer.
public final class ModuleTcpHandler: TcpConnectionHandler {
    /// The module that it polls.
    public let module: any DeviceModule

    /// Takes over `interface`. Nothing happens until ``TcpConnectionHandler/connect(timeout:completion:)``; the poll
    /// timer is paused.
    /// - Parameters:
    ///   - interface: through which the module talks to the device.
    ///   - module: is kept.
    ///   - options: how often it polls, when the device counts as gone, and when it tries again.
    public init(
        interface: EthernetClientInterface, module: any DeviceModule, options: HandlerOptions
    ) throws(ParameterError) {
        self.module = module
        try super.init(
            interface: interface, options: options,
            judge: .module(ModuleEvidence(disconnectLimit: options.disconnectLimit)))
    }

    /// Tells the handler what the module has published of its device. Without a connection it changes nothing yet.
    public func modulePublished(_ status: ConnectionStatus) {
        handle(.published(status))
    }

    override func runQuery(_ finished: @escaping () -> Void) {
        module.update(for: self) {
            finished()
            self.handle(.queryFinished)
        }
    }

    override func connectionWasLost() {
        module.connectionWasLost(for: self)
    }

    override func received(_ bytes: ByteBuffer?) {
        handle(.heard)
    }
}
