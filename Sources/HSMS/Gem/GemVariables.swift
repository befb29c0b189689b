/// The status variables, data values and constants of equipment, and the messages that read, name and set them: S1F3,
/// S1F11, S1F21, S2F13, S2F15 and S2F29.
///
/// It belongs to its handler.
public final class GemVariables {
    /// The status variables in the order in which they were added.
    public private(set) var statusVariables: [GemVariable] = []
    /// The data values in the order in which they were added.
    public private(set) var dataValues: [GemVariable] = []
    /// The constants in the order in which they were added.
    public private(set) var constants: [GemEquipmentConstant] = []
    /// Whether the host may change constants now (EAC 2 if not).
    public var acceptsConstants: () -> Bool = { true }

    private enum Entry {
        case status(GemVariable)
        case data(GemVariable)
        case constant(GemEquipmentConstant)
    }

    private var entries: [GemID: Entry] = [:]
    private unowned let handler: GemHandler

    init(_ handler: GemHandler) {
        self.handler = handler
        handler.answer(stream: 1, function: 3) { [unowned self] in try statusRequested($0) }
        handler.answer(stream: 1, function: 11) { [unowned self] in try namesRequested($0) }
        handler.answer(stream: 1, function: 21) { [unowned self] in try dataNamesRequested($0) }
        handler.answer(stream: 2, function: 13) { [unowned self] in try constantsRequested($0) }
        handler.register(stream: 2, function: 15) { [unowned self] in try constantsReceived($0) }
        handler.answer(stream: 2, function: 29) { [unowned self] in try constantNamesRequested($0) }
    }

    // MARK: Declarations

    /// Adds a status variable.
    /// - Throws: when its identifier is in use.
    public func add(statusVariable variable: GemVariable) throws(GemDeclarationError) {
        try enter(variable.id, .status(variable))
        statusVariables.append(variable)
    }

    /// Adds a data value: a variable that means something only in the reports of certain events.
    /// - Throws: when its identifier is in use.
    public func add(dataValue variable: GemVariable) throws(GemDeclarationError) {
        try enter(variable.id, .data(variable))
        dataValues.append(variable)
    }

    /// Adds a constant.
    /// - Throws: when its identifier is in use.
    public func add(constant: GemEquipmentConstant) throws(GemDeclarationError) {
        try enter(constant.id, .constant(constant))
        constants.append(constant)
    }

    private func enter(_ id: GemID, _ entry: Entry) throws(GemDeclarationError) {
        guard entries[id] == nil else { throw GemDeclarationError("variable \(id) exists already") }
        entries[id] = entry
    }

    // MARK: Values

    /// Whether there is a variable or constant of that identifier.
    public func contains(_ id: GemID) -> Bool { entries[id] != nil }

    /// The value now of a variable or constant; nil when there is none of that identifier.
    public func value(of id: GemID) -> SecsItem? {
        switch entries[id] {
        case .status(let variable), .data(let variable): variable.current
        case .constant(let constant): constant.value
        case nil: nil
        }
    }

    /// The status variable of that identifier.
    public func statusVariable(_ id: GemID) -> GemVariable? {
        if case .status(let variable) = entries[id] { variable } else { nil }
    }

    /// The status variable or data value of that identifier.
    public func variable(_ id: GemID) -> GemVariable? {
        switch entries[id] {
        case .status(let variable), .data(let variable): variable
        case .constant, nil: nil
        }
    }

    /// The constant of that identifier.
    public func constant(_ id: GemID) -> GemEquipmentConstant? {
        if case .constant(let constant) = entries[id] { constant } else { nil }
    }

    // MARK: Messages

    /// The identifiers that a list asks for; an empty list, or none, asks for all.
    private func asked(_ request: SecsRequest, all: [GemID]) throws -> [GemID] {
        guard let item = request.message.item else { return all }
        let ids = try item.identifiers()
        return ids.isEmpty ? all : ids
    }

    private func statusRequested(_ request: SecsRequest) throws {
        let ids = try asked(request, all: statusVariables.map(\.id))
        request.reply(.list(ids.map { statusVariable($0)?.current ?? [] }))
    }

    private func namesRequested(_ request: SecsRequest) throws {
        let ids = try asked(request, all: statusVariables.map(\.id))
        request.reply(.list(ids.map { id in names(id, statusVariable(id)) }))
    }

    private func dataNamesRequested(_ request: SecsRequest) throws {
        let ids = try asked(request, all: dataValues.map(\.id))
        request.reply(
            .list(
                ids.map { id in
                    if case .data(let variable) = entries[id] { names(id, variable) } else { names(id, nil) }
                }))
    }

    private func names(_ id: GemID, _ variable: GemVariable?) -> SecsItem {
        [id.item(handler.idFormat), .ascii(variable?.name ?? ""), .ascii(variable?.units ?? "")]
    }

    private func constantsRequested(_ request: SecsRequest) throws {
        let ids = try asked(request, all: constants.map(\.id))
        request.reply(.list(ids.map { constant($0)?.value ?? [] }))
    }

    private func constantNamesRequested(_ request: SecsRequest) throws {
        let ids = try asked(request, all: constants.map(\.id))
        let replies = ids.map { id -> SecsItem in
            let item = id.item(handler.idFormat)
            guard let constant = constant(id) else { return [item, "", "", "", "", ""] }
            return [
                item, .ascii(constant.name), constant.minimum, constant.maximum, constant.initial,
                .ascii(constant.units),
            ]
        }
        request.reply(.list(replies))
    }

    /// All constants of the message change, or none.
    private func constantsReceived(_ request: SecsRequest) throws {
        var changes: [(GemEquipmentConstant, SecsItem)] = []
        var code: UInt8 = 0
        for pair in try request.message.item.list() {
            let fields = try pair.list(2)
            guard let constant = constant(try fields[0].identifier()) else {
                code = 1
                continue
            }
            if let item = constant.accepted(fields[1]) {
                changes.append((constant, item))
            } else if code == 0 {
                code = 3
            }
        }
        if code == 0, !acceptsConstants() { code = 2 }
        if code == 0 { for (constant, item) in changes { constant.store(item) } }
        request.reply(code: code)
    }
}
