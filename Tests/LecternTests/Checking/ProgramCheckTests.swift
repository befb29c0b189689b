import Glibc
import Lectern
import LuaRuntime
import Testing

@Suite("The check of a program")
struct ProgramCheckTests {
    private static let client = "local dev = EthernetClientInterface('10.0.0.5', 23)\n"

    @Test(
        "A global that nothing defines is named, with what was meant",
        arguments: [
            (
                "Projector = 1\nprint(2)\nProjecter.x = 1",
                "main.lua:3: global 'Projecter' is not defined; did you mean 'Projector'?"
            ),
            ("local Connected\nConected()", "main.lua:2: global 'Conected' is not defined; did you mean 'Connected'?"),
            ("prnt(1)", "main.lua:1: global 'prnt' is not defined; did you mean 'print'?"),
            (
                "EthernetClientInterfce('a', 1)",
                "main.lua:1: global 'EthernetClientInterfce' is not defined; did you mean 'EthernetClientInterface'?"
            ),
            ("local bit = bit", "main.lua:1: global 'bit' is not defined"),
            ("return Whatever", "main.lua:1: global 'Whatever' is not defined"),
            ("x = None", "main.lua:1: global 'None' is not defined; Lua's word is 'nil'"),
            ("function f() return self.x end", "main.lua:1: global 'self' is not defined"),
            ("do local Inner = 1 end print(Inner)", "main.lua:1: global 'Inner' is not defined"),
        ])
    func undefinedGlobals(_ text: String, _ expected: String) throws {
        #expect(try CheckScene.lines(of: text) == [expected])
    }

    @Test("A global of another profile is named with the profiles that have it")
    func profiles() throws {
        #expect(
            try CheckScene.lines(of: "io.open('x')", profile: .strict) == [
                "main.lua:1: global 'io' is not there in the profile 'strict'; 'trusted' and 'standard' have it"
            ])
        #expect(try CheckScene.lines(of: "io.open('x')") == [])
        #expect(
            try CheckScene.lines(of: "os.execute('ls')") == [
                "main.lua:1: os has no 'execute' in the profile 'standard'"
            ])
        #expect(try CheckScene.lines(of: "os.execute('ls')", profile: .trusted) == [])
    }

    @Test(
        "A local variable that is used above its declaration is named with both lines",
        arguments: [
            (
                "local function Begin()\n    print(1)\n    OnConnected()\nend\nlocal function OnConnected() end",
                "main.lua:3: 'OnConnected' is used before its 'local' in line 5: declare it above line 3"
            ),
            (
                "Timer(1, Tick)\nlocal Tick = function() end",
                "main.lua:1: 'Tick' is used before its 'local' in line 2: declare it above line 1"
            ),
            (
                "local again = function() again() end",
                "main.lua:1: 'again' is used in the value of its own 'local', where it is not declared yet: write "
                    + "'local again' in a line above, or 'local function again'"
            ),
            // In a block of its own it is no such thing.
            ("Near()\ndo local Near = 1 end", "main.lua:1: global 'Near' is not defined"),
        ])
    func usedBeforeLocal(_ text: String, _ expected: String) throws {
        #expect(try CheckScene.lines(of: text) == [expected])
    }

    @Test(
        "A function that is called where it was to be given is named",
        arguments: [
            ("Timer(1, f())", "Timer gets what f() returns, which is nothing: pass the function, Timer(1, f)"),
            (
                "Wait(1, f(2))",
                "Wait gets what f(2) returns, which is nothing: pass the function, Wait(1, function() f(2) end)"
            ),
            ("Wait(1, {Function = f()})", "Function gets what f() returns, which is nothing: pass the function, f"),
            (
                "event(dev, 'Connected', f())",
                "event gets what f() returns, which is nothing: pass the function, event(dev, 'Connected', f)"
            ),
        ])
    func calledTooEarly(_ call: String, _ expected: String) throws {
        let text = "local function f() print(1) end\n\(Self.client)\(call)"
        #expect(try CheckScene.lines(of: text) == ["main.lua:3: \(expected)"])
    }

    @Test(
        "Arguments that a call refuses are told in the words of the call",
        arguments: [
            "EthernetClientInterface('x')", "EthernetClientInterface('x', 0)", "EthernetClientInterface('x', 70000)",
            "EthernetClientInterface('x', '23')", "EthernetClientInterface('x', 23.5)",
            "EthernetClientInterface(5, 23)",
            "EthernetClientInterface('x', 23, 'TPC')", "EthernetClientInterface('x', 23, 'SSH')",
            "EthernetClientInterface('x', 23, {Protcol = 'TCP'})", "EthernetClientInterface('x', 23, {IPPort = 5})",
            "EthernetServerInterfaceEx(-1)", "EthernetServerInterface(1, 'SSH')", "Timer()", "Timer(true)",
            "Timer('1', print)",
            "Timer(1, 'f')", "Wait(-1, print)", "Clock('12:00:00')", "Clock({'24:00:00'})",
            "Clock({'12:00:00'}, {'Someday'})",
            "ProgramLog('x', 'loud')", "ProgramLog('x', 'info', 1)", "GetSystemUpTime(1)", "re.compile('(')",
            "hex.decode('zz')",
            "dev:Send()", "dev:Send(5)", "dev:Send({})", "dev:Connect('soon')", "dev:Connect(1, 2)",
            "dev:Disconnect(true)",
            "dev:SendAndWait('x')", "event(dev, 'Connected', 'f')", "event(dev, 'Conected', print)",
            "event(dev, {'Connected', 'Gone'}, print)",
            "dev:Conect()", "dev.Send('x')", "dev.Hostname = 'y'", "dev.Conected = print", "print(dev.Hostnam)",
            "GetConnectionHandler(dev, print, nil, 0)", "GetConnectionHandler(dev, print, {DisconectLimit = 3})",
            "ExitProgram(256)",
        ])
    func sameWords(_ call: String) throws {
        let text = Self.client + call
        let lines = try CheckScene.lines(of: text)
        // What the program says when it comes there.
        let failure = #expect(throws: ProgramError.self) { try Stage().start("main", text) }
        let message = try #require(failure?.message)
        let said = try #require(message.firstMatch(of: /^(main.lua:2: )(?:[A-Za-z]+Error: )?(.*)$/))
        #expect(lines == [String(said.1 + said.2)])
    }

    @Test("A name that is no method is told even when it is like none")
    func unknownMethod() throws {
        #expect(
            try CheckScene.lines(of: Self.client + "dev:Explode()\nre.serach('a', 'b')") == [
                "main.lua:2: EthernetClientInterface has no 'Explode'",
                "main.lua:3: re has no 'serach'; did you mean 'search'?",
            ])
    }

    @Test("The json that a program requires is Lectern's, unless the program brings one")
    func requiredJSON() throws {
        let text = "local json = require('json')\nprint(json.decod('1'))\nprint(json.encode(1, {prety = true}))"
        #expect(
            try CheckScene.lines(of: text) == [
                "main.lua:2: json has no 'decod'; did you mean 'decode'?",
                "main.lua:3: json.encode has no parameter 'prety'; did you mean 'pretty'?",
            ])
        let own = ["json.lua": "return {decod = print, encode = print}"]
        #expect(try CheckScene.lines(of: text, modules: own).isEmpty)
    }

    @Test("What a module or another name brings is what it is")
    func otherNames() throws {
        let text = """
            local interface = require 'extronlib.interface'
            local Client = interface.EthernetClientInterface
            local port = 70000
            local dev = Client('x', port)
            local Every = Timer
            Room = EthernetClientInterface('x', 23)
            Every(true)
            Room:Conect()
            """
        #expect(
            try CheckScene.lines(of: text).map { $0.prefix(12) } == ["main.lua:4: ", "main.lua:7: ", "main.lua:8: "])
    }

    @Test(
        "A declaration of a module is judged by DeviceModule itself, at its command",
        arguments: [
            (
                "name = 'X',\nframing = {delimiter = ';'}, connections = {Serial = {}},\ncommands = {\nPower = {values = {On = '1'}, sett = 'P'}}",
                5
            ),
            (
                "name = 'X', framing = {delimiter = ';'},\nconnections = {\nSerial = {baud = 9600}},\ncommands = {A = {query = 'x'}}",
                4
            ),
            ("name = 'X',\nconections = {}", 3),
            (
                "name = 'X',\nframing = {delimiter = ';'}, connections = {Serial = {}},\ntimeout = '1',\ncommands = {A = {query = 'x'}}",
                4
            ),
            (
                "name = 'X',\nframing = {delimiter = ';'}, connections = {Serial = {}},\ncommands = {\nA = f(),\nB = {query = '{'}}",
                6
            ),
            (
                "name = 'X', framing = {delimiter = ';'}, connections = {Serial = {}}, commands = {A = {query = 'x', reply = '('}}",
                2
            ),
            (
                "name = 'X', framing = {delimiter = ';'}, connections = {Serial = {}}, commands = {A = {set = 'x', values = codes}}",
                2
            ),
        ])
    func declarations(_ fields: String, line: Int) throws {
        let text =
            "local codes, f = {On = '1', Off = '1'}, function() return {query = 'x'} end return DeviceModule {\n\(fields)}"
        let lines = try CheckScene.lines(of: text)
        let failure = #expect(throws: ProgramError.self) { try Stage().start("main", text) }
        let message = try #require(failure?.message)
        let said = try #require(message.firstMatch(of: /ValueError: (.*)$/))
        #expect(lines == ["main.lua:\(line): \(said.1)"])
    }

    @Test("A name that no declaration has is found also where the rest is not known")
    func declarationNames() throws {
        let lines = try CheckScene.lines(
            of: "local t = os.time()\nreturn DeviceModule {name = 'X', timeout = t,\ncomands = {}}")
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasPrefix(
                "main.lua:3: DeviceModule 'X': there is no field 'comands'; did you mean 'commands'?") == true)
    }

    @Test("Problems of all files are found in one run, in the order of files and lines, each once")
    func order() throws {
        let lines = try CheckScene.lines(
            of: "Two() Two()\nOne()\nrequire 'a' require 'b'\nrequire 'c'",
            modules: ["a.lua": "x = = 1\nrequire 'd'", "b.lua": "Timer(true)", "d.lua": "Timer('x')"])
        #expect(
            lines == [
                "a.lua:1: unexpected symbol near '='",
                "b.lua:1: argument 'Interval' of Timer must be a number of seconds, got a boolean",
                "d.lua:1: argument 'Interval' of Timer must be a number of seconds, got the string 'x'",
                "main.lua:4: module 'c' not found: neither c.lua nor c/init.lua is in the program's folder",
            ])
        let alone = try CheckScene.lines(of: "Two() Two()\nOne()\nTwo()")
        #expect(
            alone == [
                "main.lua:1: global 'Two' is not defined", "main.lua:2: global 'One' is not defined",
                "main.lua:3: global 'Two' is not defined",
            ])
    }

    @Test("A problem has a column, a severity and a code")
    func details() throws {
        let problems = try CheckScene.problems(of: "  local a = Missing\n  Missing:Go()\nTimer(true)")
        #expect(problems.map(\.column) == [13, 3, 1])
        #expect(problems.map(\.severity) == [.warning, .error, .error])
        #expect(problems.map(\.code) == [.undefinedGlobal, .undefinedGlobal, .wrongArgument])
    }

    @Test("Nothing of the program runs")
    func nothingRuns() throws {
        let lines = try CheckScene.lines(
            of:
                "while true do end\nlocal d = DeviceModule {name = 'X', framing = {delimiter = ';'}, connections = {Serial = {}}, init = function() while true do end end, commands = {A = {query = function() error('ran') end}}}"
        )
        #expect(lines == [])
    }

    @Test("An embedder's functions are known")
    func embedder() throws {
        let check = ProgramCheck(
            source: .text("Greet('x')\nGreet(5)", name: "main.lua", folder: "/tmp"),
            configuration: Stage.configuration()
        ) { runtime in
            var parameters = ParameterList()
            _ = parameters.required("who", .string, "")
            runtime.setGlobal(LuaFunction("Greet", parameters, "") { _ in .none })
        }
        #expect(
            check.report().problems.map(\.description) == [
                "main.lua:2: argument 'who' of Greet must be a string, got a number"
            ])
    }

    @Test("A program of many lines is checked")
    func longText() throws {
        let line = "do local function f(a) local b = a .. 'x' if b then print(b, Timer) end return f end end"
        #expect(try CheckScene.lines(of: Array(repeating: line, count: 4000).joined(separator: "\n")) == [])
    }

    @Test("A value that a few lines make huge is left alone")
    func hugeConstants() throws {
        for (first, next) in [("{1}", "{%, %}"), ("'x'", "% .. %")] {
            var lines = ["local t0 = \(first)"]
            for index in 1...60 { lines.append("local t\(index) = " + next.replacing("%", with: "t\(index - 1)")) }
            // A table that is handed on may change, a string cannot.
            if first == "'x'" { lines.append("EthernetClientInterface(t60, 23)") }
            lines.append("return DeviceModule {name = t60, framing = t60, comands = t60}")
            let found = try CheckScene.lines(of: lines.joined(separator: "\n"))
            #expect(found.count == 1)
            #expect(found.first?.contains("there is no field 'comands'") == true)
        }
    }

    @Test("Bytes of names and messages that are no UTF-8 are shown as such")
    func rawBytes() throws {
        let text = Array("Timer('".utf8) + [0xE9] + Array("')".utf8)
        try ProjectFiles.withFolder(of: [:]) { folder in
            let path = "\(folder)/main.lua"
            let file = try #require(fopen(path, "w"))
            #expect(fwrite(text, 1, text.count, file) == text.count)
            fclose(file)
            defer { unlink(path) }
            let report = ProgramCheck(source: .file(path), configuration: Stage.configuration()).report()
            #expect(
                report.problems.map(\.text) == [
                    #"argument 'Interval' of Timer must be a number of seconds, got the string '\xe9'"#
                ])
        }
    }
}
