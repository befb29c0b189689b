import Lectern
import LuaRuntime
import Testing

/// Names that programs bring from ControlScript, Python or all of Lua, and that are not there.
@Suite("Names that are not there")
struct MissingNameTests {
    static let mistakes: [Mistake] = [
        Mistake(
            "UIDevice('TLP')",
            "attempt to call a nil value (global 'UIDevice'): "
                + "ControlScript's UIDevice is not there yet: Lectern has no touch panels yet"),
        Mistake(
            "RelayInterface(nil, 'RLY1')",
            "attempt to call a nil value (global 'RelayInterface'): "
                + "ControlScript's RelayInterface is not there yet: Lectern drives no such ports of a processor yet"),
        Mistake(
            "DanteInterface.StartService()",
            "attempt to index a nil value (global 'DanteInterface'): "
                + "ControlScript's DanteInterface is not there: talk to the device by EthernetClientInterface"),
        Mistake(
            "logging.info('x')",
            "attempt to index a nil value (global 'logging'): Python's module logging: use ProgramLog(text, severity)"),
        Mistake("print(len('x'))", "attempt to call a nil value (global 'len'): in Lua, Python's len is #x"),
        Mistake("print('x' .. None)", "attempt to concatenate a nil value (global 'None'): write nil"),
        Mistake(
            "os.execute('ls')",
            "attempt to call a nil value (field 'execute'): "
                + "os.execute is only there with 'profile: trusted' in lectern.yaml"),
        Mistake(
            "os.exit(1)",
            "attempt to call a nil value (field 'exit'): "
                + "os.exit is only there with 'profile: trusted' in lectern.yaml; ExitProgram(code) ends the program"),
        Mistake(
            "local popen = io.popen popen('ls')",
            "attempt to call a nil value (local 'popen'): "
                + "io.popen is only there with 'profile: trusted' in lectern.yaml"),
        Mistake(
            "package.path = package.path .. ';x'",
            "attempt to concatenate a nil value (field 'path'): package.path is only there with 'profile: trusted' in "
                + "lectern.yaml; require looks in the program's folder and in the folders under 'modules' in lectern.yaml"
        ),
        Mistake(
            "require('extronlib.interface').IRInterface('x')",
            "attempt to call a nil value (field 'IRInterface'): "
                + "ControlScript's IRInterface is not there yet: Lectern drives no such ports of a processor yet"),
        // What no one knows of gets no hint, nor does a field of the program's own.
        Mistake("Nothing()", "attempt to call a nil value (global 'Nothing')"),
        Mistake("local t = {} t.execute()", "attempt to call a nil value (field 'execute')"),
        Mistake("local s = len s.x = 1", "attempt to index a nil value (local 's')"),
        Mistake("error('attempt to call a nil value')", "attempt to call a nil value"),
    ]

    @Test("The error of a known name that is not there says what to use instead", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let stage = Stage()
        let room = try stage.start(
            "room", "local ok, problem = pcall(function() \(mistake.code) end)\nprint(problem)")
        let text = try #require(room.lines.last)
        #expect(text.hasSuffix(": " + mistake.message), "\(text)")
    }

    @Test("To ask for such a name is no mistake")
    func questions() throws {
        let room = try Stage().start(
            "room",
            """
            print(UIDevice, logging, len, True, os.execute, io.popen, package.path, debug.sethook)
            print(rawget(_G, 'UIDevice'), require('extronlib.interface').IRInterface, next(os) ~= nil)
            """)
        #expect(room.lines == [Array(repeating: "nil", count: 8).joined(separator: "\t"), "nil\tnil\ttrue"])
    }

    @Test("A module that is not there says what to use instead, unless the program has one of that name")
    func modules() throws {
        let cases = [
            ("logging", "Python's module logging: use ProgramLog(text, severity)"),
            ("extronlib.ui", "ControlScript's touch panels (Button, Label, Level …) are not there yet"),
            (
                "extronlib.engine",
                "ControlScript's engine is not there: make Timer, Wait and Clock objects yourself"
            ),
            ("threading", "Python's module threading: use Timer and Wait; each callback is a task of its own"),
            ("os.path", "Python's module os.path: use File.Exists, File.ListDir and the other functions of File"),
        ]
        try ProjectFiles.withFolder(of: ["json.lua": "return 'own'"]) { folder in
            for (name, hint) in cases {
                let path = name.replacing(".", with: "/")
                let room = try Stage().start("room", "print(pcall(require, '\(name)'))")
                #expect(
                    room.lines == [
                        "false\troom.lua:1: ImportError: module '\(name)' not found: neither \(path).lua nor "
                            + "\(path)/init.lua is in the program's folder. \(hint)"
                    ], "\(room.lines)")
            }
            #expect(try Stage().start("room", "print(require('json'))", folder: folder).lines == ["own\tjson.lua"])
            #expect(try Stage().start("room", "print(require('json') == json)").lines == ["true"])
            let other = try Stage().start("room", "print(pcall(require, 'settings'))")
            #expect(other.lines.first?.hasSuffix("is in the program's folder") == true, "\(other.lines)")
        }
    }

    @Test("The strict profile says which profiles have files and load")
    func strict() throws {
        var configuration = Stage.configuration()
        configuration.profile = .strict
        for (code, name) in [
            ("io.open('x')", "io"), ("load('x')", "load"), ("File('x')", "File"), ("os.remove('x')", "os.remove"),
        ] {
            let room = try Stage().start(
                "room", "print(pcall(function() \(code) end))", configuration: configuration)
            let hint = ": \(name) is only there with 'profile: standard' or 'profile: trusted' in lectern.yaml"
            #expect(room.lines.first?.hasSuffix(hint) == true, "\(room.lines)")
        }
    }

    @Test("No name that is there is among those that are not", arguments: LuaProfile.allCases)
    func areMissing(_ profile: LuaProfile) throws {
        var configuration = Stage.configuration()
        configuration.profile = profile
        let names = Array(MissingNames.globals.keys) + Array(MissingNames.functions.keys)
        let list = names.sorted().map { "'\($0)'" }.joined(separator: ", ")
        let room = try Stage().start(
            "room", "for _, name in ipairs({\(list)}) do if _G[name] ~= nil then print(name) end end",
            configuration: configuration)
        #expect(names.count > 80)
        #expect(room.lines.isEmpty, "\(room.lines)")
    }
}
