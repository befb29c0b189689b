import Lectern
import Testing

/// A mistake in a declaration is found when the module is loaded.
@Suite("Mistakes in declared modules")
struct DeviceModuleDeclarationTests {
    @Test(
        "A mistake names module, command and field",
        arguments: [
            ("m = nil", "DeviceModule: the declaration must be a table, got a nil"),
            ("m.name = nil", "DeviceModule: the field 'name' must be the module's name"),
            ("m.conections = {}", "DeviceModule 'Acme': there is no field 'conections'; did you mean 'connections'?"),
            ("m.connections = {}", "DeviceModule 'Acme': field 'connections': there is none in it"),
            (
                "m.connections = {Ethernt = {}}",
                "DeviceModule 'Acme': field 'connections': there is no 'Ethernt'; did you mean 'Ethernet'?"
            ),
            (
                "m.connections.Ethernet.port = 0",
                "DeviceModule 'Acme': connection 'Ethernet': field 'port': must be a port from 1 to 65535, got 0"
            ),
            ("m.framing = nil", "DeviceModule 'Acme': the field 'framing' is missing: how do messages end?"),
            (
                "m.framing = {delimiter = '\\r', length = print}",
                "DeviceModule 'Acme': field 'framing': the fields 'delimiter' and 'length' exclude one another"
            ),
            (
                "m.framing = {limit = 8}",
                "DeviceModule 'Acme': field 'framing': needs one of 'delimiter', 'length', 'pattern' and 'datagram'"
            ),
            ("m.gap = -1", "DeviceModule 'Acme': field 'gap': must be a number of seconds, got -1"),
            ("m.commands = {}", "DeviceModule 'Acme': field 'commands': there is none in it"),
            (
                "m.commands.ConnectionStatus = {}",
                "DeviceModule 'Acme': command 'ConnectionStatus': every module has this status; leave it out"
            ),
            (
                "m.commands.Power.qury = 'P'",
                "DeviceModule 'Acme': command 'Power': there is no field 'qury'; did you mean 'query'?"
            ),
            (
                "m.commands.Power.values = {On = '1', Off = 1}",
                "DeviceModule 'Acme': command 'Power': field 'values': 'Off' and 'On' have the same code '1'"
            ),
            (
                "m.commands.Power.settable = {'On', 'Of'}",
                "DeviceModule 'Acme': command 'Power': field 'settable': 'Of' is none of the values; there are 'Off', 'On'"
            ),
            (
                "m.commands.Power.range = {}",
                "DeviceModule 'Acme': command 'Power': the fields 'values' and 'range' exclude one another"
            ),
            (
                "m.commands.Power.values = nil",
                "DeviceModule 'Acme': command 'Power': a command with 'set' needs one of 'values', 'range', 'text' and 'trigger'"
            ),
            (
                "m.commands.Power.set = 'P{vlue}'",
                "DeviceModule 'Acme': command 'Power': field 'set': there is nothing named 'vlue'; did you mean 'value'?"
            ),
            (
                "m.commands.Power.set = 'P{value'",
                "DeviceModule 'Acme': command 'Power': field 'set': a brace at byte 2; write it twice, or name what it stands for"
            ),
            (
                "m.commands.Power.reply = '('",
                "DeviceModule 'Acme': command 'Power': field 'reply': missing ), unterminated subpattern at byte 1"
            ),
            (
                "m.commands.Power.reply = {lua = '%'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': '%' is no Lua pattern: malformed pattern"
            ),
            (
                "m.commands.Power.updates = 'Powr'",
                "DeviceModule 'Acme': command 'Power': field 'updates': there is no command 'Powr'; did you mean 'Power'?"
            ),
            (
                "m.commands.Fail.ack = true",
                "DeviceModule 'Acme': command 'Fail': field 'ack': true means the 'reply'; there is none"
            ),
            (
                "m.commands.Fail.confirm = true",
                "DeviceModule 'Acme': command 'Fail': field 'confirm': it asks after a set; there is no 'query'"
            ),
            (
                "m.commands.Fail = {trigger = true}",
                "DeviceModule 'Acme': command 'Fail': one of 'set', 'query' and 'reply' is needed"
            ),
            (
                "m.commands.Volume.range.max = -200",
                "DeviceModule 'Acme': command 'Volume': field 'range': min -100 is above max -200"
            ),
            (
                "m.commands.Input.qualifiers[1].max = nil",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': needs 'min' and 'max', or 'values', or 'text'"
            ),
            (
                "m.commands.Input.reply = '(?P<Otput>.)(?P<value>.)'",
                "DeviceModule 'Acme': command 'Input': field 'reply': the group 'Otput' is no qualifier; did you mean 'Output'?"
            ),
            (
                "m.models = {X = {commands = {Colour = false}}}",
                "DeviceModule 'Acme': model 'X': command 'Colour': there is none to leave out; there are "
            ),
            (
                "m.models = {X = {name = 'Y'}}", "DeviceModule 'Acme': model 'X': there is no field 'name'"
            ),
            (
                "m.login = {{promt = 'x'}}",
                "DeviceModule 'Acme': field 'login': step 1: there is no field 'promt'; did you mean 'prompt'?"
            ),
            ("m.errors = {{print}}", "DeviceModule 'Acme': error 1: field '1': must be a pattern, got a function"),
            ("m.messages = {{'x'}}", "DeviceModule 'Acme': message 1: must be {pattern, function}"),
        ])
    func mistake(_ change: String, _ message: String) throws {
        let scene = try DeviceModuleScene(
            """
            m = declaration()
            \(change)
            print(select(2, pcall(function() DeviceModule(m) end)))
            """)
        let line = try #require(scene.room.lines.first)
        #expect(line.hasPrefix("room.lua:") && line.contains(": ValueError: \(message)"), "\(line)")
    }
}
