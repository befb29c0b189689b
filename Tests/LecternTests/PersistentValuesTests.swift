import ControlCore
import Foundation
import Glibc
import Lectern
import LuaRuntime
import Testing

@Suite("Persistent values")
struct PersistentValuesTests {
    /// A program's folder, and runs of programs in it one after the other.
    private final class Room {
        let folder: TrialFolder
        var configuration = Stage.configuration()

        init() throws {
            folder = try TrialFolder()
            configuration.persistent.place = .folder("\(folder.path)/.lectern/persistent")
        }

        /// Runs a program for some virtual seconds and ends it in order; gives what it printed and logged.
        @discardableResult
        func run(_ text: String, seconds: Double = 3) throws -> [String] {
            let stage = Stage()
            defer { stage.stop() }
            let room = try stage.start("room", text, folder: folder.path, configuration: configuration)
            stage.run(seconds)
            stage.stop()
            return room.lines
        }

        var stored: String? { folder.text(".lectern/persistent/values.json") }
        var copy: String? { folder.text(".lectern/persistent/values.json.last") }

        /// The stored values without what is around them.
        var values: String? {
            stored.flatMap { text in
                text.firstMatch(of: /"values": \{\n(?s)(.*)\n\}, "check"/).map { String($0.1) }
            }
        }
    }

    @Test("A table comes back in the next run, and its default is for the first one only")
    func restart() throws {
        let room = try Room()
        let program = """
            local s = persistent('settings', {volume = 20, inputs = {'HDMI1'}})
            print(s.volume, #s.inputs, s.seen)
            s.volume = s.volume + 1
            s.seen = true
            table.insert(s.inputs, 'HDMI2')
            """
        #expect(try room.run(program) == ["20\t1\tnil"])
        #expect(room.values == #""settings": {"inputs":["HDMI1","HDMI2"],"seen":true,"volume":21}"#)
        #expect(try room.run(program) == ["21\t2\ttrue"])
        #expect(try room.run(program) == ["22\t3\ttrue"])
        #expect(room.copy?.contains("\"volume\":22") == true)
    }

    @Test("A table is plain, the same one at each call, and a field that was taken out stays out")
    func plain() throws {
        let room = try Room()
        let lines = try room.run(
            """
            local s = persistent('set', {a = true, b = true})
            print(persistent('set') == s, persistent('set', {}) == s, getmetatable(s), type(persistent('list')))
            local list = persistent('list')
            for i = 1, 3 do table.insert(list, i) end
            rawset(list, 4, 'x')
            s.a = nil
            print(#list, select('#', table.unpack(list)), next(s))
            """)
        #expect(lines == ["true\ttrue\tnil\ttable", "4\t4\tb\ttrue"])
        #expect(try room.run("print(persistent('set', {a = true}).a, #persistent('list'))") == ["nil\t4"])
    }

    @Test("A change is stored within a second, at any depth, and a program that changes nothing writes nothing")
    func moments() throws {
        let room = try Room()
        let stage = Stage()
        defer { stage.stop() }
        let actor = try stage.start(
            "room",
            "s = persistent('s', {a = {b = {0}}}) Timer(0.1, function(t, n) s.a.b[1] = n if n == 25 then t:Stop() end end)",
            folder: room.folder.path, configuration: room.configuration)
        stage.run(1.05)
        #expect(room.values == #""s": {"a":{"b":[10]}}"# || room.values == #""s": {"a":{"b":[9]}}"#)
        stage.run(2)
        #expect(room.values == #""s": {"a":{"b":[25]}}"#)
        // Nothing of it is written again.
        try FileManager.default.removeItem(atPath: "\(room.folder.path)/.lectern/persistent/values.json")
        stage.run(60)
        #expect(room.stored == nil)
        #expect(actor.lines == [])
    }

    @Test("Names of one file are stored together, and one that a run does not ask for stays")
    func names() throws {
        let room = try Room()
        try room.run("persistent('presets', {1, 2}) persistent('settings', {x = 1.5})")
        #expect(room.values == "\"presets\": [1,2],\n\"settings\": {\"x\":1.5}")
        try room.run("persistent('settings').x = 2")
        #expect(room.values == "\"presets\": [1,2],\n\"settings\": {\"x\":2}")
    }

    @Test("However a program ends, its newest state is stored", arguments: ["ExitProgram(3)", "error('stop')", ""])
    func ends(_ end: String) throws {
        let room = try Room()
        try room.run(
            "local s = persistent('s') s.n = 1 time.sleep(1.5) s.n = 2 time.sleep(0.1) s.n = 3 \(end)", seconds: 1.7)
        #expect(room.values == #""s": {"n":3}"#)
    }

    @Test("A main chunk that fails before its first wait, and a variable that closes at the end, are stored too")
    func early() throws {
        let room = try Room()
        #expect(throws: ProgramError.self) { try room.run("persistent('s').n = 1 error('stop')") }
        #expect(room.values == #""s": {"n":1}"#)
        try room.run(
            """
            local s = persistent('s')
            local x <close> = setmetatable({}, {__close = function() s.n = 'closed' end})
            time.sleep(60)
            """)
        #expect(room.values == #""s": {"n":"closed"}"#)
    }

    @Test("What cannot be stored is told once with its place, the others go on, and it may come right again")
    func refused() throws {
        let room = try Room()
        let lines = try room.run(
            """
            local a, b = persistent('a', {x = 1}), persistent('b', {n = 0})
            Wait(1.5, function() a.volume = {curve = print} end)
            Timer(0.5, function(_, n) b.n = n end)
            Wait(5.2, function() a.volume = nil a.x = 2 end)
            """, seconds: 8.2)
        #expect(
            lines == [
                "persistent 'a': volume.curve is a function, which cannot be stored; what was stored before stays until that is mended",
                "persistent 'a' can be stored again",
            ])
        #expect(room.values == "\"a\": {\"x\":2},\n\"b\": {\"n\":16}")
    }

    @Test("All values together may have a mebibyte; the one that grows beyond it keeps what was stored")
    func size() throws {
        let room = try Room()
        room.configuration.limits.memoryBytes = 64 << 20
        let lines = try room.run(
            """
            local a, b = persistent('a', {('x'):rep(600000)}), persistent('b', {n = 1})
            Wait(1.5, function() b.log = ('y'):rep(500000) end)
            Wait(3.5, function() b.log = ('y'):rep(400000) end)
            """, seconds: 6)
        #expect(
            lines == [
                "persistent 'b': log is too large to be stored (all may have 1024 KiB together); what was stored before stays until that is mended",
                "persistent 'b' can be stored again",
            ])
        #expect(room.values?.utf8.count == 600_000 + 400_000 + 32)
    }

    @Test(
        "A wrong call is an error",
        arguments: [
            ("persistent()", "TypeError", "argument 'name' of persistent is missing"),
            ("persistent('')", "ValueError", "must be UTF-8 text of 1 to 100 bytes, got ''"),
            ("persistent(('x'):rep(101))", "ValueError", "must be UTF-8 text of 1 to 100 bytes"),
            ("persistent('\\255')", "ValueError", "must be UTF-8 text of 1 to 100 bytes, got '\\xff'"),
            ("persistent('x', 1)", "TypeError", "argument 'default' of persistent must be a table, got a number"),
            ("persistent('x', Timer(1))", "TypeError", "argument 'default' of persistent must be a table"),
            ("for i = 1, 1001 do persistent('n' .. i) end", "ValueError", "there may be 1000 names"),
        ])
    func mistakes(_ call: String, _ kind: String, _ problem: String) throws {
        let room = try Room()
        let lines = try room.run("local ok, e = pcall(function() \(call) end) print(e.kind, e.message)")
        #expect(lines.first?.hasPrefix(kind) == true && lines.first?.contains(problem) == true, "\(lines)")
    }

    @Test("A damaged file is told of and kept, and the copy from before is used")
    func damage() throws {
        let room = try Room()
        let program = "local s = persistent('s', {n = 0}) s.n = s.n + 1 print(s.n)"
        for _ in 1...3 { try room.run(program) }
        let path = "\(room.folder.path)/.lectern/persistent"
        let text = try #require(room.stored)
        try room.folder.write(text.replacing("\"n\":3", with: "\"n\":9"), ".lectern/persistent/values.json")
        #expect(
            try room.run(program) == [
                "persistent values: \(path)/values.json is damaged: its checksum is wrong; whoever changes it by hand takes the member \"check\" out; it is kept as 'values.json.damaged'",
                "persistent values: the copy from before, 'values.json.last', is used",
                "3",
            ])
        #expect(room.folder.text(".lectern/persistent/values.json.damaged")?.contains("\"n\":9") == true)
        #expect(room.values == #""s": {"n":3}"#)
        for (broken, problem) in [
            ("", "the text ends at byte 1"), ("[]", "it is no object"),
            ("{\"values\": {}}", "it is none of persistent values"),
            ("{\"lectern\": \"persistent values\", \"version\": 2}", "it is of another version of Lectern"),
            (String(text.dropLast(20)), "the text ends at byte"),
        ] {
            try room.folder.write(broken, ".lectern/persistent/values.json")
            let lines = try room.run("persistent('s')")
            #expect(lines.first?.contains("values.json is damaged: \(problem)") == true, "\(lines)")
        }
    }

    @Test("A file that was changed by hand is read when its checksum was taken out")
    func edited() throws {
        let room = try Room()
        try room.folder.write(
            "{\"lectern\": \"persistent values\",\n \"version\": 1,\n \"values\": {\"s\": {\"n\": 41}, \"t\": [ ]}}",
            ".lectern/persistent/values.json")
        #expect(try room.run("local s = persistent('s') s.n = s.n + 1 print(s.n)") == ["42"])
        #expect(room.values == "\"s\": {\"n\":42},\n\"t\": [ ]")
    }

    @Test("A value that is none of Lectern's forms is an error, and stays as it is")
    func unknownForm() throws {
        let room = try Room()
        let text =
            "{\"lectern\": \"persistent values\", \"version\": 1, \"values\": {\"s\": {\"$date\": 1}, \"t\": {}}}"
        try room.folder.write(text, ".lectern/persistent/values.json")
        let lines = try room.run("print(select(2, pcall(persistent, 's'))) persistent('t').n = 1")
        #expect(
            lines.first?.contains(
                "what is stored as 's' cannot be read: a name that begins with a $ has no meaning at byte 2 of its value"
            ) == true, "\(lines)")
        #expect(room.values == "\"s\": {\"$date\": 1},\n\"t\": {\"n\":1}")
    }

    @Test("A second program in the folder gets a clear error, and may have it when the first one has ended")
    func twoPrograms() throws {
        let room = try Room()
        let stage = Stage()
        defer { stage.stop() }
        try stage.start("first", "persistent('s').n = 1", folder: room.folder.path, configuration: room.configuration)
        let second = try stage.start(
            "second", "print(select(2, pcall(persistent, 's')).message)", folder: room.folder.path,
            configuration: room.configuration)
        #expect(
            second.lines == [
                "persistent: \(room.folder.path)/.lectern/persistent: is in use by another program, of process \(getpid())"
            ])
        stage.stop("first")
        #expect(try room.run("print(persistent('s').n)") == ["1"])
    }

    @Test("A folder that cannot be made is told of once, and the values are stored when it can")
    func unwritable() throws {
        let room = try Room()
        // Even root can make no folder there; a read-only one would not keep root out.
        try room.folder.link("missing", to: "/proc/self/missing")
        room.configuration.persistent.place = .folder("\(room.folder.path)/missing/persistent")
        let stage = Stage()
        defer { stage.stop() }
        let actor = try stage.start(
            "room", "s = persistent('s', {n = 1}) Timer(1, function(_, n) s.n = n end)", folder: room.folder.path,
            configuration: room.configuration)
        stage.run(25.5)
        #expect(actor.lines.count == 1)
        #expect(
            actor.lines.first?.hasPrefix("persistent values are not written: \(room.folder.path)/missing/persistent: ")
                == true)
        try FileManager.default.removeItem(atPath: "\(room.folder.path)/missing")
        stage.run(10)
        #expect(actor.lines.dropFirst() == ["persistent values are written again"])
        #expect(room.folder.text("missing/persistent/values.json")?.contains("\"n\":3") == true)
    }

    @Test("Where the values are is not the program's to write")
    func rights() throws {
        let room = try Room()
        room.configuration.persistent.place = .folder("\(room.folder.path)/kept")
        let lines = try room.run(
            """
            persistent('s').n = 1
            time.sleep(1.5)
            for _, name in ipairs({'kept/values.json', 'kept/new.txt'}) do
                print(select(2, pcall(File, name, 'w')).message)
            end
            """)
        #expect(
            lines == [
                "'kept/values.json' is of the host: what decides the rights of programs is not theirs to change",
                "'kept/new.txt' is of the host: what decides the rights of programs is not theirs to change",
            ])
    }

    @Test("In a simulated world nothing is written unless the host says where; the mistakes are told all the same")
    func simulated() throws {
        let folder = try TrialFolder()
        #expect(try folder.lines("persistent('s').n = 1") == [])
        #expect(folder.snapshot.keys.sorted() == ["p"])
        let stage = Stage()
        defer { stage.stop() }
        let room = try stage.start("room", "persistent('s').f = print", folder: folder.path)
        stage.run(2)
        #expect(
            room.lines == [
                "persistent 's': f is a function, which cannot be stored; what was stored before stays until that is mended"
            ])
    }

    @Test("The profile strict has it, and no way to the file")
    func strict() throws {
        let room = try Room()
        room.configuration.profile = .strict
        #expect(try room.run("persistent('s').n = 1 print(File, io and io.open)") == ["nil\tnil"])
        #expect(room.values == #""s": {"n":1}"#)
    }

    @Test("The section of the configuration says where they are and how often they are written")
    func configuration() throws {
        let read = try ProgramConfiguration(
            yaml: "persistent: {folder: kept, every: 30}", file: "/room/lectern.yaml")
        #expect(read.persistent.place == .folder("/room/kept"))
        #expect(read.persistent.interval == .seconds(30))
        for text in ["persistent: {every: 0}", "persistent: {every: often}", "persistent: {every: 4000}"] {
            #expect(throws: ConfigurationError("/c.yaml:1: 'every' must be a number of seconds from 0.1 to 3600")) {
                try ProgramConfiguration(yaml: text, file: "/c.yaml")
            }
        }
    }

    @Test("The stored texts are the program's memory")
    func memory() throws {
        let room = try Room()
        let stage = Stage()
        defer { stage.stop() }
        let actor = try stage.start(
            "room", "s = persistent('s', {('x'):rep(300000)})", folder: room.folder.path,
            configuration: room.configuration)
        let before = actor.program.runtime.account.heldBytes
        stage.run(2)
        #expect(actor.program.runtime.account.heldBytes - before >= 300_000)
    }
}
