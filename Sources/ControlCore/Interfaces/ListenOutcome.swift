/// What became of a call of `startListen`.
public enum ListenOutcome: Equatable, Sendable {
    /// The server listens.
    case listening
    /// It listened already; its time-out was left as it was.
    case listeningAlready
    /// It does not listen.
    case failed(ListenFailure)

    /// The stable word that programs see: `Listening`, `ListeningAlready` or the failure's reason.
    public var text: String {
        switch self {
        case .listening: "Listening"
        case .listeningAlready: "ListeningAlready"
        case .failed(let failure): failure.reason
        }
    }
}

extension ListenFailure {
    /// `stopListen()` came before the port was open. Its reason is `Stopped`.
    public static var calledOff: ListenFailure { .other("Stopped") }
}
