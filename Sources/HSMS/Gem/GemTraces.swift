import ControlCore
public import Polling

/// Trace data collection on equipment: status variables are sampled at intervals that the host asks for (S2F23), and
/// sent in S6F1.
///
/// It belongs to its handler.
public final class GemTraces {
    /// The most traces at a time.
    public var maximumTraces = 32
    /// The most status variables of one trace.
    public var maximumVariables = 1_000
    /// The most values of one message: variables times samples.
    public var maximumValues = 100_000
    /// The shortest interval between two samples. 10 ms by default.
    public var shortestPeriod = TimeAmount.milliseconds(10)

    private final class Trace {
        let id: GemID
        let period: TimeAmount
        /// How many samples there are in all.
        let total: UInt64
        /// How many samples go into one message.
        let groupSize: UInt64
        let variables: [GemID]
        var taken: UInt64 = 0
        var samples: [SecsItem] = []
        var nextSample: Deadline
        var timer: (any Cancellable)?

        init(
            id: GemID, period: TimeAmount, total: UInt64, groupSize: UInt64, variables: [GemID], start: Deadline
        ) {
            self.id = id
            self.period = period
            self.total = total
            self.groupSize = groupSize
            self.variables = variables
            nextSample = start + period
        }
    }

    private var traces: [GemID: Trace] = [:]
    private unowned let handler: GemEquipmentHandler

    init(_ handler: GemEquipmentHandler) {
        self.handler = handler
        handler.answer(stream: 2, function: 23) { [unowned self] in try traceRequested($0) }
    }

    deinit {
        for trace in traces.values { trace.timer?.cancel() }
    }

    /// The identifiers of the traces that go on.
    public var active: Set<GemID> { Set(traces.keys) }

    /// Ends all traces. Samples that were not sent are dropped.
    public func stop() {
        for trace in traces.values { trace.timer?.cancel() }
        traces = [:]
    }

    /// Answers with TIAACK: 0 done, 1 too many variables, 2 too many traces, 3 period, 4 unknown variable, 5 group
    /// size.
    private func traceRequested(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(5)
        let id = try fields[0].identifier()
        guard let period = Self.period(try fields[1].requireText().description) else {
            request.reply(code: 3)
            return
        }
        guard let total = fields[2].unsignedInteger, let groupSize = fields[3].unsignedInteger else {
            throw SecsIllegalData("TOTSMP and REPGSZ are numbers")
        }
        let variables = try fields[4].identifiers()
        let code = check(id, period, total, groupSize, variables)
        request.reply(code: code)
        guard code == 0 else { return }
        traces.removeValue(forKey: id)?.timer?.cancel()
        guard total > 0 else { return }
        let trace = Trace(
            id: id, period: period, total: total, groupSize: groupSize, variables: variables,
            start: handler.environment.now)
        traces[id] = trace
        schedule(trace)
    }

    private func check(
        _ id: GemID, _ period: TimeAmount, _ total: UInt64, _ groupSize: UInt64, _ variables: [GemID]
    ) -> UInt8 {
        // A total of 0 ends the trace, whatever else is said.
        guard total > 0 else { return 0 }
        guard variables.count <= maximumVariables else { return 1 }
        guard traces[id] != nil || traces.count < maximumTraces else { return 2 }
        guard period >= shortestPeriod else { return 3 }
        guard variables.allSatisfy({ handler.variables.statusVariable($0) != nil }) else { return 4 }
        guard groupSize > 0, groupSize <= total, groupSize <= 65_536 else { return 5 }
        return Int(groupSize) * variables.count <= maximumValues ? 0 : 5
    }

    /// DSPER: `hhmmss`, or `hhmmsscc` with hundredths of a second.
    static func period(_ text: String) -> TimeAmount? {
        let digits = text.utf8.map { Int64($0) - 0x30 }
        guard digits.count == 6 || digits.count == 8, digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let parts = stride(from: 0, to: digits.count, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
        guard parts[1] < 60, parts[2] < 60 else { return nil }
        let seconds = parts[0] * 3_600 + parts[1] * 60 + parts[2]
        return .milliseconds(seconds * 1_000 + (parts.count == 4 ? parts[3] * 10 : 0))
    }

    private func schedule(_ trace: Trace) {
        trace.timer = handler.environment.schedule(at: trace.nextSample) { [weak self, unowned trace] in
            self?.sample(trace)
        }
    }

    private func sample(_ trace: Trace) {
        trace.taken += 1
        trace.samples += trace.variables.map { handler.variables.value(of: $0) ?? [] }
        let isLast = trace.taken >= trace.total
        if isLast || trace.taken.isMultiple(of: trace.groupSize) { send(trace) }
        if isLast {
            traces[trace.id] = nil
        } else {
            // From the due time and not from now: intervals do not drift.
            trace.nextSample = trace.nextSample + trace.period
            schedule(trace)
        }
    }

    private func send(_ trace: Trace) {
        let item: SecsItem = [
            trace.id.item(handler.idFormat), .unsigned(trace.taken), .ascii(handler.clock.text), .list(trace.samples),
        ]
        trace.samples = []
        handler.send(SecsMessage(stream: 6, function: 1, expectsReply: true, item: item))
    }
}
