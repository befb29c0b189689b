import Glibc
import Polling

extension ConnectFailure {
    /// The failure that the error number of a socket's connect stands for.
    init(errorNumber: CInt) {
        switch errorNumber {
        case ETIMEDOUT: self = .timedOut
        case ECONNREFUSED: self = .connectionRefused
        case EHOSTUNREACH, EHOSTDOWN: self = .hostUnreachable
        case ENETUNREACH, ENETDOWN: self = .networkUnreachable
        default: self = .other(systemErrorText(errorNumber))
        }
    }

    /// How much a failure tells about the host when several of its addresses failed: the most telling one is reported.
    var weight: Int {
        switch self {
        case .certificateError, .authenticationFailed, .hostKeyChanged, .hostKeyUnknown, .handshakeFailed: 5
        case .connectionRefused: 4
        case .timedOut: 3
        case .hostUnreachable: 2
        case .other: 1
        case .networkUnreachable, .hostError: 0
        }
    }
}

extension ListenFailure {
    /// The failure that the error number of a socket's bind or listen stands for.
    /// - Parameter interface: the address that was to be bound.
    init(binding errorNumber: CInt, interface: String) {
        switch errorNumber {
        case EADDRINUSE, EACCES: self = .portUnavailable
        case EADDRNOTAVAIL, ENODEV: self = .interfaceUnavailable(interface)
        default: self = .other(systemErrorText(errorNumber))
        }
    }
}
