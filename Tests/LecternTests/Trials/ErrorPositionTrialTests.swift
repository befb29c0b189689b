import ControlCore
import Foundation
import Lectern
import LuaRuntime
import Testing

/// Errors of library functions name the program's line and the names that programs use, and tracebacks keep what an
/// error has passed. Cases found by trial; this file only grows.
@Suite("Trials: errors name the program")
struct ErrorPositionTrialTests {
    /// What a program printed, with folder and modules of its own.
    private func run(
        _ text: String, modules: [String: String] = [:], seconds: Double = 10
    ) throws -> (lines: [String], errors: [ProgramLogEntry]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in modules { try ProjectFiles.write(text, to: "\(folder)/\(name)") }
        let stage = Stage()
        let actor = try stage.start("main", text, folder: folder)
        stage.run(seconds)
        return (actor.entries.filter { $0.severity != .error }.map(\.text), actor.errors)
    }

    @Test("os and io name the program's line and the function as the program knows it")
    func librariesOfLua() throws {
        let lines = try run(
            """
            print(pcall(os.time, {year = 2024}))
            print(pcall(os.date, '%Q'))
            print(pcall(io.open, 'x', 'q'))
            print(pcall(io.lines, 'nofile'))
            print(pcall(os.remove))
            print(pcall(os.rename, 'a'))
            print(pcall(os.date, {}))
            print(pcall(os.time, 5))
            print(pcall(dofile))
            print(pcall(require))
            local co = coroutine.create(os.date)
            print(coroutine.resume(co, '%Q'))
            print(pcall(coroutine.wrap(function()
                os.time({})
            end)))
            print(xpcall(os.date, function(message) return message end, '%Q'))
            """
        ).lines
        #expect(lines.count == 13)
        guard lines.count == 13 else { return }
        #expect(lines[0] == "false\tmain.lua:1: field 'month' missing in date table")
        #expect(lines[1].hasPrefix("false\tmain.lua:2: bad argument #1 to 'date' (invalid conversion specifier '%Q')"))
        #expect(lines[2].hasPrefix("false\tmain.lua:3: bad argument #2 to 'open'"))
        #expect(lines[3].hasPrefix("false\tmain.lua:4: "))
        #expect(lines[4] == "false\tmain.lua:5: TypeError: argument 'path' of remove is missing: it must be a string")
        #expect(
            lines[5] == "false\tmain.lua:6: TypeError: argument 'newname' of rename is missing: it must be a string")
        #expect(lines[6] == "false\tmain.lua:7: bad argument #1 to 'date' (string expected, got table)")
        #expect(lines[7] == "false\tmain.lua:8: bad argument #1 to 'time' (table expected, got number)")
        #expect(lines[8].hasPrefix("false\tmain.lua:9: TypeError: argument 'path' of dofile"))
        #expect(lines[9].hasPrefix("false\tmain.lua:10: TypeError: require(name)"))
        #expect(lines[10].hasPrefix("false\tmain.lua:12: bad argument #1 to 'date'"))
        #expect(lines[11] == "false\tmain.lua:14: field 'year' missing in date table")
        #expect(lines[12].hasPrefix("false\tmain.lua:16: bad argument #1 to 'date'"))
    }

    @Test("An error that nobody catches names the program's line, and no frame of the host is shown")
    func uncaught() throws {
        let errors = try run(
            """
            Wait(1, function() os.date('%Q') end)
            Wait(2, function()
                os.time({})
            end)
            Wait(3, coroutine.wrap(function() io.lines('nofile') end))
            """
        ).errors
        #expect(errors.map { String($0.text.prefix(11)) } == ["main.lua:1:", "main.lua:3:", "main.lua:5:"])
        #expect(errors.allSatisfy { !$0.text.contains("[lectern") })
        #expect(errors.allSatisfy { entry in !entry.traceback.isEmpty })
        #expect(errors.allSatisfy { entry in entry.traceback.allSatisfy { !$0.contains("lectern") } })
    }

    /// The places of a traceback, innermost first.
    private func places(_ frames: [String]) -> [String] {
        frames.filter { $0.contains(".lua:") }.map {
            String($0.prefix { $0 != " " }).trimmingCharacters(in: .whitespaces)
        }
    }

    private static let modules = [
        "a.lua": "local b = require 'b'", "b.lua": "\nlocal c = require 'c'",
        "c.lua": "\n\nlocal function f() error('deep') end\nf()",
    ]

    @Test("A traceback goes through nested requires", arguments: ["require 'a'", "require('a').x = 1"])
    func nestedRequire(_ call: String) throws {
        let errors = try run("Wait(1, function() \(call) end)", modules: Self.modules).errors
        #expect(errors.first?.text == "c.lua:3: deep")
        #expect(
            places(errors.first?.traceback ?? []) == ["c.lua:3:", "c.lua:4:", "b.lua:2:", "a.lua:1:", "main.lua:1:"])
        // The second time it is loaded anew, and tells the same.
        let again = try run(
            "pcall(require, 'a')\nWait(1, function() require 'a' end)", modules: Self.modules
        ).errors
        #expect(
            places(again.first?.traceback ?? []) == ["c.lua:3:", "c.lua:4:", "b.lua:2:", "a.lua:1:", "main.lua:2:"])
    }

    @Test("A main file that fails in a nested require shows all files")
    func nestedRequireInMain() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in Self.modules { try ProjectFiles.write(text, to: "\(folder)/\(name)") }
        let error = #expect(throws: ProgramError.self) {
            _ = try Stage().start("main", "\nrequire 'a'", folder: folder)
        }
        #expect(error?.message == "c.lua:3: deep")
        #expect(places(error?.traceback ?? []) == ["c.lua:3:", "c.lua:4:", "b.lua:2:", "a.lua:1:", "main.lua:2:"])
    }

    @Test(
        "A traceback keeps what an error passed before it was raised again",
        arguments: [
            "local ok, e = pcall(inner) error(e, 0)",
            "local ok, e = pcall(inner) error(e)",
            "local ok, e = xpcall(inner, function(e) return e end) error(e, 0)",
            "local ok, e = pcall(pcall, error) ok, e = pcall(inner) error('wrapped: ' .. e)",
            "local ok, e = coroutine.resume(coroutine.create(inner)) error(e, 0)",
            "coroutine.wrap(inner)()",
            "coroutine.wrap(function() local ok, e = pcall(inner) error(e, 0) end)()",
            "local ok, e = pcall(coroutine.wrap(inner)) error(e, 0)",
            "local ok, e = pcall(function() local ok, e = pcall(inner) error(e, 0) end) error(e, 0)",
        ])
    func raisedAgain(_ body: String) throws {
        let errors = try run(
            """
            local function inner()
                local t = nil
                return t.x
            end
            local function outer()
                \(body)
            end
            Wait(1, function()
                outer()
            end)
            """
        ).errors
        let frames = places(errors.first?.traceback ?? [])
        #expect(errors.count == 1)
        #expect(frames.first == "main.lua:3:")
        #expect(frames.dropFirst().contains("main.lua:6:"))
        #expect(frames.last == "main.lua:9:")
        #expect(frames.filter { $0 == "main.lua:3:" }.count == 1)
    }

    @Test("debug.traceback and the traceback of error values hide the host, and go through requires")
    func tracebacksInPrograms() throws {
        let lines = try run(
            """
            local function shown(e) return (tostring(e.traceback or e):gsub('\\n%s*', '|')) end
            print(select(2, xpcall(require, function(m) return shown(debug.traceback(m)) end, 'a')))
            print(shown(select(2, pcall(event, 5, 'x', print))))
            print(shown(select(2, pcall(function() error(ValueError('mine')) end))))
            """, modules: Self.modules
        ).lines
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { !$0.contains("lectern") && $0.contains("main.lua:") }, "\(lines)")
        #expect(lines.first?.contains("c.lua:4: in main chunk|b.lua:2: in main chunk|a.lua:1: in main chunk") == true)
    }

    @Test("A word that is raised anew is no error that was caught before")
    func equalWords() throws {
        let errors = try run(
            """
            local function fails() error('timeout', 0) end
            Wait(1, function()
                pcall(fails)
                error('main: timeout', 0)
            end)
            Wait(2, function() pcall(fails) end)
            Wait(3, function() error('timeout', 0) end)
            """
        ).errors
        #expect(places(errors.first?.traceback ?? []) == ["main.lua:4:"])
        #expect(places(errors.last?.traceback ?? []) == ["main.lua:7:"])
    }

    @Test(
        "A call in the last place of a function names the line that it stands in, whatever it calls",
        arguments: [
            "os.time({})", "os.date('%Q')", "re.compile('(')", "re.sub('(', 'x', 'y')", "EthernetClientInterface('')",
            "EthernetClientInterface('', 23)", "SerialInterface('x')", "class(1)", "class('A', 1)",
            "event(1, 'x', print)",
            "event({}, 'x', 5)", "Wait('x')", "Timer(-1)", "require('nope')", "require()", "dofile('nope.lua')",
            "dofile()",
            "MESet(1)", "MESet({}):SetCurrent(1)", "MESet({}):Append(1)", "DeviceModule({})", "GetConnectionHandler()",
            "File('nope.txt')", "io.lines('nope')", "io.open('x', 'q')", "SecsMessage(1000, 1)", "HsmsPacket(1)",
            "SecsItem.U4('x')", "('x'):split('')", "hex.encode(1)", "time.sleep('x')", "ProgramLog(1, 'x')",
            "math.randomseed({})", "Module.EthernetClass('')", "device:Set('Powr', 'On')", "device:Set('Power', 'Onn')",
            "device:Update('Powr')", "device:ReadStatus('Powr')", "device:SubscribeStatus('Powr', nil, print)",
            "device:WriteStatus('Powr', 'On')", "device:AddMatchString(5, print)", "device:Send({})", "Own(0)",
        ])
    func inTheLastPlace(_ call: String) throws {
        let lines = try run(
            """
            Module = DeviceModule({
                name = 'D', connections = {Ethernet = {port = 5000}}, framing = {delimiter = '\\r\\n'},
                commands = {Power = {values = {On = '1'}, set = 'P{value}\\r', query = 'P\\r', reply = '^Pwr(1)$'}},
            })
            device = Module.EthernetClass('10.0.0.2')
            Own = class('Own', EthernetClientInterface)
            function Own:init() end
            local function called()
                return \(call)
            end
            print(pcall(called))
            print(pcall(function()
                local result = called()
                return result
            end))
            """
        ).lines
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasPrefix("false\tmain.lua:9: ") }, "\(lines)")
    }

    @Test("loadfile tells why without a place, as load does, and assert adds the place")
    func loadfile() throws {
        let lines = try run(
            """
            print(loadfile('nope.lua'))
            print(pcall(function() assert(loadfile('nope.lua')) end))
            """
        ).lines
        #expect(
            lines == [
                "nil\tIOError: 'nope.lua': No such file or directory",
                "false\tmain.lua:2: IOError: 'nope.lua': No such file or directory",
            ])
    }

    @Test("A level that lies in the host names the program's line that led there")
    func levels() throws {
        let lines = try run(
            """
            Own = class('Own', EthernetClientInterface)
            function Own:init(level) error('bad', level) end
            for level = 1, 4 do
                print(select(2, pcall(function()
                    local own = Own(level)
                end)))
            end
            """
        ).lines
        #expect(lines == ["main.lua:2: bad", "main.lua:5: bad", "main.lua:5: bad", "main.lua:5: bad"])
    }
}
