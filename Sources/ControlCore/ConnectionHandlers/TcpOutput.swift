/// What a ``TcpStateMachine`` wants done. Outputs are carried out in order.
enum TcpOutput: Equatable {
    /// Begin an attempt to connect.
    case openSocket
    /// Withdraw from the attempt, or from the wish for one; its failure is not to come as an input.
    case abandonAttempt
    /// Close the socket; or end the attempt, whose failure is then not to come as an input.
    case closeSocket
    /// Close the socket, as the device does not answer.
    case closeForSilence
    /// Let ``TcpStateMachine/Input/retryDue`` come after the retry time.
    case scheduleRetry
    /// It is not to come.
    case cancelRetry
    /// Start the poll timer.
    case startPolling
    /// Halt the poll timer.
    case stopPolling
    /// Run the keep-alive query.
    case runQuery
    /// Tell the device module that its connection is gone.
    case tellModuleOfLoss
    /// Tell the program that the device is there.
    case reportConnected
    /// Tell the program that the device is gone.
    case reportDisconnected
    /// Tell the program that an attempt failed.
    case reportConnectFailed(ConnectFailure)
}
