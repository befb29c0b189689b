/// Alarms of equipment: S5F1, S5F3, S5F5 and S5F7.
///
/// It belongs to its handler.
public final class GemAlarms {
    /// An alarm that equipment can raise.
    public struct Alarm: Hashable, Sendable {
        /// The identifier (ALID).
        public let id: GemID
        /// The text (ALTX), at most 120 characters.
        public let text: SecsText
        /// The category in ALCD, 0 to 127: 1 personal safety, 2 equipment safety, 3 parameter control warning,
        /// 4 parameter control error, 5 irrecoverable error, 6 equipment status warning, 7 attention flags, 8 data
        /// integrity.
        public let category: UInt8
        /// The collection event that tells that it is set; nil for none.
        public let setEvent: GemID?
        /// The collection event that tells that it is cleared; nil for none.
        public let clearedEvent: GemID?

        /// An alarm.
        /// - Precondition: `category` is at most 127.
        public init(
            id: GemID, text: SecsText, category: UInt8, setEvent: GemID? = nil, clearedEvent: GemID? = nil
        ) {
            precondition(category < 128, "the category of an alarm has seven bits")
            self.id = id
            self.text = text
            self.category = category
            self.setEvent = setEvent
            self.clearedEvent = clearedEvent
        }
    }

    /// The alarms in the order in which they were added.
    public private(set) var alarms: [Alarm] = []
    /// Called when the host has answered an alarm report with a code other than 0, or not at all.
    public var onReportFailed: ((GemID, SecsResult<UInt8>) -> Void)?

    /// Where in ``alarms`` each is.
    private var places: [GemID: Int] = [:]
    private var setIDs: Set<GemID> = []
    private var enabledIDs: Set<GemID> = []
    private unowned let handler: GemEquipmentHandler

    init(_ handler: GemEquipmentHandler) {
        self.handler = handler
        handler.answer(stream: 5, function: 3) { [unowned self] in try enabling($0) }
        handler.answer(stream: 5, function: 5) { [unowned self] in try listRequested($0) }
        handler.answer(stream: 5, function: 7) { [unowned self] request in
            request.reply(.list(alarms.filter { enabledIDs.contains($0.id) }.map(item)))
        }
    }

    /// Adds an alarm, which is not enabled until the host enables it.
    /// - Throws: when its identifier is in use.
    public func add(_ alarm: Alarm) throws(GemDeclarationError) {
        guard self[alarm.id] == nil else { throw GemDeclarationError("alarm \(alarm.id) exists already") }
        places[alarm.id] = alarms.count
        alarms.append(alarm)
    }

    /// The identifiers of those that are set, in the order in which they were added.
    public var set: [GemID] { alarms.map(\.id).filter(setIDs.contains) }

    /// The identifiers of those that the host has enabled, in the order in which they were added.
    public var enabled: [GemID] { alarms.map(\.id).filter(enabledIDs.contains) }

    /// Sets an alarm: it is reported if enabled, and its event triggered. Nothing happens when it is set already.
    /// - Throws: when there is no alarm of that identifier.
    public func set(_ id: GemID) throws(GemDeclarationError) { try change(id, isSet: true) }

    /// Clears an alarm; the counterpart of ``set(_:)``.
    public func clear(_ id: GemID) throws(GemDeclarationError) { try change(id, isSet: false) }

    private subscript(id: GemID) -> Alarm? { places[id].map { alarms[$0] } }

    private func change(_ id: GemID, isSet: Bool) throws(GemDeclarationError) {
        guard let alarm = self[id] else { throw GemDeclarationError("there is no alarm \(id)") }
        guard setIDs.contains(id) != isSet else { return }
        if isSet { setIDs.insert(id) } else { setIDs.remove(id) }
        if enabledIDs.contains(id) {
            handler.requestCode(5, 1, item(alarm)) { [weak self] result in
                switch result {
                case .success(0), .failure(.spooled): break
                default: self?.onReportFailed?(id, result)
                }
            }
        }
        if let event = isSet ? alarm.setEvent : alarm.clearedEvent { handler.events.trigger(event) }
    }

    private func item(_ alarm: Alarm) -> SecsItem {
        let code = alarm.category | (setIDs.contains(alarm.id) ? 0x80 : 0)
        return [.binary(code), alarm.id.item(handler.idFormat), .ascii(alarm.text)]
    }

    private func enabling(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let isEnabled = try fields[0].code() & 0x80 != 0
        // An identifier without a value stands for all alarms.
        let ids = fields[1].count == 0 ? alarms.map(\.id) : [try fields[1].identifier()]
        guard ids.allSatisfy({ self[$0] != nil }) else {
            request.reply(code: 1)
            return
        }
        if isEnabled { enabledIDs.formUnion(ids) } else { enabledIDs.subtract(ids) }
        request.reply(code: 0)
    }

    private func listRequested(_ request: SecsRequest) throws {
        let asked = try request.message.item?.identifiers() ?? []
        let ids = asked.isEmpty ? alarms.map(\.id) : asked
        let nothing = { (id: GemID) -> SecsItem in
            [.empty(.binary), id.item(self.handler.idFormat), .empty(.ascii)]
        }
        request.reply(.list(ids.map { id in self[id].map(item) ?? nothing(id) }))
    }
}
