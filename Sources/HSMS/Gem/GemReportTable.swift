/// Which reports the host has defined, to which events it has linked them, and which events it has enabled. A plain
/// value: every change is taken whole or not at all.
struct GemReportTable {
    /// The variables of each report.
    private(set) var reports: [GemID: [GemID]] = [:]
    /// The reports of each event, in order.
    private(set) var links: [GemID: [GemID]] = [:]
    private(set) var enabled: Set<GemID> = []

    /// The most reports that the host may define.
    static let mostReports = 10_000
    /// The most variables in all reports, and the most values in the reports of one event.
    static let mostVariables = 100_000
    /// The variables of all reports.
    private var variables = 0

    /// Defines and deletes reports (S2F33): a report without variables is deleted, with its links; no reports at all
    /// delete everything.
    /// - Returns: DRACK: 0 done, 1 no space, 3 a report exists already, 4 a variable does not exist.
    mutating func define(
        _ definitions: [(report: GemID, variables: [GemID])], isVariable: (GemID) -> Bool
    ) -> UInt8 {
        if definitions.isEmpty {
            reports = [:]
            links = [:]
            variables = 0
            return 0
        }
        var next = self
        for (report, variables) in definitions {
            if variables.isEmpty {
                next.delete(report)
            } else {
                guard next.reports[report] == nil else { return 3 }
                guard variables.allSatisfy(isVariable) else { return 4 }
                next.variables += variables.count
                guard next.reports.count < Self.mostReports, next.variables <= Self.mostVariables else { return 1 }
                next.reports[report] = variables
            }
        }
        self = next
        return 0
    }

    private mutating func delete(_ report: GemID) {
        guard let removed = reports.removeValue(forKey: report) else { return }
        variables -= removed.count
        for (event, linked) in links where linked.contains(report) {
            let rest = linked.filter { $0 != report }
            links[event] = rest.isEmpty ? nil : rest
        }
    }

    /// Links reports to events (S2F35); an event without reports loses its links.
    /// - Returns: LRACK: 0 done, 1 no space, 3 an event has links already, 4 an event does not exist, 5 a report does
    ///   not exist.
    mutating func link(_ definitions: [(event: GemID, reports: [GemID])], isEvent: (GemID) -> Bool) -> UInt8 {
        var next = self
        for (event, linked) in definitions {
            guard isEvent(event) else { return 4 }
            if linked.isEmpty {
                next.links[event] = nil
            } else {
                guard next.links[event] == nil else { return 3 }
                guard linked.allSatisfy({ next.reports[$0] != nil }) else { return 5 }
                // A report may be named many times: what the event then tells must still have an end.
                let values = linked.reduce(0) { $0 + (next.reports[$1]?.count ?? 0) }
                guard values <= Self.mostVariables else { return 1 }
                next.links[event] = linked
            }
        }
        self = next
        return 0
    }

    /// Enables or disables events (S2F37); none are all.
    /// - Returns: ERACK: 0 done, 1 an event does not exist.
    mutating func enable(_ isEnabled: Bool, _ events: [GemID], all: [GemID]) -> UInt8 {
        let known = Set(all)
        guard events.allSatisfy(known.contains) else { return 1 }
        let concerned = events.isEmpty ? all : events
        if isEnabled { enabled.formUnion(concerned) } else { enabled.subtract(concerned) }
        return 0
    }
}
