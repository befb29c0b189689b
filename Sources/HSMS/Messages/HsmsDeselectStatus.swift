/// What a Deselect.rsp answers: header byte 3. Other values may come from a peer; they are refusals too.
public struct HsmsDeselectStatus: RawRepresentable, Hashable, Sendable {
    /// The session has ended.
    public static let ended = HsmsDeselectStatus(rawValue: 0)
    /// There was no session.
    public static let notEstablished = HsmsDeselectStatus(rawValue: 1)
    /// The peer is busy, and the session goes on.
    public static let busy = HsmsDeselectStatus(rawValue: 2)

    /// The byte on the wire.
    public let rawValue: UInt8

    /// Makes the status of a byte on the wire.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}
