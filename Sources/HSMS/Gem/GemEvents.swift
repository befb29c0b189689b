/// Collection events of equipment with the reports that the host has asked for: S2F33, S2F35, S2F37, S2F39, S6F11,
/// S6F15, S6F19, S6F21 and S1F23.
///
/// It belongs to its handler.
public final class GemEvents {
    /// A collection event.
    public struct Event: Hashable, Sendable {
        /// The identifier (CEID).
        public let id: GemID
        /// The name.
        public let name: SecsText
        /// The data values that mean something in its reports.
        public let dataValues: [GemID]

        /// An event.
        public init(id: GemID, name: SecsText, dataValues: [GemID] = []) {
            self.id = id
            self.name = name
            self.dataValues = dataValues
        }
    }

    /// The events in the order in which they were added.
    public private(set) var events: [Event] = []
    /// Called when the host has answered an event report with a code other than 0, or not at all.
    public var onReportFailed: ((GemID, SecsResult<UInt8>) -> Void)?

    /// Where in ``events`` each is.
    private var places: [GemID: Int] = [:]
    private(set) var table = GemReportTable()
    private var lastDataID: UInt32 = 0
    private unowned let handler: GemEquipmentHandler

    init(_ handler: GemEquipmentHandler) {
        self.handler = handler
        handler.answer(stream: 2, function: 33) { [unowned self] in try reportsDefined($0) }
        handler.answer(stream: 2, function: 35) { [unowned self] in try reportsLinked($0) }
        handler.answer(stream: 2, function: 37) { [unowned self] in try eventsEnabled($0) }
        // Whether a message of several blocks may come: HSMS knows no blocks, so it may.
        handler.answer(stream: 2, function: 39) { $0.reply(code: 0) }
        handler.answer(stream: 6, function: 15) { [unowned self] in try eventRequested($0) }
        handler.answer(stream: 6, function: 19) { [unowned self] in try reportRequested($0, isAnnotated: false) }
        handler.answer(stream: 6, function: 21) { [unowned self] in try reportRequested($0, isAnnotated: true) }
        handler.answer(stream: 1, function: 23) { [unowned self] in try namesRequested($0) }
    }

    /// Adds an event.
    /// - Throws: when its identifier is in use.
    public func add(_ event: Event) throws(GemDeclarationError) {
        guard !contains(event.id) else { throw GemDeclarationError("collection event \(event.id) exists already") }
        places[event.id] = events.count
        events.append(event)
    }

    /// Whether there is an event of that identifier.
    public func contains(_ id: GemID) -> Bool { places[id] != nil }

    /// The events that the host has enabled, in the order in which they were added.
    public var enabled: [GemID] { events.map(\.id).filter(table.enabled.contains) }

    /// Reports that an event has happened (S6F11), if the host has enabled it. Does not wait.
    ///
    /// Without communication the report goes to the spool, if the host has asked for that; off-line nothing is sent.
    /// - Parameters:
    ///   - id: the event (CEID).
    ///   - values: what data values are in this report; others, and other variables, have their value now.
    public func trigger(_ id: GemID, values: [GemID: SecsItem] = [:]) {
        trigger(id, values: values, isLeavingOnline: false)
    }

    /// - Parameter isLeavingOnline: the event is the end of being on-line, which is still told.
    func trigger(_ id: GemID, values: [GemID: SecsItem], isLeavingOnline: Bool) {
        guard table.enabled.contains(id) else { return }
        lastDataID &+= 1
        let item: SecsItem = [
            .u4(lastDataID), id.item(handler.idFormat), reports(of: id, values: values, isAnnotated: false),
        ]
        let message = SecsMessage(stream: 6, function: 11, expectsReply: true, item: item)
        let completion: (SecsResult<SecsMessage?>) -> Void = { [weak self] in self?.answered(id, $0) }
        if isLeavingOnline, handler.isCommunicating {
            handler.transmit(message, completion: completion)
        } else {
            handler.send(message, completion: completion)
        }
    }

    private func answered(_ id: GemID, _ result: SecsResult<SecsMessage?>) {
        let code = result.flatMap { reply -> SecsResult<UInt8> in
            guard let code = reply?.item?.unsignedInteger.flatMap(UInt8.init(exactly:)) else {
                return .failure(.unexpectedReply(reply ?? SecsMessage(stream: 6, function: 12)))
            }
            return .success(code)
        }
        switch code {
        case .success(0), .failure(.spooled): break
        default: onReportFailed?(id, code)
        }
    }

    // MARK: Reports

    private func reports(of event: GemID, values: [GemID: SecsItem], isAnnotated: Bool) -> SecsItem {
        let linked = table.links[event] ?? []
        return .list(
            linked.map { report in
                [report.item(handler.idFormat), content(of: report, values: values, isAnnotated: isAnnotated)]
            })
    }

    private func content(of report: GemID, values: [GemID: SecsItem] = [:], isAnnotated: Bool) -> SecsItem {
        let variables = table.reports[report] ?? []
        return .list(
            variables.map { id in
                let value = values[id] ?? handler.variables.value(of: id) ?? []
                return isAnnotated ? [id.item(handler.idFormat), value] : value
            })
    }

    // MARK: Messages

    private func reportsDefined(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let definitions = try fields[1].list().map { entry in
            let entry = try entry.list(2)
            return (report: try entry[0].identifier(), variables: try entry[1].identifiers())
        }
        request.reply(code: table.define(definitions, isVariable: handler.variables.contains))
    }

    private func reportsLinked(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let definitions = try fields[1].list().map { entry in
            let entry = try entry.list(2)
            return (event: try entry[0].identifier(), reports: try entry[1].identifiers())
        }
        request.reply(code: table.link(definitions, isEvent: contains))
    }

    private func eventsEnabled(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        guard let isEnabled = fields[0].boolean else { throw SecsIllegalData("CEED is one BOOLEAN") }
        request.reply(code: table.enable(isEnabled, try fields[1].identifiers(), all: events.map(\.id)))
    }

    private func eventRequested(_ request: SecsRequest) throws {
        guard let id = request.message.item.flatMap(GemID.init) else { throw SecsIllegalData("a CEID is expected") }
        lastDataID &+= 1
        request.reply([
            .u4(lastDataID), id.item(handler.idFormat), reports(of: id, values: [:], isAnnotated: false),
        ])
    }

    private func reportRequested(_ request: SecsRequest, isAnnotated: Bool) throws {
        guard let id = request.message.item.flatMap(GemID.init) else { throw SecsIllegalData("an RPTID is expected") }
        request.reply(content(of: id, isAnnotated: isAnnotated))
    }

    private func namesRequested(_ request: SecsRequest) throws {
        let asked = try request.message.item?.identifiers() ?? []
        let ids = asked.isEmpty ? events.map(\.id) : asked
        let replies = ids.map { id -> SecsItem in
            let event = places[id].map { events[$0] }
            let values = (event?.dataValues ?? []).map { $0.item(handler.idFormat) }
            return [id.item(handler.idFormat), .ascii(event?.name ?? ""), .list(values)]
        }
        request.reply(.list(replies))
    }
}
