/// A status variable or a data value of equipment.
///
/// It belongs to its handler's event loop.
public final class GemVariable {
    /// The identifier (SVID, or DVID), unique among all variables and constants of the equipment.
    public let id: GemID
    /// The name (SVNAME).
    public let name: SecsText
    /// The units of measure as SEMI E5 writes them, such as `degC`; empty for none.
    public let units: SecsText
    /// The value, where ``read`` does not give it.
    public var value: SecsItem
    /// Gives the value each time it is wanted; nil: ``value`` is it.
    public var read: (() -> SecsItem)?

    /// A variable that holds its value.
    public init(id: GemID, name: SecsText, units: SecsText = "", value: SecsItem) {
        self.id = id
        self.name = name
        self.units = units
        self.value = value
    }

    /// A variable whose value is read each time it is wanted.
    public init(id: GemID, name: SecsText, units: SecsText = "", read: @escaping () -> SecsItem) {
        self.id = id
        self.name = name
        self.units = units
        self.read = read
        value = []
    }

    /// The value now.
    public var current: SecsItem { read?() ?? value }
}
