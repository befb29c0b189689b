import Lectern
import LuaRuntime
import Testing

@Suite("What is made when a program first names it")
struct ProgramLibraryTests {
    /// Prints the globals that there are more after everything was opened.
    private static let newGlobals = """
        local before = {}
        for name in next, _G do before[name] = true end
        load(function() end)
        local names = {}
        for name in next, _G do if not before[name] then names[#names + 1] = name end end
        table.sort(names)
        print(table.concat(names, ' '))
        """

    @Test("A library brings just the globals that it says", arguments: [LuaProfile.standard, .strict, .trusted])
    func bringsWhatItSays(_ profile: LuaProfile) throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.profile = profile
        let text = profile == .strict ? "ProgramLog('strict has no load', 'info')" : Self.newGlobals
        let room = try stage.start("room", text, configuration: configuration)
        stage.run(1)
        let names = room.program.runtime.libraryNames
        #expect(names.isSuperset(of: ["Timer", "GetConnectionHandler", "SecsItem", "re", "DeviceModule"]))
        if profile == .strict {
            #expect(!names.contains("File"))
        } else {
            #expect(room.lines == [names.sorted().joined(separator: " ")])
        }
        #expect(names.isSubset(of: Set(room.program.runtime.globalNames)))
    }

    @Test("Text of the host runs with Lua's own functions, whatever the program has set by then")
    func keepsLuasOwn() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            local say, load = print, load
            attempt = pcall
            for _, name in next, {'type', 'pcall', 'error', 'next', 'tostring', 'ipairs', 'setmetatable', 'select'} do
                _G[name] = 'mine'
            end
            table.sort, table.concat = nil
            say(load([[
                local set = MESet({})
                local done, problem = attempt(DeviceModule, {})
                local found = re.compile('b+'):search('abbc')
                local item = SecsItem.L({SecsItem.U1(1)})
                event(Timer(1, function() end), 'StateChanged', function() end)
                return found:group(0), item ~= nil, type, problem.message
            ]])())
            """)
        stage.run(1)
        #expect(room.errors.map(\.text) == [])
        #expect(room.lines == ["bb\ttrue\tmine\tDeviceModule: the field 'name' must be the module's name"])
    }

    @Test("A module of the mimicked environment has its names, whatever the program has set by then")
    func modules() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            _G['Ti' .. 'mer'], _G['Cl' .. 'ock'] = 'mine', 'mine'
            local system = require('extronlib.' .. 'system')
            print(tostring(system['Ti' .. 'mer']), tostring(system['Cl' .. 'ock']), _G['Ti' .. 'mer'])
            local hsms = require('secsgem.hsms')
            print(tostring(hsms.protocol['Hsms' .. 'Protocol']), require('secsgem').hsms == hsms)
            """)
        stage.run(1)
        #expect(room.errors.map(\.text) == [])
        #expect(room.lines == ["<class Timer>\t<class Clock>\tmine", "<class HsmsProtocol>\ttrue"])
    }
}
