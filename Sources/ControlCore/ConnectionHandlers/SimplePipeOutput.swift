/// What the machines of simple pipes want done. Outputs are carried out in order.
enum SimplePipeOutput: Equatable {
    /// Start the poll timer.
    case startPolling
    /// Run the keep-alive query.
    case runQuery
    /// Tell the program that the device is there.
    case reportConnected
    /// Tell the program that the device is gone.
    case reportDisconnected
    /// Tell the module that its device is gone. Of modules' handlers only.
    case tellModuleOfLoss
}
