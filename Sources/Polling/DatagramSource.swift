import CPolling
import Glibc

/// What happens on a ``DatagramSource``, told on the loop and never from inside a call of the source's own members.
public protocol DatagramSourceHandler: AnyObject {
    /// A datagram arrived. Its bytes are valid until this returns.
    func datagramDidArrive(_ bytes: RawSpan, from address: SocketAddress)

    /// The system tells of something that went wrong, such as a peer without a listener. The socket goes on.
    func datagramsDidFail(_ error: SystemError)

    /// There is room to send again, after ``DatagramSource/send(_:to:)`` has returned `EAGAIN`.
    func datagramsCanSend()
}

/// A datagram socket on a loop: UDP, or ICMP echoes.
public final class DatagramSource: PollSource {
    /// What the socket carries.
    public enum Kind {
        /// UDP.
        case user
        /// ICMP echo requests and their answers, for which no privilege is needed but the group.
        case echo
    }

    /// How many datagrams are received in one turn.
    private static let datagramsPerTurn = 16

    private var handler: (any DatagramSourceHandler)?
    private var isReading = false
    private var isFull = false

    /// Makes a socket.
    /// - Parameters:
    ///   - local: what it is bound to; nil lets the system choose when something is sent. An unspecified IPv6 address
    ///     serves IPv4, too.
    ///   - peer: the only one that it hears and sends to; nil: everybody.
    ///   - handler: kept until the source is closed.
    /// - Throws: what the system refused.
    public init(
        loop: PollLoop, kind: Kind = .user, local: SocketAddress?, peer: SocketAddress?,
        handler: any DatagramSourceHandler
    ) throws(SystemError) {
        let family = (local ?? peer)?.family ?? AF_INET
        let descriptor = try checked(
            kind == .echo ? polling_echo_socket(family) : polling_datagram_socket(family))
        self.handler = handler
        super.init(loop: loop, descriptor: descriptor)
        if kind == .user { _ = try checked(polling_set_option(descriptor, SOL_SOCKET, SO_BROADCAST, 1)) }
        if let local { try bind(descriptor, to: local) }
        if let peer, peer.withSocketAddress({ connect(descriptor, $0, $1) }) != 0 { throw SystemError(errno) }
        // A peer's refusal is told even when nobody reads.
        try register(for: 0)
    }

    /// What it is bound to.
    public var localAddress: SocketAddress? { SocketAddress(localOf: descriptor) }

    /// Begins or stops to receive. The system holds what comes meanwhile, as far as its own limit goes.
    public func setReading(_ reading: Bool) {
        isReading = reading
        watch()
    }

    /// Sends one datagram now, or not at all. What the system has to say of an earlier one is told to the handler.
    /// - Parameter address: nil: the peer that it is connected to.
    /// - Returns: 0, or the error number. `EAGAIN`: there is no room, and the handler is told when there is.
    public func send(_ bytes: RawSpan, to address: SocketAddress?) -> CInt {
        guard isOpen else { return EBADF }
        let error = attempt(bytes, to: address)
        guard error != 0 else { return 0 }
        guard error != EAGAIN, address == nil else { return failed(error) }
        // A connected socket answers with what has happened to an earlier datagram, and does not send this one.
        let second = attempt(bytes, to: nil)
        if second != error {
            loop.execute { [self] in if isOpen { handler?.datagramsDidFail(SystemError(error)) } }
        }
        return failed(second)
    }

    /// - Returns: 0, or the error number.
    private func attempt(_ bytes: RawSpan, to address: SocketAddress?) -> CInt {
        let sent = bytes.withUnsafeBytes { bytes in
            guard let address else { return polling_send(descriptor, bytes.baseAddress, bytes.count) }
            return address.withSocketAddress { polling_send_to(descriptor, bytes.baseAddress, bytes.count, $0, $1) }
        }
        return sent < 0 ? CInt(-sent) : 0
    }

    private func failed(_ error: CInt) -> CInt {
        if error == EAGAIN {
            isFull = true
            watch()
        }
        return error
    }

    private func watch() {
        tell(of: (isReading ? Readiness.readable : 0) | (isFull ? Readiness.writable : 0))
    }

    override func serve(_ events: UInt32) {
        guard isOpen else { return }
        if events & Readiness.writable != 0, isFull {
            isFull = false
            watch()
            handler?.datagramsCanSend()
        }
        var left = Self.datagramsPerTurn
        while left > 0, isOpen, isReading {
            left -= 1
            guard receive() else { return }
        }
        // An error is told even when nobody reads: the loop would else be told of it again and again.
        if isOpen, !isReading, events & (Readiness.error | Readiness.hangup) != 0 {
            let error = polling_take_error(descriptor)
            if error != 0 { handler?.datagramsDidFail(SystemError(error)) }
        }
    }

    /// Closes the descriptor. Idempotent.
    public override func close() {
        // What goes with the handler may call this again.
        guard isOpen else { return }
        super.close()
        handler = nil
    }

    /// - Returns: whether there may be more.
    private func receive() -> Bool {
        var storage = sockaddr_storage()
        var length = socklen_t()
        let count = polling_receive_from(
            descriptor, loop.received.baseAddress, loop.received.count, &storage, &length)
        guard count >= 0 else {
            if count != -Int(EAGAIN) { handler?.datagramsDidFail(SystemError(CInt(-count))) }
            return count != -Int(EAGAIN)
        }
        guard let address = SocketAddress(storage) else { return true }
        handler?.datagramDidArrive(UnsafeRawBufferPointer(rebasing: loop.received[..<count]).bytes, from: address)
        return true
    }
}
