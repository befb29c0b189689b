import ControlCore
import Lectern
import Testing

@Suite("A program that floods its log")
struct FloodGuardTests {
    @Test("What is left out is told when the second is over, though the program logs nothing more")
    func reportInTime() throws {
        let stage = Stage()
        let actor = try stage.start("main", "for i = 1, 70 do print('again') end")
        #expect(actor.lines == Array(repeating: "again", count: 20))
        stage.run(1)
        #expect(actor.lines.count == 21)
        #expect(actor.lines.last == "50 more entries within a second were left out, like 'again'")
        #expect(actor.timeline.last?.hasPrefix("1.0 ") == true)
        stage.run(60)
        #expect(actor.lines.count == 21)
    }

    @Test("A fault is logged though the same task has printed far more than may pass")
    func faultPasses() throws {
        let stage = Stage()
        let actor = try stage.start(
            "main", "Wait(1, function() for i = 1, 5000 do print('row', i) end error('the fault') end)")
        stage.run(3)
        #expect(actor.errors.map(\.text) == ["main.lua:1: the fault"])
        #expect(actor.lines.count < 600)
    }

    @Test("A list of rows that differ is printed whole")
    func rows() throws {
        let stage = Stage()
        let actor = try stage.start("main", "for i = 1, 300 do print('row ' .. i) end")
        stage.run(3)
        #expect(actor.lines == (1...300).map { "row \($0)" })
    }

    @Test("When a program ends, what was left out is told before its state is closed")
    func reportAtTheEnd() throws {
        let stage = Stage()
        let actor = try stage.start("main", "for i = 1, 21 do print('again') end")
        stage.stop("main")
        #expect(actor.lines.last == "1 more entries within a second were left out, like 'again'")
    }

    @Test("After a flood the log is as before")
    func recovers() throws {
        let stage = Stage()
        let actor = try stage.start(
            "main", "for i = 1, 100 do print('again') end Wait(2, function() print('again') end)")
        stage.run(3)
        #expect(actor.lines.suffix(2) == ["80 more entries within a second were left out, like 'again'", "again"])
    }
}
