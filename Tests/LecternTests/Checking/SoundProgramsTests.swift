import Lectern
import Testing

/// What runs well, the check must not complain of.
@Suite("The check of programs that are right")
struct SoundProgramsTests {
    static let examples: [String] = ((try? ProjectFiles.names(in: "docs/examples")) ?? []).flatMap { folder in
        ((try? ProjectFiles.names(in: "docs/examples/\(folder)")) ?? []).filter { $0.hasSuffix(".lua") }
            .map { "docs/examples/\(folder)/\($0)" }
    }

    @Test("There is nothing to say of an example", arguments: examples)
    func example(_ path: String) throws {
        let full = "\(ProjectFiles.root)/\(path)"
        let configuration = try ProgramConfiguration.read(beside: full, chosen: nil)
        let report = ProgramCheck(source: .file(full), configuration: configuration).report()
        #expect(report.problems.map(\.description) == [])
        #expect(report.fileCount >= 1)
    }

    @Test("The examples are found")
    func inventory() { #expect(Self.examples.count > 60) }

    @Test("There is nothing to say of a program in the documents", arguments: DocumentationTests.programs)
    func block(_ block: LuaBlock) throws {
        var files: [String: String] = [:]
        for earlier in try DocumentationTests.blocks(of: block.document) where earlier.line < block.line {
            if let file = earlier.file { files[file] = earlier.text }
        }
        #expect(try CheckScene.lines(of: block.text, modules: files) == [])
    }

    @Test(
        "What may be right is not reported",
        arguments: [
            // Globals that come into being in other ways than by name.
            "_G.x = 1 print(x)", "_G['x'] = 1 print(x)", "rawset(_G, 'x', 1) print(x)", "function x() end x()",
            "setmetatable(_G, {__index = function() return 1 end}) print(x)", "local e = _G e.x = 1 print(x)",
            "for _, n in ipairs{'x'} do _G[n] = 1 end print(x)", "local _ENV = {x = 1} return x",
            "load('x = 1')() print(x)", "require(({'a', 'b'})[1]) print(x)", "if x then x() end", "local y = x or 1",
            "if x ~= nil then x.y() end", "if type(x) == 'function' then x() end", "print(pcall(function() x() end))",
            "local function f() x() end pcall(f)", "if not pcall(require, 'missing') then print(1) end",
            "x = nil print(x)", "a.b = 1 a = {}",
            // Objects that are not certain, or were given more names.
            "local c = EthernetClientInterface('a', 1) function c:Explode() end c:Explode()",
            "function EthernetClientInterface:Sned() end local c = EthernetClientInterface('a', 1) c:Sned()",
            "local c = EthernetClientInterface('a', 1) c = {} c:Sned()",
            "local c = EthernetClientInterface('a', 1) c.note = 1 print(c.note)",
            "local c = EthernetClientInterface('a', 1) c.Send(c, 'x')",
            "local c, d = EthernetClientInterface('a', 1) d = c c.Send(d, 'x')",
            "local c = EthernetClientInterface('a', 1) if c.Sned then c:Sned() end",
            "local c = class('C', EthernetClientInterface)('a', 1) c:Sned()",
            "local h = GetConnectionHandler(EthernetServerInterfaceEx(1)) h:Sned() h.Clients()",
            "function f(c) c:Sned('x') c.Send('x') end",
            "local EthernetClientInterface = print EthernetClientInterface()",
            "local C = require 'ConnectionHandler' print(C.ModuleVersion(), C.GetConnectionHandler)",
            "local g = require '_G' g.x = 1 x()", "local r = require 're' print(r.compile('a', r.IGNORECASE))",
            "print(json.encode({value = 1, unit = 'C'}), json.dumps({values = 1}, {indent = 2}))",
            "local json = require('json') print(json.null, json.decode('{}').x, json.encode(nil))",
            "function Timer() end Timer('x', 1, 2)", "function string.foo() end string.foo()",
            // Arguments that are not known.
            "function f(o) return EthernetClientInterface('a', o) end",
            "function f(o) return EthernetClientInterface(o) end",
            "function f(...) return EthernetClientInterface('a', ...) end",
            "EthernetClientInterface({Hostname = 'a', IPPort = 1})",
            "EthernetClientInterface('a', {IPPort = tonumber('1')})", "Timer(tonumber('1'), print)", "Timer(1)(print)",
            "local f f = function() end Timer(1, f())", "local function f() return print end Timer(1, f())",
            "local function f() return end f = print Timer(1, f())", "event({}, 'x', print)", "ProgramLog(nil)",
            "ProgramLog('x', nil, nil)", "pcall(EthernetClientInterface)", "print(pcall(function() Timer(0) end))",
            // Declarations that are made when the program runs.
            "local function c() return {query = 'x'} end DeviceModule{name = 'X', framing = {delimiter = ';'}, connections = {Serial = {}}, commands = {A = c(), B = {query = 'y', reply = '^(.)$', updates = 'A'}}}",
            "local t = {} t.query = 'x' DeviceModule{name = 'X', framing = {delimiter = ';'}, connections = {Serial = {}}, commands = {A = t}}",
            "local d = {} d.name = 'X' pcall(DeviceModule, d)",
            "local d = {nam = 1} d.nam = nil return DeviceModule(d)",
            "local n = os.time() DeviceModule{name = 'X', timeout = n, retries = 1, framing = {delimiter = ';'}, connections = {Serial = {}}, commands = {A = {query = 'x'}}}",
        ])
    func uncertain(_ text: String) throws {
        #expect(try CheckScene.lines(of: text) == [])
    }

    @Test("A global that one file sets is there in all of them")
    func otherFiles() throws {
        #expect(
            try CheckScene.lines(
                of: "require 'a' require 'b' Go()",
                modules: ["a.lua": "function Go() Helper() end", "b.lua": "Helper = print"])
                == [])
    }
}
