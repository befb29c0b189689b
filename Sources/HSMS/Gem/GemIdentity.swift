/// What equipment says of itself in S1F2, S1F13 and S1F14.
public struct GemIdentity: Hashable, Sendable {
    /// The model (MDLN), at most 20 characters.
    public var model: SecsText
    /// The revision of the software (SOFTREV), at most 20 characters.
    public var revision: SecsText

    /// An identity.
    public init(model: SecsText, revision: SecsText) {
        self.model = model
        self.revision = revision
    }

    /// The identity that `L,2 {MDLN, SOFTREV}` tells; nil for all else, such as a host's empty list.
    init?(_ item: SecsItem?) {
        guard item?.count == 2, let model = item?[0]?.secsText, let revision = item?[1]?.secsText else { return nil }
        self.init(model: model, revision: revision)
    }

    var item: SecsItem { [.ascii(model), .ascii(revision)] }
}
