/// What a Select.rsp answers: header byte 3. Other values may come from a peer; they are refusals too.
public struct HsmsSelectStatus: RawRepresentable, Hashable, Sendable {
    /// The session is established.
    public static let established = HsmsSelectStatus(rawValue: 0)
    /// It is established already.
    public static let alreadyActive = HsmsSelectStatus(rawValue: 1)
    /// The peer is not ready.
    public static let notReady = HsmsSelectStatus(rawValue: 2)
    /// The peer already serves another connection.
    public static let connectExhaust = HsmsSelectStatus(rawValue: 3)
    /// General sessions: the peer has no such session.
    public static let noSuchEntity = HsmsSelectStatus(rawValue: 4)
    /// General sessions: another connection has it.
    public static let entityInUse = HsmsSelectStatus(rawValue: 5)
    /// General sessions: it is established already.
    public static let entityAlreadySelected = HsmsSelectStatus(rawValue: 6)

    /// The byte on the wire.
    public let rawValue: UInt8

    /// Makes the status of a byte on the wire.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}
