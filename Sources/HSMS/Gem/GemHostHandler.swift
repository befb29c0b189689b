/// The host's side of GEM on a session.
///
/// It answers S1F1, S1F13, S2F17, S5F1, S6F1, S6F11, S7F1, S7F3, S7F5 and S10F1, and has a method for each request that
/// a host makes. A method does not wait; its completion is called exactly once, later, with what the equipment answered
/// or the failure.
///
/// A handler belongs to its session's event loop.
public final class GemHostHandler: GemHandler {
    /// An alarm as equipment reports it.
    public struct Alarm: Hashable, Sendable {
        /// The identifier (ALID).
        public let id: GemID
        /// Whether it is set rather than cleared.
        public let isSet: Bool
        /// The category, 0 to 127.
        public let category: UInt8
        /// The text (ALTX).
        public let text: SecsText
    }

    /// A report of a collection event.
    public struct EventReport: Hashable, Sendable {
        /// The event (CEID).
        public let event: GemID
        /// The reports: identifier (RPTID) and values in the order of the report's definition.
        public let reports: [Report]
    }

    /// One report within an event report.
    public struct Report: Hashable, Sendable {
        /// The identifier (RPTID).
        public let id: GemID
        /// The values, with their variables when this side has defined the report; see
        /// ``GemHostHandler/define(report:variables:completion:)``.
        public let values: [Value]
    }

    /// One value of a report.
    public struct Value: Hashable, Sendable {
        /// The variable; nil when another host has defined the report.
        public let variable: GemID?
        /// The value.
        public let item: SecsItem
    }

    /// Samples of a trace.
    public struct TraceSamples: Hashable, Sendable {
        /// The trace (TRID).
        public let trace: GemID
        /// The number of the last sample, from 1.
        public let sampleNumber: UInt64
        /// The time as the equipment writes it.
        public let time: SecsText
        /// The values, sample after sample.
        public let values: [SecsItem]
    }

    /// Called when an alarm is set or cleared; the code it returns is the answer (ACKC5), 0 without it.
    public var onAlarm: ((Alarm) -> UInt8)?
    /// Called for an event report; the code it returns is the answer (ACKC6), 0 without it.
    public var onEvent: ((EventReport) -> UInt8)?
    /// Called for samples of a trace; the code it returns is the answer (ACKC6), 0 without it.
    public var onTrace: ((TraceSamples) -> UInt8)?
    /// The clock.
    public private(set) lazy var clock = GemClock(self)

    /// The variables of the reports that this side has defined.
    var definitions: [GemID: [GemID]] = [:]
    var lastDataID: UInt32 = 0

    /// Makes a handler. Nothing is sent before ``GemHandler/enable()``.
    /// - Parameters:
    ///   - session: the way to the equipment.
    ///   - takesInitiative: whether it sends S1F13 by itself rather than waiting for the equipment's.
    /// - Precondition: the session's role is host.
    public init(session: any SecsSession, takesInitiative: Bool = true) {
        super.init(
            session: session, role: .host, identity: GemIdentity(model: "", revision: ""),
            takesInitiative: takesInitiative)
        // It registers its messages when it is made.
        _ = clock
        register(stream: 5, function: 1) { [unowned self] in try alarmReceived($0) }
        register(stream: 6, function: 1) { [unowned self] in try traceReceived($0) }
        register(stream: 6, function: 11) { [unowned self] in try eventReceived($0) }
    }

    func nextDataID() -> SecsItem {
        lastDataID &+= 1
        return .u4(lastDataID)
    }

    func item(_ ids: [GemID]) -> SecsItem { .list(ids.map { $0.item(idFormat) }) }

    private func alarmReceived(_ request: SecsRequest) throws {
        guard let alarm = Self.alarm(request.message.item) else { throw SecsIllegalData("S5F1 is no alarm") }
        request.reply(code: onAlarm?(alarm) ?? 0)
    }

    static func alarm(_ item: SecsItem?) -> Alarm? {
        guard let item, item.count == 3, let code = item[0]?.unsignedInteger.flatMap(UInt8.init(exactly:)),
            let id = item[1].flatMap(GemID.init), let text = item[2]?.secsText
        else { return nil }
        return Alarm(id: id, isSet: code & 0x80 != 0, category: code & 0x7F, text: text)
    }

    private func eventReceived(_ request: SecsRequest) throws {
        guard let report = eventReport(request.message.item) else { throw SecsIllegalData("S6F11 is no event report") }
        request.reply(code: onEvent?(report) ?? 0)
    }

    func eventReport(_ item: SecsItem?) -> EventReport? {
        guard let item, item.count == 3, let event = item[1].flatMap(GemID.init), let entries = item[2]?.items else {
            return nil
        }
        let reports = entries.compactMap { entry -> Report? in
            guard entry.count == 2, let id = entry[0].flatMap(GemID.init), let values = entry[1]?.items else {
                return nil
            }
            // Without a definition, or with another one since, nothing is known of the variables.
            let variables = definitions[id].flatMap { $0.count == values.count ? $0 : nil }
            return Report(
                id: id,
                values: values.enumerated().map { index, item in Value(variable: variables?[index], item: item) })
        }
        return reports.count == entries.count ? EventReport(event: event, reports: reports) : nil
    }

    private func traceReceived(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(4)
        guard let number = fields[1].unsignedInteger else { throw SecsIllegalData("SMPLN is a number") }
        let samples = TraceSamples(
            trace: try fields[0].identifier(), sampleNumber: number, time: try fields[2].requireText(),
            values: try fields[3].list())
        request.reply(code: onTrace?(samples) ?? 0)
    }
}
