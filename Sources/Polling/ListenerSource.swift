import CPolling
import Glibc

/// What happens on a ``ListenerSource``, told on the loop.
public protocol ListenerSourceHandler: AnyObject {
    /// Somebody has connected. The descriptor is the callee's.
    func listenerDidAccept(_ descriptor: CInt, from address: SocketAddress?)

    /// The system can accept no connection, for instance for want of descriptors or memory. It is tried again at once,
    /// for as long as ``ListenerSource/setAccepting(_:)`` is not called. What concerns one connection only, which is
    /// gone, is not told.
    func listenerDidFail(_ error: SystemError)
}

/// A listening stream socket on a loop.
public final class ListenerSource: PollSource {
    /// How many connections are accepted in one turn.
    private static let acceptsPerTurn = 16
    /// How many connections may wait to be accepted.
    private static let backlog: CInt = 256

    private var handler: (any ListenerSourceHandler)?
    private var isAccepting = true

    /// Binds a socket and listens.
    /// - Parameters:
    ///   - address: the local address; port 0 lets the system choose. An IPv6 address that is unspecified serves IPv4,
    ///     too.
    ///   - handler: kept until the source is closed.
    /// - Throws: what the system refused.
    public init(loop: PollLoop, on address: SocketAddress, handler: any ListenerSourceHandler) throws(SystemError) {
        let descriptor = try checked(polling_stream_socket(address.family))
        self.handler = handler
        super.init(loop: loop, descriptor: descriptor)
        _ = try checked(polling_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1))
        try bind(descriptor, to: address)
        guard listen(descriptor, Self.backlog) == 0 else { throw SystemError(errno) }
        try register(for: Readiness.readable)
    }

    /// Where it listens.
    public var localAddress: SocketAddress? { SocketAddress(localOf: descriptor) }

    /// Stops or resumes accepting. Those who connect wait meanwhile.
    public func setAccepting(_ accepting: Bool) {
        isAccepting = accepting
        tell(of: accepting ? Readiness.readable : 0)
    }

    override func serve(_ events: UInt32) {
        var left = Self.acceptsPerTurn
        while left > 0, isOpen, isAccepting, let handler {
            left -= 1
            var storage = sockaddr_storage()
            var length = socklen_t()
            let accepted = polling_accept(descriptor, &storage, &length)
            if accepted >= 0 {
                // As for one's own connections.
                _ = polling_set_option(accepted, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
                _ = polling_set_option(accepted, SOL_SOCKET, SO_KEEPALIVE, 1)
                handler.listenerDidAccept(accepted, from: SocketAddress(storage))
            } else if accepted == -EAGAIN {
                return
            } else if !Self.concernsOneConnection(-accepted) {
                handler.listenerDidFail(SystemError(-accepted))
            }
        }
    }

    /// Whether the next connection may be accepted even so: the one that is meant is gone. Linux hands out what has
    /// happened to a connection before it was accepted.
    static func concernsOneConnection(_ error: CInt) -> Bool {
        switch error {
        case ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT, EOPNOTSUPP: true
        default: false
        }
    }

    /// Closes the descriptor. Idempotent.
    public override func close() {
        // What goes with the handler may call this again.
        guard isOpen else { return }
        super.close()
        handler = nil
    }
}

/// Binds a socket. An unspecified IPv6 address serves both families.
func bind(_ descriptor: CInt, to address: SocketAddress) throws(SystemError) {
    if address.family == AF_INET6 {
        _ = try checked(polling_set_option(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 0))
    }
    guard address.withSocketAddress({ Glibc.bind(descriptor, $0, $1) }) == 0 else { throw SystemError(errno) }
}

extension SocketAddress {
    /// The local address of a socket; nil when it has none.
    public init?(localOf descriptor: CInt) {
        self.init(of: descriptor, getsockname)
    }

    /// The peer's address of a connected socket; nil when it has none.
    public init?(peerOf descriptor: CInt) {
        self.init(of: descriptor, getpeername)
    }

    private init?(
        of descriptor: CInt,
        _ name: (CInt, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> CInt
    ) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        self.init(storage)
    }
}
