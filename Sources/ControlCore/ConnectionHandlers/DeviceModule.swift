/// A device module as its connection handler sees it: something that knows the device's commands.
///
/// What the module learns of the device comes back through the handler's `modulePublished`.
public protocol DeviceModule: AnyObject {
    /// Asks the device for the state that keeps the connection alive.
    /// - Parameters:
    ///   - handler: who asks.
    ///   - finished: called once, when the module has done what it does for a query; polls that are due before are
    ///     skipped. It holds the handler, so it is not to be kept for longer.
    func update(for handler: ConnectionHandler, finished: @escaping () -> Void)

    /// The connection to the device is gone, whoever ended it: the module may reset what belongs to a connection.
    func connectionWasLost(for handler: ConnectionHandler)
}
