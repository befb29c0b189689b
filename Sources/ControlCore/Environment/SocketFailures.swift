import Glibc
import NIOCore

extension ConnectFailure {
    /// The failure that `error`, from a socket's connect, stands for.
    init(connecting error: any Error) {
        if case ChannelError.connectTimeout = error {
            self = .timedOut
            return
        }
        guard let error = error as? IOError else {
            self = .other("\(error)")
            return
        }
        self.init(errorNumber: error.errnoCode)
    }

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
    /// The failure that `error`, from a socket's bind or listen, stands for.
    /// - Parameter interface: the address that was to be bound.
    init(binding error: any Error, interface: String) {
        guard let error = error as? IOError else {
            self = .other("\(error)")
            return
        }
        switch error.errnoCode {
        case EADDRINUSE, EACCES: self = .portUnavailable
        case EADDRNOTAVAIL, ENODEV: self = .interfaceUnavailable(interface)
        default: self = .other(systemErrorText(error.errnoCode))
        }
    }
}

extension SocketAddress {
    /// An IPv4 peer of a socket that serves both families appears as an IPv6 address that embeds it. Programs know it
    /// by the IPv4 address.
    var unmapped: SocketAddress {
        guard case .v6 = self, let text = ipAddress, let port else { return self }
        let prefix = "::ffff:"
        guard text.hasPrefix(prefix), text.contains(".") else { return self }
        return (try? SocketAddress(ipAddress: String(text.dropFirst(prefix.count)), port: port)) ?? self
    }

    /// The reverse of ``unmapped``: how a socket that serves both families reaches an IPv4 address.
    var mapped: SocketAddress {
        guard case .v4 = self, let text = ipAddress, let port else { return self }
        return (try? SocketAddress(ipAddress: "::ffff:\(text)", port: port)) ?? self
    }
}
