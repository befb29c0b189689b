/// What equipment says of itself in S1F2, S1F13 and S1F14.
public struct GemIdentity: Hashable, Sendable {
    /// The model (MDLN), at most 20 characters.
    public var model: String
    /// The revision of the software (SOFTREV), at most 20 characters.
    public var revision: String

    /// An identity.
    public init(model: String, revision: String) {
        self.model = model
        self.revision = revision
    }

    /// The identity that `L,2 {MDLN, SOFTREV}` tells; nil for all else, such as a host's empty list.
    init?(_ item: SecsItem?) {
        guard item?.count == 2, let model = item?[0]?.text, let revision = item?[1]?.text else { return nil }
        self.init(model: model, revision: revision)
    }

    var item: SecsItem { [.ascii(model), .ascii(revision)] }
}
