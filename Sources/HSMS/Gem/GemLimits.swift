import ControlCore
public import Polling

/// Limits monitoring on equipment: the host sets limits for status variables (S2F45), and an event tells when a
/// variable crosses one.
///
/// It belongs to its handler.
public final class GemLimits {
    /// A status variable for which the host may set limits.
    public struct Monitored {
        /// The variable (VID); its value must be one number.
        public let variable: GemID
        /// The event that is triggered when a limit is crossed.
        public let event: GemID
        /// The least bound that is allowed (LIMITMIN).
        public let minimum: Double
        /// The greatest bound that is allowed (LIMITMAX).
        public let maximum: Double

        /// A variable to monitor.
        public init(variable: GemID, event: GemID, minimum: Double, maximum: Double) {
            self.variable = variable
            self.event = event
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    /// The data values that tell, in the reports of a limit event, the variable (LimitVariable), which of its limits
    /// were crossed (EventLimit) and whether upward, 0, or downward, 1 (TransitionType); nil for none.
    public var dataValues: (variable: GemID?, limits: GemID?, transition: GemID?) = (nil, nil, nil)
    /// How often variables with limits are looked at. 1 s by default.
    public var period = TimeAmount.seconds(1)

    private var monitored: [GemID: Monitored] = [:]
    private var order: [GemID] = []
    private var limits: [GemID: [UInt8: GemLimit]] = [:]
    private var timer: (any Cancellable)?
    private unowned let handler: GemEquipmentHandler

    init(_ handler: GemEquipmentHandler) {
        self.handler = handler
        handler.answer(stream: 2, function: 45) { [unowned self] in try limitsReceived($0) }
        handler.answer(stream: 2, function: 47) { [unowned self] in try limitsRequested($0) }
    }

    deinit {
        timer?.cancel()
    }

    /// Lets the host set limits for a variable.
    /// - Throws: when there is no such status variable or event, or it is monitored already.
    public func add(_ variable: Monitored) throws(GemDeclarationError) {
        let id = variable.variable
        guard handler.variables.statusVariable(id) != nil else {
            throw GemDeclarationError("there is no status variable \(id)")
        }
        guard handler.events.contains(variable.event) else {
            throw GemDeclarationError("there is no collection event \(variable.event)")
        }
        guard monitored[id] == nil else { throw GemDeclarationError("variable \(id) is monitored already") }
        monitored[id] = variable
        order.append(id)
    }

    /// Looks at all variables with limits now. It happens by itself every ``period``.
    public func check() {
        for id in order {
            guard var limits = limits[id], let target = monitored[id],
                let value = handler.variables.value(of: id)?.number
            else { continue }
            var crossed: [(limit: UInt8, transition: GemLimit.Transition)] = []
            for number in limits.keys.sorted() {
                if let transition = limits[number]?.update(value) { crossed.append((number, transition)) }
            }
            self.limits[id] = limits
            for transition in [GemLimit.Transition.upward, .downward] {
                let numbers = crossed.filter { $0.transition == transition }.map(\.limit)
                if !numbers.isEmpty { report(target, numbers, transition) }
            }
        }
    }

    private func report(_ target: Monitored, _ numbers: [UInt8], _ transition: GemLimit.Transition) {
        var values: [GemID: SecsItem] = [:]
        if let id = dataValues.variable { values[id] = target.variable.item(handler.idFormat) }
        if let id = dataValues.limits { values[id] = .list(numbers.map { .binary($0) }) }
        if let id = dataValues.transition { values[id] = .binary(transition.rawValue) }
        handler.events.trigger(target.event, values: values)
    }

    private func schedule() {
        guard timer == nil, !limits.isEmpty else { return }
        timer = handler.environment.schedule(after: period) { [weak self] in
            guard let self else { return }
            timer = nil
            check()
            schedule()
        }
    }

    // MARK: Messages

    /// What is wrong with the limits of one variable: LVACK, and LIMITACK for each.
    private struct Fault {
        let variable: GemID
        let code: UInt8
        let limits: [(number: UInt8, code: UInt8)]
    }

    /// All limits of the message are set, or none: VLAACK 0 done, 1 some are wrong.
    private func limitsReceived(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        var next = limits
        var faults: [Fault] = []
        let entries = try fields[1].list()
        // No variables at all end all monitoring.
        if entries.isEmpty { next = [:] }
        for entry in entries {
            let entry = try entry.list(2)
            let id = try entry[0].identifier()
            let definitions = try entry[1].list()
            guard let target = monitored[id] else {
                // LVACK 1: there is no such variable; 2: it has no limits.
                faults.append(Fault(variable: id, code: handler.variables.contains(id) ? 2 : 1, limits: []))
                continue
            }
            if definitions.isEmpty { next[id] = nil }
            let wrong = try set(definitions, of: target, in: &next)
            // LVACK 4: see the codes of the limits.
            if !wrong.isEmpty { faults.append(Fault(variable: id, code: 4, limits: wrong)) }
        }
        request.reply([.binary(faults.isEmpty ? 0 : 1), .list(faults.map(item))])
        guard faults.isEmpty else { return }
        limits = next
        timer?.cancel()
        timer = nil
        // The zones in which the variables are now are where they start from.
        check()
        schedule()
    }

    private func set(
        _ definitions: [SecsItem], of target: Monitored, in next: inout [GemID: [UInt8: GemLimit]]
    ) throws -> [(number: UInt8, code: UInt8)] {
        var wrong: [(number: UInt8, code: UInt8)] = []
        for definition in definitions {
            let fields = try definition.list(2)
            let number = try fields[0].code()
            let bounds = try fields[1].list()
            if bounds.isEmpty {
                next[target.variable]?[number] = nil
                if next[target.variable]?.isEmpty == true { next[target.variable] = nil }
                continue
            }
            guard bounds.count == 2, let upper = bounds[0].number, let lower = bounds[1].number else {
                throw SecsIllegalData("a limit has two bounds")
            }
            // LIMITACK: 1 no such limit, 2 over the maximum, 3 under the minimum, 4 the upper bound under the lower
            // one.
            if number == 0 {
                wrong.append((number, 1))
            } else if upper > target.maximum {
                wrong.append((number, 2))
            } else if lower < target.minimum {
                wrong.append((number, 3))
            } else if upper < lower {
                wrong.append((number, 4))
            } else {
                next[target.variable, default: [:]][number] = GemLimit(upper: upper, lower: lower)
            }
        }
        return wrong
    }

    private func item(_ fault: Fault) -> SecsItem {
        let limits = fault.limits.map { [.binary($0.number), .binary($0.code)] as SecsItem }
        return [fault.variable.item(handler.idFormat), .binary(fault.code), .list(limits)]
    }

    private func limitsRequested(_ request: SecsRequest) throws {
        let asked = try request.message.item?.identifiers() ?? []
        let replies = (asked.isEmpty ? order : asked).map { id -> SecsItem in
            guard let target = monitored[id], let variable = handler.variables.statusVariable(id) else {
                return [id.item(handler.idFormat), []]
            }
            let set = (limits[id] ?? [:]).sorted { $0.key < $1.key }.map { number, limit in
                [.binary(number), .f8(limit.upper), .f8(limit.lower)] as SecsItem
            }
            return [
                id.item(handler.idFormat),
                [.ascii(variable.units), .f8(target.minimum), .f8(target.maximum), .list(set)],
            ]
        }
        request.reply(.list(replies))
    }
}
