public import Bytes
public import Polling

/// An open UDP socket.
///
/// A transport is owned by whoever got it from the environment. It belongs to the environment's loop. Datagrams may be
/// lost, repeated and reordered on their way; nothing here mends that.
public protocol DatagramTransport: AnyObject {
    /// The local address; its port is the system's choice when 0 was asked for.
    var localAddress: SocketAddress? { get }

    /// Bytes handed to ``send(_:to:)`` that the system has not taken yet. Each datagram counts 256 more than it has, as
    /// an empty one takes memory, too.
    var queuedBytes: Int { get }

    /// False from the moment at which ``close()`` was called or the socket was lost.
    var isOpen: Bool { get }

    /// Begins to read. Called once; datagrams that arrived before are delivered first.
    /// - Parameter delegate: held strongly until ``DatagramDelegate/transportDidClose(_:reason:)`` was delivered.
    func start(delegate: any DatagramDelegate)

    /// Stops (`false`) or resumes (`true`) reading. Meanwhile the system keeps what arrives, as far as it has room, and
    /// drops the rest. Delivery resumes after the call with `true`, not inside it.
    func setReading(_ reading: Bool)

    /// Changes the largest datagram that is delivered, see ``DatagramOptions/largestDatagram``.
    func setLargestDatagram(_ count: Int)

    /// Sends one datagram of at most ``DatagramOptions/sizeLimit`` bytes. Never waits; ``queuedBytes`` tells what is
    /// still to go. On a transport that is not open it does nothing: callers check ``isOpen`` first.
    /// - Parameters:
    ///   - bytes: the datagram.
    ///   - address: a unicast, broadcast or multicast address. That of the peer when there is one.
    func send(_ bytes: ByteBuffer, to address: SocketAddress)

    /// Closes the socket; what is queued is dropped. Idempotent.
    /// ``DatagramDelegate/transportDidClose(_:reason:)`` follows exactly once, never from inside this call.
    func close()
}

/// Receives what happens on a ``DatagramTransport``, on the loop, never from inside a call of its members.
public protocol DatagramDelegate: AnyObject {
    /// One datagram arrived, perhaps an empty one. What was longer than ``DatagramOptions/largestDatagram`` is cut off.
    func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress)

    /// Something that was sent did not get there, as far as the system knows. The socket stays open.
    func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure)

    /// ``DatagramTransport/queuedBytes`` fell below the low-water mark (32 KiB) after having been above 64 KiB.
    func transportDidDrain(_ transport: any DatagramTransport)

    /// The socket is closed, whoever closed it. Called once, and nothing follows.
    func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason)
}

/// How a UDP socket is opened.
public struct DatagramOptions: Sendable {
    /// The most bytes that one datagram carries: what IPv4 has room for.
    public static let sizeLimit = 65_507

    /// The IP literal of a local interface; `nil` is every interface, for IPv6 and IPv4.
    public var address: String?
    /// The local port; 0 lets the system choose.
    public var port: Int
    /// The only peer: others are not heard, and its refusals are reported. `nil`: everybody is heard. An IPv4 peer is
    /// reached from a socket for IPv4 and an IPv6 peer from one for IPv6, whatever ``address`` says when it is `nil`.
    public var peer: SocketAddress?
    /// Longer datagrams are cut to so many bytes, from 1 on.
    public var largestDatagram: Int

    /// Bundles the options.
    public init(
        address: String? = nil, port: Int = 0, peer: SocketAddress? = nil, largestDatagram: Int = sizeLimit
    ) {
        self.address = address
        self.port = port
        self.peer = peer
        self.largestDatagram = largestDatagram
    }

    /// The local addresses to try in turn.
    var candidates: [String] {
        if let address { return [address] }
        guard let peer else { return ["::", "0.0.0.0"] }
        return [peer.isIPv6 ? "::" : "0.0.0.0"]
    }
}
