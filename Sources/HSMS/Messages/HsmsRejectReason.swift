/// Why a Reject.req rejects: header byte 3. Other values may come from a peer.
public struct HsmsRejectReason: RawRepresentable, Hashable, Sendable {
    /// The message type is unknown, or the message is malformed.
    public static let sTypeNotSupported = HsmsRejectReason(rawValue: 1)
    /// The text's encoding is unknown.
    public static let pTypeNotSupported = HsmsRejectReason(rawValue: 2)
    /// It is a response to nothing that was asked.
    public static let transactionNotOpen = HsmsRejectReason(rawValue: 3)
    /// It is a data message, and its session is not selected.
    public static let entityNotSelected = HsmsRejectReason(rawValue: 4)

    /// The byte on the wire.
    public let rawValue: UInt8

    /// Makes the reason of a byte on the wire.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}
