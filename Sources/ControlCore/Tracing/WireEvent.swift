public import Bytes
public import Polling

/// What happened on a ``Wire``.
public struct WireEvent: Sendable, Equatable {
    /// A piece of what went over a wire. Secrets in it are overwritten by asterisks.
    public struct Piece: Sendable, Equatable {
        /// The bytes, as many as went over the wire.
        public let bytes: ByteBuffer
        /// Where secrets were, as offsets from the first byte: in order, and apart from each other.
        public let secrets: [Range<Int>]

        /// Bundles bytes and the places of secrets, which are overwritten already.
        public init(bytes: ByteBuffer, secrets: [Range<Int>] = []) {
            self.bytes = bytes
            self.secrets = secrets
        }
    }

    /// What it was.
    public enum Content: Sendable, Equatable {
        /// The wire is there.
        case opened
        /// It was not opened: why.
        case refused(String)
        /// TLS is on; pieces from now on are what TLS carries, before it is encrypted and after it is decrypted.
        case secured(TLSSession)
        /// TLS was not agreed on: why. The stream ends with that.
        case insecure(String)
        /// The program has sent this. The system may not have taken it yet.
        case sent(Piece)
        /// This came, and is given to the program.
        case received(Piece)
        /// A datagram was not delivered, as far as the system knows: why.
        case undelivered(String)
        /// It ended, and nothing follows.
        case closed(CloseReason)
    }

    /// The wall clock: nanoseconds since 1970-01-01 00:00:00 UTC.
    public let time: Int64
    /// Where it happened.
    public let wire: Wire
    /// What happened.
    public let content: Content
    /// The other side of a datagram; `nil` for everything else.
    public let peer: SocketAddress?

    /// Bundles an event.
    public init(time: Int64, wire: Wire, content: Content, peer: SocketAddress? = nil) {
        self.time = time
        self.wire = wire
        self.content = content
        self.peer = peer
    }
}
