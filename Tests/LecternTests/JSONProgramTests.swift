import Lectern
import LuaRuntime
import Testing

/// The library `json` as programs see it; Tests/LuaRuntimeTests/JSONTests.swift has what it reads and writes.
@Suite("JSON in programs")
struct JSONProgramTests {
    @Test("What the reference tells of json is what there is, with the same parameters")
    func declared() throws {
        let stage = Stage()
        let runtime = try stage.start("room", "").program.runtime
        let functions = runtime.globalFunctions.filter { $0.name.hasPrefix("json.") }
        let table = try #require(runtime.globalTables.first { $0.name == "json" })
        let room = try stage.start(
            "other",
            """
            local names = {}
            for name in pairs(json) do names[#names + 1] = name end
            table.sort(names)
            for _, name in ipairs(names) do
                if type(json[name]) ~= 'function' then
                    print('value ' .. name, type(json[name]))
                else
                    local ok, problem = pcall(json[name], {}, 1, 2, 3, 4, 5, 6, 7, 8)
                    print(problem.message)
                end
            end
            """)
        var expected = functions.map { function in
            let names = function.parameters.map(\.name).joined(separator: ", ")
            let count = function.parameters.count
            return "\(function.name) takes at most \(count) argument\(count == 1 ? "" : "s") (\(names)), got 9"
        }
        expected += table.values.map { "value \($0.name)\t\($0.type)" }
        #expect(room.lines.sorted() == expected.sorted())
        #expect(functions.count == 6)
    }

    @Test("Objects of Lectern are refused, those of the program's own classes are written with their fields")
    func objects() throws {
        let room = try Stage().start(
            "room",
            """
            local Room = class('Room')
            function Room:init(name) self.name = name end
            print(json.encode({Room('Lobby')}))
            print(pcall(json.encode, {a = {Timer(1)}}))
            local Own = class('Own', Timer)
            function Own:init() Timer.init(self, 1) self.x = 1 end
            print(pcall(json.encode, Own()))
            print(pcall(json.encode, Room))
            """)
        #expect(
            room.lines.map { String($0.prefix(98)) } == [
                #"[{"name":"Lobby"}]"#,
                "false\troom.lua:4: ValueError: json.encode: at a[1]: an object of Lectern cannot be encoded",
                "false\troom.lua:7: ValueError: json.encode: an object of Lectern cannot be encoded",
                room.lines.last.map { String($0.prefix(98)) } ?? "",
            ])
        #expect(room.lines.last?.hasPrefix("false\troom.lua:8: ValueError: json.encode: ") == true, "\(room.lines)")
    }

    @Test("require('json') gives it, and a check of the program takes tables for values, whatever their names are")
    func modules() throws {
        let text =
            "local json = require('json') print(json.encode({value = 1}), json.dumps({indent = 1, values = 2}, {sort_keys = true}))"
        #expect(try Stage().start("room", text).lines == [#"{"value":1}"# + "\t" + #"{"indent": 1, "values": 2}"#])
    }
}
