import Lectern
import Testing

/// A mistake in a declaration is found when the module is loaded. Here is each that concerns the module as a whole:
/// what is changed in a sound declaration, and how the error begins.
@Suite("Mistakes in declared modules")
struct DeviceModuleDeclarationTests {
    @Test(
        "The declaration that these tests change is sound, and so are these changes",
        arguments: [
            "", "m.commands.Power.reply = {lua = '^P([]%d%]^])$'}",
            "m.commands.Power.reply = {lua = '%%(%f[%w])(()x)%2%b()'}",
            "m.commands.Power.reply = {lua = '[^]]+()'}", "m.commands.Input.reply = '(?P<Output>.)(?P<value>.)'",
            "m.commands.Power.ack = {lua = 'OK'}", "m.framing = {pattern = re.compile('[^;]*;'), limit = 9}",
            "m.errors = {{'^E'}, {lua = '^F', 'text'}}",
            "m.models = {X = {commands = {Fail = false, New = {query = 'N'}}}}",
            "m.connections.Serial.framing, m.framing = nil, {length = print}",
        ])
    func sound(_ change: String) throws {
        let scene = try DeviceModuleScene(
            """
            m = declaration()
            \(change)
            print(DeviceModule(m).EthernetClass)
            """)
        #expect(scene.room.lines == ["<class EthernetClass>"])
    }

    @Test("A program may have other uses for the names of Lua's libraries and classes before its first declaration")
    func names() throws {
        let scene = try DeviceModuleScene(
            """
            m = declaration()
            class, isinstance, Pattern, EthernetClientInterface, ValueError, ipairs, table.sort = nil
            print(DeviceModule(m).EthernetClass)
            m.name = nil
            print(select(2, pcall(DeviceModule, m)))
            """)
        #expect(scene.room.lines.first == "<class EthernetClass>")
        #expect(
            scene.room.lines.last?.hasSuffix("ValueError: DeviceModule: the field 'name' must be the module's name")
                == true, "\(scene.room.lines)")
    }

    @Test(
        "The module and its connections: a mistake names module, connection and field",
        arguments: [
            ("m = nil", "DeviceModule: the declaration must be a table, got a nil"),
            ("m = 'Acme'", "DeviceModule: the declaration must be a table, got a string"),
            ("m.name = nil", "DeviceModule: the field 'name' must be the module's name"),
            ("m.name = ''", "DeviceModule: the field 'name' must be the module's name"),
            ("m.conections = {}", "DeviceModule 'Acme': there is no field 'conections'; did you mean 'connections'?"),
            ("m[1] = {}", "DeviceModule 'Acme': there is no field '1'; there are 'ack', 'busy', 'commands', "),
            (
                "m.connections = nil",
                "DeviceModule 'Acme': the field 'connections' is missing: which of Ethernet, SSH, Serial, UDP the device has"
            ),
            ("m.commands = nil", "DeviceModule 'Acme': the field 'commands' is missing"),
            ("m.connections = {}", "DeviceModule 'Acme': field 'connections': there is none in it"),
            (
                "m.connections = {Ethernt = {}}",
                "DeviceModule 'Acme': field 'connections': there is no 'Ethernt'; did you mean 'Ethernet'?"
            ),
            (
                "m.connections.Ethernet = 23",
                "DeviceModule 'Acme': connection 'Ethernet': must be a table, got a number"
            ),
            (
                "m.connections.Ethernet.Port = 23",
                "DeviceModule 'Acme': connection 'Ethernet': there is no field 'Port'; did you mean 'port'?"
            ),
            (
                "m.connections.Ethernet.port = 0",
                "DeviceModule 'Acme': connection 'Ethernet': field 'port': must be a port from 1 to 65535, got 0"
            ),
            (
                "m.connections.Serial.Baud = 9600.5",
                "DeviceModule 'Acme': connection 'Serial': field 'Baud': must be a whole number from 1 on, got 9600.5"
            ),
            (
                "m.connections.Serial.Parity = 0",
                "DeviceModule 'Acme': connection 'Serial': field 'Parity': must be a string, got 0"
            ),
            ("m.gap = -1", "DeviceModule 'Acme': field 'gap': must be a number of seconds, got -1"),
            ("m.timeout = '1'", "DeviceModule 'Acme': field 'timeout': must be a number of seconds, got a string"),
            ("m.queue = 0", "DeviceModule 'Acme': field 'queue': must be a whole number from 1 on, got 0"),
            ("m.wrap = true", "DeviceModule 'Acme': field 'wrap': must be a function, got true"),
            ("m.commands = print", "DeviceModule 'Acme': field 'commands': must be a table, got a function"),
            ("m.commands = class('Commands')()", "DeviceModule 'Acme': field 'commands': must be a table, got a table"),
            ("m.ack = 1", "DeviceModule 'Acme': field 'ack': must be a pattern, got 1"),
            ("m.ack = '('", "DeviceModule 'Acme': field 'ack': missing ), unterminated subpattern at byte 1"),
            (
                "m.ack = {'^OK$', print}",
                "DeviceModule 'Acme': field 'ack': there can be no function beside the pattern"
            ),
            ("m.deviceUsername = ''", "DeviceModule 'Acme': field 'deviceUsername': must be a string, got ''"),
        ])
    func module(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }

    @Test(
        "How messages end: a mistake names module, connection and field",
        arguments: [
            ("m.framing = nil", "DeviceModule 'Acme': the field 'framing' is missing: how do messages end?"),
            ("m.framing = '\\r'", "DeviceModule 'Acme': field 'framing': must be a table, got a string"),
            (
                "m.framing = {delimeter = '\\r'}",
                "DeviceModule 'Acme': field 'framing': there is no field 'delimeter'; did you mean 'delimiter'?"
            ),
            (
                "m.framing = {delimiter = '\\r', length = print}",
                "DeviceModule 'Acme': field 'framing': the fields 'delimiter' and 'length' exclude one another"
            ),
            (
                "m.framing = {limit = 8}",
                "DeviceModule 'Acme': field 'framing': needs one of 'delimiter', 'length', 'pattern' and 'datagram'"
            ),
            (
                "m.framing = {delimiter = '\\r', limit = 0}",
                "DeviceModule 'Acme': field 'framing': field 'limit': must be a whole number from 1 on, got 0"
            ),
            (
                "m.framing = {delimiter = ''}",
                "DeviceModule 'Acme': field 'framing': field 'delimiter': must be a string or a table, got ''"
            ),
            (
                "m.framing = {delimiter = {}}",
                "DeviceModule 'Acme': field 'framing': field 'delimiter': there is none in it"
            ),
            (
                "m.framing = {delimiter = {'\\r', ''}}",
                "DeviceModule 'Acme': field 'framing': field 'delimiter': number 2 must be a string, got ''"
            ),
            (
                "m.framing = {delimiter = {'\\r', last = '\\n'}}",
                "DeviceModule 'Acme': field 'framing': field 'delimiter': must be a list; 'last' is no place in one"
            ),
            (
                "m.framing = {length = 8}",
                "DeviceModule 'Acme': field 'framing': field 'length': must be a function, got 8"
            ),
            (
                "m.framing = {pattern = '('}",
                "DeviceModule 'Acme': field 'framing': field 'pattern': missing ), unterminated subpattern at byte 1"
            ),
            (
                "m.framing = {pattern = {lua = '.'}}",
                "DeviceModule 'Acme': field 'framing': field 'pattern': must be a pattern of re"
            ),
            (
                "m.framing = {datagram = false}",
                "DeviceModule 'Acme': field 'framing': field 'datagram': must be true, got false"
            ),
            (
                "m.connections.Serial.framing = {}",
                "DeviceModule 'Acme': connection 'Serial': field 'framing': needs one of 'delimiter', 'length', 'pattern' and 'datagram'"
            ),
        ])
    func framing(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }

    @Test(
        "Logins: a mistake names module, step and field",
        arguments: [
            ("m.login = {}", "DeviceModule 'Acme': field 'login': there are no steps in it"),
            ("m.login = 'admin'", "DeviceModule 'Acme': field 'login': must be a table, got a string"),
            ("m.login = {'login:'}", "DeviceModule 'Acme': field 'login': field '1': must be a table, got a string"),
            (
                "m.login = {{prompt = 'x'}, timout = 2}",
                "DeviceModule 'Acme': field 'login': there is no field 'timout'; did you mean 'timeout'?"
            ),
            (
                "m.login = {{prompt = 'x'}, timeout = -2}",
                "DeviceModule 'Acme': field 'login': field 'timeout': must be a number of seconds, got -2"
            ),
            (
                "m.login = {{prompt = 'x'}, ending = 13}",
                "DeviceModule 'Acme': field 'login': field 'ending': must be a string"
            ),
            (
                "m.login = {{promt = 'x'}}",
                "DeviceModule 'Acme': field 'login': step 1: there is no field 'promt'; did you mean 'prompt'?"
            ),
            (
                "m.login = {{send = 'username'}}",
                "DeviceModule 'Acme': field 'login': step 1: the field 'prompt' is missing"
            ),
            (
                "m.login = {{prompt = '('}}",
                "DeviceModule 'Acme': field 'login': step 1: field 'prompt': missing ), unterminated subpattern at byte 1"
            ),
            (
                "m.login = {{prompt = {lua = 'x'}}}",
                "DeviceModule 'Acme': field 'login': step 1: field 'prompt': a prompt must be a pattern of re"
            ),
            (
                "m.login = {{prompt = 'x', done = 1}}",
                "DeviceModule 'Acme': field 'login': step 1: field 'done': must be true or false, got 1"
            ),
            (
                "m.login = {{prompt = 'x'}, failed = '('}",
                "DeviceModule 'Acme': field 'login': field 'failed': missing ), unterminated subpattern at byte 1"
            ),
            (
                "m.login = {{prompt = 'x'}, done = {lua = 'x'}}",
                "DeviceModule 'Acme': field 'login': field 'done': a prompt must be a pattern of re"
            ),
            (
                "m.connections.Ethernet.login = {}",
                "DeviceModule 'Acme': connection 'Ethernet': field 'login': there are no steps in it"
            ),
        ])
    func logins(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }

    @Test(
        "Models: a mistake names module, model, command and field",
        arguments: [
            ("m.models = {{}}", "DeviceModule 'Acme': model '1': a model's name must be a string"),
            ("m.models = {X = 1}", "DeviceModule 'Acme': model 'X': must be a table, got a number"),
            ("m.models = {X = {name = 'Y'}}", "DeviceModule 'Acme': model 'X': there is no field 'name'"),
            (
                "m.models = {X = {gap = -1}}",
                "DeviceModule 'Acme': model 'X': field 'gap': must be a number of seconds, got -1"
            ),
            (
                "m.models = {X = {commands = {Colour = false}}}",
                "DeviceModule 'Acme': model 'X': command 'Colour': there is none to leave out; there are "
            ),
            (
                "m.models = {X = {commands = {Power = true}}}",
                "DeviceModule 'Acme': model 'X': command 'Power': must be a table or false, got a boolean"
            ),
            (
                "m.models = {X = {commands = {Power = {qury = 'P'}}}}",
                "DeviceModule 'Acme': model 'X': command 'Power': there is no field 'qury'; did you mean 'query'?"
            ),
            (
                "m.models = {X = {commands = {ConnectionStatus = {}}}}",
                "DeviceModule 'Acme': model 'X': command 'ConnectionStatus': every module has this status; leave it out"
            ),
            (
                "m.models = {X = {commands = {[1] = {}}}}",
                "DeviceModule 'Acme': model 'X': field 'commands': a command's name must be a string, got 1"
            ),
            (
                "m.models = {X = {commands = {Power = false, Input = false, Volume = false, Fail = false}}}",
                "DeviceModule 'Acme': model 'X': field 'commands': there is none in it"
            ),
            (
                "m.models = {X = {framing = {}}}",
                "DeviceModule 'Acme': model 'X': field 'framing': needs one of 'delimiter', 'length', 'pattern' and 'datagram'"
            ),
        ])
    func models(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }
}
