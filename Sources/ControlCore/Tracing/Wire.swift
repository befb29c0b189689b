public import Polling

/// One thing that bytes go over, for whoever watches: a connection, a serial line, a UDP socket or a listening port.
public struct Wire: Sendable, Equatable {
    /// What it is.
    public enum Kind: String, Sendable {
        /// A TCP connection, with or without TLS.
        case tcp = "TCP"
        /// A session of SSH.
        case ssh = "SSH"
        /// A UDP socket.
        case udp = "UDP"
        /// A serial port of this machine.
        case serial
        /// A listening TCP port; what it accepts are wires of their own.
        case listener = "listening port"
    }

    /// Counts from 1, in the order in which the wires of an environment were opened.
    public let number: Int
    /// What it is.
    public let kind: Kind
    /// How people know it: `projector:23` as the program named it, `MainProcessor:COM1`, `:9000` for a port that
    /// listens, `:9000 10.0.0.7:50123` for a connection to that port.
    public let name: String
    /// What the program calls the object whose wire it is: `Projector`; `nil` where it has no name.
    public let owner: String?
    /// The other side as the program named it: a host's name or address, or the path of a serial port; `nil` where the
    /// other side came by itself.
    public let target: String?
    /// Whether the other side has opened it.
    public let isIncoming: Bool
    /// Where it ends on this machine, as far as it is known.
    public let localAddress: SocketAddress?
    /// Where its other end is, as far as it is known.
    public let remoteAddress: SocketAddress?

    /// Bundles what is known of a wire.
    public init(
        number: Int, kind: Kind, name: String, owner: String? = nil, target: String? = nil, isIncoming: Bool = false,
        localAddress: SocketAddress? = nil, remoteAddress: SocketAddress? = nil
    ) {
        self.number = number
        self.kind = kind
        self.name = name
        self.owner = owner
        self.target = target
        self.isIncoming = isIncoming
        self.localAddress = localAddress
        self.remoteAddress = remoteAddress
    }

    /// The name with that of its owner before it, as the program's log has it: `Projector 10.0.0.9:5001`.
    public var fullName: String { owner.map { "\($0) \(name)" } ?? name }
}
