import Lectern
import Testing

@Suite("How programs end")
struct ProgramEndingTests {
    private func play(
        _ text: String, seconds: Double = 5, _ change: (inout ProgramConfiguration) -> Void = { _ in }
    ) throws -> Stage.Actor {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.endsWhenIdle = true
        change(&configuration)
        let actor = try stage.start("main", text, configuration: configuration)
        stage.run(seconds)
        return actor
    }

    @Test("A main chunk that fails after its first wait ends the program, and says so")
    func laterFailure() throws {
        let text = "Timer(1, function() end) time.sleep(1) error('broken')"
        let actor = try play(text)
        #expect(actor.ending == .failed)
        #expect(actor.errors.map(\.text).contains { $0.contains("main.lua:1: broken") })
        #expect(actor.errors.contains { $0.text.contains("'onMainError: stay' in lectern.yaml keeps it") })
        let stays = try play(text) { $0.endsOnMainError = false }
        #expect(stays.ending == nil)
        #expect(stays.errors.count == 1)
    }

    @Test("A task that fails ends nothing")
    func otherFailure() throws {
        let actor = try play("Timer(1, function() error('broken') end)")
        #expect(actor.ending == nil)
    }

    @Test(
        "A program with nothing left to do ends, and says so",
        arguments: [
            "print('hello')", "Wait(1, function() end)", "local t = Timer(1, function(t) t:Stop() end)",
            "local s = EthernetServerInterfaceEx(9000) s:StartListen() Wait(1, function() s:StopListen() end)",
            "local c = EthernetClientInterface('10.0.0.9', 23) c:Connect(1)", "time.sleep(2)",
            "GetConnectionHandler(EthernetClientInterface('10.0.0.9', 23), print)",
        ])
    func idle(_ text: String) throws {
        let actor = try play(text)
        #expect(actor.ending == .idle)
        #expect(actor.entries.last?.text.hasPrefix("the program ends, as nothing is left to do: ") == true)
        #expect(try play(text) { $0.endsWhenIdle = false }.ending == nil)
    }

    @Test(
        "A program that waits for anything goes on",
        arguments: [
            "Timer(3600, print)", "Wait(3600, print)", "Clock({'12:00:00'}, nil, print):Enable()",
            "EthernetServerInterfaceEx(9000):StartListen()", "time.sleep(3600)",
            "local c = EthernetClientInterface('10.0.0.9', 23) GetConnectionHandler(c, print):Connect(1)",
        ])
    func busy(_ text: String) throws {
        let actor = try play(text, seconds: 60)
        #expect(actor.ending == nil, "\(actor.lines)")
    }

    @Test("A handler that was never told to connect is named before the program ends for want of work")
    func namesHandlers() throws {
        let actor = try play("GetConnectionHandler(EthernetClientInterface('10.0.0.9', 23), print)")
        #expect(actor.connections.first?.text.contains("never told to begin: call Connect of the handler") == true)
    }

    @Test("An error at each tick is told three times, and then once a minute with the count")
    func folds() throws {
        let actor = try play("Timer(1, function() error('broken') end)", seconds: 185)
        let texts = actor.errors.map(\.text)
        // The last one comes with the end of the program.
        #expect(texts.count == 7, "\(texts)")
        #expect(texts.prefix(3).allSatisfy { $0 == "main.lua:1: broken" })
        let folded = texts[3...].map { String($0.prefix(12)) }
        #expect(folded == ["… and 57 mor", "… and 60 mor", "… and 60 mor", "… and 5 more"], "\(texts)")
        #expect(texts[3].hasSuffix(" more in the last minute: main.lua:1: broken"))
        #expect(actor.errors.allSatisfy { $0.task != nil })
    }

    @Test("Errors that differ are not folded, and one that comes back after a quiet minute is told anew")
    func foldsOnlyRepeats() throws {
        let actor = try play("local n = 0 Timer(1, function() n = n + 1 error('broken ' .. n) end)", seconds: 30)
        #expect(actor.errors.count >= 29)
        let later = try play("Timer(200, function() error('broken') end)", seconds: 2100)
        #expect(later.errors.count == 10)
    }
}
