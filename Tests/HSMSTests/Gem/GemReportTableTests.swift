import Testing

@testable import HSMS

@Suite("GEM report table")
struct GemReportTableTests {
    private func table() -> GemReportTable {
        var table = GemReportTable()
        #expect(table.define([(1, [10, 11]), (2, [12])], isVariable: { _ in true }) == 0)
        #expect(table.link([(100, [1, 2]), (101, [2])], isEvent: { _ in true }) == 0)
        return table
    }

    @Test("A definition is taken whole or not at all")
    func atomic() {
        var table = table()
        #expect(table.define([(3, [10]), (1, [10])], isVariable: { _ in true }) == 3)
        #expect(table.reports[3] == nil)
        #expect(table.define([(3, [10]), (4, [99])], isVariable: { $0 != 99 }) == 4)
        #expect(table.reports[3] == nil)
        // Deleted and defined anew in one message.
        #expect(table.define([(1, []), (1, [20])], isVariable: { _ in true }) == 0)
        #expect(table.reports[1] == [20])
    }

    @Test("A deleted report leaves its events; deleting all leaves no session")
    func deletion() {
        var table = table()
        #expect(table.define([(2, [])], isVariable: { _ in true }) == 0)
        #expect(table.links == [100: [1]])
        #expect(table.define([], isVariable: { _ in true }) == 0)
        #expect(table.reports.isEmpty)
        #expect(table.links.isEmpty)
    }

    @Test("Links need an event, a report and no links before them")
    func links() {
        var table = table()
        #expect(table.link([(100, [1])], isEvent: { _ in true }) == 3)
        #expect(table.link([(102, [1])], isEvent: { _ in false }) == 4)
        #expect(table.link([(102, [1]), (103, [9])], isEvent: { _ in true }) == 5)
        #expect(table.links[102] == nil)
        #expect(table.link([(100, []), (100, [2])], isEvent: { _ in true }) == 0)
        #expect(table.links[100] == [2])
    }

    @Test("Enabling names events, or means all")
    func enabling() {
        var table = table()
        #expect(table.enable(true, [100, 9], all: [100, 101]) == 1)
        #expect(table.enabled == [])
        #expect(table.enable(true, [], all: [100, 101]) == 0)
        #expect(table.enabled == [100, 101])
        #expect(table.enable(false, [100], all: [100, 101]) == 0)
        #expect(table.enabled == [101])
    }
}
