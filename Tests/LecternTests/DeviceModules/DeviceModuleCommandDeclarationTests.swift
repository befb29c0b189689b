import Lectern
import Testing

/// As DeviceModuleDeclarationTests, each mistake that concerns a command, and what the device says.
@Suite("Mistakes in the commands of declared modules")
struct DeviceModuleCommandDeclarationTests {
    @Test(
        "Commands: a mistake names module, command and field",
        arguments: [
            ("m.commands = {}", "DeviceModule 'Acme': field 'commands': there is none in it"),
            ("m.commands[1] = {}", "DeviceModule 'Acme': field 'commands': a command's name must be a string, got 1"),
            ("m.commands[''] = {}", "DeviceModule 'Acme': field 'commands': a command's name must be a string, got ''"),
            (
                "m.commands.ConnectionStatus = {}",
                "DeviceModule 'Acme': command 'ConnectionStatus': every module has this status; leave it out"
            ),
            ("m.commands.Power = 'P'", "DeviceModule 'Acme': command 'Power': must be a table, got a string"),
            (
                "m.commands.Power.qury = 'P'",
                "DeviceModule 'Acme': command 'Power': there is no field 'qury'; did you mean 'query'?"
            ),
            (
                "m.commands.Fail = {trigger = true}",
                "DeviceModule 'Acme': command 'Fail': one of 'set', 'query' and 'reply' is needed"
            ),
            (
                "m.commands.Fail.trigger = false",
                "DeviceModule 'Acme': command 'Fail': field 'trigger': must be true, got false"
            ),
            (
                "m.commands.Fail.confirm = 1",
                "DeviceModule 'Acme': command 'Fail': field 'confirm': must be true or false, got 1"
            ),
            (
                "m.commands.Power.set = 1",
                "DeviceModule 'Acme': command 'Power': field 'set': must be a string or a function, got 1"
            ),
            (
                "m.commands.Power.set = 'P{vlue}'",
                "DeviceModule 'Acme': command 'Power': field 'set': there is nothing named 'vlue'; did you mean 'value'?"
            ),
            (
                "m.commands.Fail.set = 'X{value}'",
                "DeviceModule 'Acme': command 'Fail': field 'set': there is nothing named 'value'; there is none"
            ),
            (
                "m.commands.Power.query = 'P{value}?'",
                "DeviceModule 'Acme': command 'Power': field 'query': there is nothing named 'value'; there is none"
            ),
            (
                "m.commands.Power.set = 'P{value'",
                "DeviceModule 'Acme': command 'Power': field 'set': a brace at byte 2; write it twice, or name what it stands for"
            ),
            (
                "m.commands.Input.query = 'I}?'",
                "DeviceModule 'Acme': command 'Input': field 'query': a brace at byte 2; write it twice, or name what it stands for"
            ),
            (
                "m.commands.Power.set = 'P{value:02}'",
                "DeviceModule 'Acme': command 'Power': field 'set': '02' is no format, such as %02d"
            ),
            (
                "m.commands.Power.updates = 'Powr'",
                "DeviceModule 'Acme': command 'Power': field 'updates': there is no command 'Powr'; did you mean 'Power'?"
            ),
            (
                "m.commands.Fail.updates = 'Power'",
                "DeviceModule 'Acme': command 'Fail': field 'updates': it says what the 'reply' updates; there is none"
            ),
            (
                "m.commands.Fail.ack = true",
                "DeviceModule 'Acme': command 'Fail': field 'ack': true means the 'reply'; there is none"
            ),
            (
                "m.commands.Fail.ack = false",
                "DeviceModule 'Acme': command 'Fail': field 'ack': must be a pattern or true, got false"
            ),
            (
                "m.commands.Fail.ack = '['",
                "DeviceModule 'Acme': command 'Fail': field 'ack': unterminated character set at byte 1"
            ),
            (
                "m.commands.Fail.ack = {'^OK$', print}",
                "DeviceModule 'Acme': command 'Fail': field 'ack': there can be no function beside the pattern"
            ),
            (
                "m.commands.Fail.confirm = true",
                "DeviceModule 'Acme': command 'Fail': field 'confirm': it asks after a set; there is no 'query'"
            ),
            (
                "m.commands.Fail = {query = 'X', confirm = true}",
                "DeviceModule 'Acme': command 'Fail': field 'confirm': it asks after a 'set'; there is none"
            ),
        ])
    func commands(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }

    @Test(
        "Values: a mistake names module, command and field",
        arguments: [
            (
                "m.commands.Power.values = {}",
                "DeviceModule 'Acme': command 'Power': field 'values': there is none in it"
            ),
            (
                "m.commands.Power.values = {[true] = '1'}",
                "DeviceModule 'Acme': command 'Power': field 'values': a value must be a string or a number, got a boolean"
            ),
            (
                "m.commands.Power.values = {On = true}",
                "DeviceModule 'Acme': command 'Power': field 'values': the code of 'On' must be a string or a number, got a boolean"
            ),
            (
                "m.commands.Power.values = {On = '1', Off = 1}",
                "DeviceModule 'Acme': command 'Power': field 'values': 'Off' and 'On' have the same code '1'"
            ),
            (
                "m.commands.Power.values = 'On'",
                "DeviceModule 'Acme': command 'Power': field 'values': must be a table, got a string"
            ),
            (
                "m.commands.Power.settable = {'On', 'Of'}",
                "DeviceModule 'Acme': command 'Power': field 'settable': 'Of' is none of the values; there are 'Off', 'On'"
            ),
            (
                "m.commands.Power.settable = {}",
                "DeviceModule 'Acme': command 'Power': field 'settable': must be a list of values"
            ),
            (
                "m.commands.Power.settable = {'On', Off = true}",
                "DeviceModule 'Acme': command 'Power': field 'settable': must be a list of values"
            ),
            (
                "m.commands.Volume.settable = {1}",
                "DeviceModule 'Acme': command 'Volume': field 'settable': it is for commands with 'values'"
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
                "m.commands.Volume.range = {mim = 0, max = 1}",
                "DeviceModule 'Acme': command 'Volume': field 'range': there is no field 'mim'; there are 'decode', "
            ),
            (
                "m.commands.Volume.range.min = 'low'",
                "DeviceModule 'Acme': command 'Volume': field 'range': field 'min': must be a number, got a string"
            ),
            (
                "m.commands.Volume.range.max = 0 / 0",
                "DeviceModule 'Acme': command 'Volume': field 'range': field 'max': must be a number, got "
            ),
            (
                "m.commands.Volume.range.max = nil",
                "DeviceModule 'Acme': command 'Volume': field 'range': the fields 'min' and 'max' are both needed"
            ),
            (
                "m.commands.Volume.range.max = -200",
                "DeviceModule 'Acme': command 'Volume': field 'range': min -100 is above max -200"
            ),
            (
                "m.commands.Volume.range.step = 0",
                "DeviceModule 'Acme': command 'Volume': field 'range': step must be above 0, got 0"
            ),
            (
                "m.commands.Volume.range.encode = '%y'",
                "DeviceModule 'Acme': command 'Volume': field 'range': field 'encode': '%y' is no format for a number: "
            ),
            (
                "m.commands.Volume.range.decode = 16",
                "DeviceModule 'Acme': command 'Volume': field 'range': field 'decode': must be a function, got 16"
            ),
            (
                "m.commands.Name = {text = {maximum = 4}, set = 'N{value}'}",
                "DeviceModule 'Acme': command 'Name': field 'text': there is no field 'maximum'; there are 'max'"
            ),
            (
                "m.commands.Name = {text = {max = 0}, set = 'N{value}'}",
                "DeviceModule 'Acme': command 'Name': field 'text': field 'max': must be a whole number from 1 on, got 0"
            ),
            (
                "m.commands.Name = {text = 40, set = 'N{value}'}",
                "DeviceModule 'Acme': command 'Name': field 'text': must be a table or true, got 40"
            ),
        ])
    func values(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }

    @Test(
        "Qualifiers: a mistake names module, command, qualifier and field",
        arguments: [
            (
                "m.commands.Input.qualifiers = {}",
                "DeviceModule 'Acme': command 'Input': field 'qualifiers': must be a list of qualifiers"
            ),
            (
                "m.commands.Input.qualifiers = {name = 'Output', text = true}",
                "DeviceModule 'Acme': command 'Input': field 'qualifiers': must be a list; 'name' is no place in one"
            ),
            (
                "m.commands.Input.qualifiers = {'Output'}",
                "DeviceModule 'Acme': command 'Input': qualifier 1: must be a table, got a string"
            ),
            (
                "m.commands.Input.qualifiers[1].maximum = 4",
                "DeviceModule 'Acme': command 'Input': qualifier 1: there is no field 'maximum'; "
            ),
            (
                "m.commands.Input.qualifiers[1].name = nil",
                "DeviceModule 'Acme': command 'Input': qualifier 1: the field 'name' is missing"
            ),
            (
                "m.commands.Input.qualifiers[1].name = 'value'",
                "DeviceModule 'Acme': command 'Input': a qualifier cannot be named 'value'"
            ),
            (
                "m.commands.Input.qualifiers[2] = m.commands.Input.qualifiers[1]",
                "DeviceModule 'Acme': command 'Input': there are two qualifiers 'Output'"
            ),
            (
                "m.commands.Input.qualifiers[1].max = nil",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': needs 'min' and 'max', or 'values', or 'text'"
            ),
            (
                "m.commands.Input.qualifiers[1].max = 0",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': min 1 is above max 0"
            ),
            (
                "m.commands.Input.qualifiers[1].encode = '%y'",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': field 'encode': '%y' is no format for a number: "
            ),
            (
                "m.commands.Input.qualifiers[1].values = {Left = 1}",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': the fields 'values' and 'min' exclude one another"
            ),
            (
                "m.commands.Input.qualifiers[1] = {name = 'Output', values = {}}",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': field 'values': there is none in it"
            ),
            (
                "m.commands.Input.qualifiers[1] = {name = 'Output', text = {min = 1}}",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': field 'text': there is no field 'min'; "
            ),
            (
                "m.commands.Input.qualifiers[1].default = 5",
                "DeviceModule 'Acme': command 'Input': qualifier 'Output': field 'default': it must be a whole number from 1 to 4"
            ),
        ])
    func qualifiers(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }

    @Test(
        "Replies, errors and messages: a mistake names module, command and field",
        arguments: [
            (
                "m.commands.Power.reply = 1",
                "DeviceModule 'Acme': command 'Power': field 'reply': must be a pattern or a function, got 1"
            ),
            (
                "m.commands.Power.reply = '('",
                "DeviceModule 'Acme': command 'Power': field 'reply': missing ), unterminated subpattern at byte 1"
            ),
            (
                "m.commands.Power.reply = {}",
                "DeviceModule 'Acme': command 'Power': field 'reply': the first of the table must be a pattern, got a nil"
            ),
            (
                "m.commands.Power.reply = {print}",
                "DeviceModule 'Acme': command 'Power': field 'reply': the first of the table must be a pattern, got a function"
            ),
            (
                "m.commands.Power.reply = {'^P', 'On'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': beside the pattern must be a function, got a string"
            ),
            (
                "m.commands.Power.reply = {'^P', print, print}",
                "DeviceModule 'Acme': command 'Power': field 'reply': there is no '3' in a pattern; it is {pattern, function} or {lua = pattern, function}"
            ),
            (
                "m.commands.Power.reply = {lua = '%'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': '%' is no Lua pattern: it ends with %"
            ),
            (
                "m.commands.Power.reply = {lua = 'P[%]'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': 'P[%]' is no Lua pattern: a ] is missing"
            ),
            (
                "m.commands.Power.reply = {lua = 'P(%d'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': 'P(%d' is no Lua pattern: a ) is missing"
            ),
            (
                "m.commands.Power.reply = {lua = 'P%d)'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': 'P%d)' is no Lua pattern: there is a ) too many"
            ),
            (
                "m.commands.Power.reply = {lua = 'P%b('}",
                "DeviceModule 'Acme': command 'Power': field 'reply': 'P%b(' is no Lua pattern: %b needs two characters"
            ),
            (
                "m.commands.Power.reply = {lua = 'P%fd'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': 'P%fd' is no Lua pattern: %f needs a set"
            ),
            (
                "m.commands.Power.reply = {lua = ('()'):rep(33)}",
                "DeviceModule 'Acme': command 'Power': field 'reply': '()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()' is no Lua pattern: it has more than 32 captures"
            ),
            (
                "m.commands.Power.reply = {lua = '(P)%2'}",
                "DeviceModule 'Acme': command 'Power': field 'reply': '(P)%2' is no Lua pattern: there is no capture %2"
            ),
            (
                "m.commands.Power.reply = {lua = 1}",
                "DeviceModule 'Acme': command 'Power': field 'reply': 'lua' must be a Lua pattern, got a number"
            ),
            (
                "m.commands.Input.reply = '(?P<Otput>.)(?P<value>.)'",
                "DeviceModule 'Acme': command 'Input': field 'reply': the group 'Otput' is no qualifier; did you mean 'Output'?"
            ),
            (
                "m.commands.Input.reply = '(?P<Output>.)'",
                "DeviceModule 'Acme': command 'Input': field 'reply': there is no group named 'value'"
            ),
            ("m.errors = {'^E'}", "DeviceModule 'Acme': error 1: must be a table, got a string"),
            ("m.errors = {{}}", "DeviceModule 'Acme': error 1: must be {pattern, text}; the pattern is missing"),
            ("m.errors = {{print}}", "DeviceModule 'Acme': error 1: field '1': must be a pattern, got a function"),
            (
                "m.errors = {{'^E', 7}}",
                "DeviceModule 'Acme': error 1: field '2': must be a string or a function, got 7"
            ),
            (
                "m.errors = {{'^E(', 'text'}}",
                "DeviceModule 'Acme': error 1: missing ), unterminated subpattern at byte 3"
            ),
            (
                "m.errors = {{'^E', 'text', 'more'}}",
                "DeviceModule 'Acme': error 1: there is no field '3'; there are 1, 2"
            ),
            ("m.errors = {{lua = '%', 'text'}}", "DeviceModule 'Acme': error 1: '%' is no Lua pattern: it ends with %"),
            ("m.errors = {E = {'^E'}}", "DeviceModule 'Acme': field 'errors': must be a list; 'E' is no place in one"),
            ("m.messages = {{'x'}}", "DeviceModule 'Acme': message 1: must be {pattern, function}"),
            ("m.messages = {5}", "DeviceModule 'Acme': message 1: must be a pattern, got a number"),
            ("m.messages = {{'['  , print}}", "DeviceModule 'Acme': message 1: unterminated character set at byte 1"),
            (
                "m.messages = {first = {'x', print}}",
                "DeviceModule 'Acme': field 'messages': must be a list; 'first' is no place in one"
            ),
        ])
    func replies(_ change: String, _ message: String) throws {
        try DeviceModuleScene.expectMistake(change, message)
    }
}
