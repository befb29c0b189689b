/// A setting of equipment that the host may read and change.
///
/// It belongs to its handler's event loop.
public final class GemEquipmentConstant {
    /// The identifier (ECID), unique among all variables and constants of the equipment.
    public let id: GemID
    /// The name (ECNAME).
    public let name: SecsText
    /// The units of measure as SEMI E5 writes them; empty for none.
    public let units: SecsText
    /// The least value of a number; an item without values for no bound.
    public let minimum: SecsItem
    /// The greatest value of a number; an item without values for no bound.
    public let maximum: SecsItem
    /// The value at the start.
    public let initial: SecsItem
    /// The value. Its format is that of ``initial``.
    public private(set) var value: SecsItem
    /// Asked before the host changes the value. Without it every value in range is taken.
    public var validate: ((SecsItem) -> Bool)?
    /// Called after the value has changed.
    public var onChange: ((SecsItem) -> Void)?

    /// A constant. Without bounds every value that fits the format is in range.
    public init(
        id: GemID, name: SecsText, units: SecsText = "", initial: SecsItem, minimum: SecsItem? = nil,
        maximum: SecsItem? = nil
    ) {
        self.id = id
        self.name = name
        self.units = units
        self.initial = initial
        self.minimum = minimum ?? .empty(initial.format)
        self.maximum = maximum ?? .empty(initial.format)
        value = initial
    }

    /// Sets the value.
    /// - Returns: false, and nothing changes, when it is out of range, does not fit the format or is not valid.
    @discardableResult
    public func set(_ item: SecsItem) -> Bool {
        guard let item = accepted(item) else { return false }
        store(item)
        return true
    }

    /// The item in the constant's format if it may be its value.
    func accepted(_ item: SecsItem) -> SecsItem? {
        guard let item = converted(item), isInRange(item), validate?(item) ?? true else { return nil }
        return item
    }

    func store(_ item: SecsItem) {
        guard item != value else { return }
        value = item
        onChange?(item)
    }

    /// Hosts send numbers in whatever format, so those are converted; but `A` and `B` are never taken for one another.
    private func converted(_ item: SecsItem) -> SecsItem? {
        if item.format == initial.format { return item }
        guard item.count <= SecsLimits.mostItems else { return nil }
        let isNumber = item.numbers != nil && initial.numbers != nil
        return isNumber ? try? SecsItem(item.value, as: initial.format) : nil
    }

    private func isInRange(_ item: SecsItem) -> Bool {
        guard let values = item.numbers else { return true }
        if initial.count == 1, values.count != 1 { return false }
        let lowest = minimum.number ?? -.infinity
        let highest = maximum.number ?? .infinity
        return values.allSatisfy { $0 >= lowest && $0 <= highest }
    }
}
