import Lectern
import Testing

/// What a declared module tells its writer: once for each command and reason, and again when all was well in between.
@Suite("Complaints of declared modules")
struct DeviceModuleComplaintTests {
    private static let name = "Acme at 10.0.0.2:23: "

    /// A complaint: what the room's module has, what the device does, and what is said then.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Fields that the module has beside those of the scene.
        var changes = ""
        /// What the room does at the first second.
        var act = ""
        /// What the device's answers are, as a Lua function `reply(line)`; nil: the scene's.
        var reply: String?
        /// What the device says at the second second.
        var says: String?
        let line: String
    }

    static let rows: [Row] = [
        Row(
            testDescription: "a message that nothing matches, with the patterns that are nearest",
            says: "I2=HDMI\\r",
            line: "nothing matches 'I2=HDMI'; nearest: '^I(\\d)=(\\d)$' (Input) up to 'I2='"),
        Row(
            testDescription: "a message that no pattern begins like",
            says: "hello \\1\\xff\\r", line: "nothing matches 'hello \\x01\\xff'; no pattern begins like it"),
        Row(
            testDescription: "a message that does not answer the open request",
            changes: "timeout = 5", act: "dev:Update('Input', {Output = 2})", reply: "return 'Input 2 is HDMI'",
            line: "nothing matches 'Input 2 is HDMI'; Input {Output = 2} awaits '^I(\\d)=(\\d)$'; "
                + "nearest: '^I(\\d)=(\\d)$' (Input) up to 'I'"),
        Row(
            testDescription: "a message whose function does not take it",
            changes: "messages = {{'^T(\\\\d)$', function() return false end}}", says: "T1\\r",
            line: "nothing matches 'T1'; nearest: '^T(\\d)$' (message 1) matches, but its function does not take it"),
        Row(
            testDescription: "a long message, shortened",
            changes: "framing = {delimiter = '\\r'}", says: String(repeating: "x", count: 70) + "\\r",
            line: "nothing matches '\(String(repeating: "x", count: 60))…' (70 bytes); no pattern begins like it"),
        Row(
            testDescription: "a request that nobody answers",
            changes: "timeout = 0.5", act: "dev:Update('Input', {Output = 2})", reply: "return nil",
            line: "Input {Output = 2}: no answer to 'I2?\\r' within 0.5 s; awaited: '^I(\\d)=(\\d)$'"),
        Row(
            testDescription: "a set that nobody acknowledges",
            changes: "timeout = 0.5, ack = {lua = '^OK$'}", act: "dev:Set('Volume', 3)", reply: "return nil",
            line: "Volume: no answer to 'V3\\r' within 0.5 s; awaited: '^OK$'"),
        Row(
            testDescription: "a wrong checksum, with what was expected and what there was",
            changes: "unwrap = function(_, message) return nil, 'wrong checksum', 0x3f, message:byte(-1) end",
            says: "P1\\r", line: "wrong checksum: expected 0x3F, got 0x31: 'P1'"),
        Row(
            testDescription: "what unwrap does not take",
            changes: "unwrap = function(_, message) return nil, 'no head' end", says: "P1\\r", line: "no head: 'P1'"),
        Row(
            testDescription: "bytes that framing leaves out",
            changes: "framing = {pattern = 'P\\\\d'}", says: "x1 P1",
            line: "3 bytes that begin no message are left out: 'x1 ' (declared at room.lua:19)"),
        Row(
            testDescription: "more bytes than a message may have",
            says: "0123456789abcdefg",
            line: "more than 16 bytes came that are no message; they are dropped: '0123456789abcdefg' "
                + "(17 bytes; declared at room.lua:19)"),
        Row(
            testDescription: "a value that there is not, with the qualifier",
            says: "I3=7\\r", line: "Input {Output = 3}: unexpected reply: '7' is no value"),
        Row(
            testDescription: "an error of the device, with the qualifier of what was sent last",
            act: "dev:Set('Input', 'VGA', {Output = 4})", reply: "return 'E3'",
            line: "Input {Output = 4}: the device says 3"),
    ]

    private static func scene(_ row: Row, _ more: String = "") throws -> DeviceModuleScene {
        try DeviceModuleScene(
            """
            dev = with({\(row.changes)}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            \(more)
            Wait(1, function() \(row.act) end)
            """,
            device: (row.reply.map { "function reply(line) \($0) end\n" } ?? "")
                + (row.says.map { "Wait(2, function() say('\($0)') end)\nWait(2.1, function() say('\($0)') end)" } ?? "")
        )
    }

    @Test("Each trouble is one warning that says what, of whom and why, though it comes twice", arguments: rows)
    func told(_ row: Row) throws {
        let scene = try Self.scene(row)
        scene.run(4)
        #expect(scene.room.lines == [Self.name + row.line], "\(scene.room.timeline)")
        #expect(scene.room.entries.allSatisfy { $0.severity == .warning })
    }

    @Test("A program hears of each trouble when it listens, with a stable word for the reason", arguments: rows)
    func heard(_ row: Row) throws {
        let scene = try Self.scene(
            row,
            """
            event(dev, 'ErrorOccurred', function(device, command, qualifier, reason, text)
                print(device == dev, command, qualifier and qualifier.Output, reason, text)
            end)
            """)
        scene.run(4)
        let heard = scene.room.lines.filter { $0.hasPrefix("true\t") }
        #expect(heard.count == (row.says == nil ? 1 : 2), "\(scene.room.lines)")
        let fields = heard[0].split(separator: "\t").map(String.init)
        let reasons = ["Unmatched", "Timeout", "Checksum", "Framing", "Value", "DeviceError"]
        #expect(reasons.contains(fields[3]), "\(heard)")
        #expect(row.line.contains(fields[4].prefix(12)), "\(heard)")
        #expect(scene.room.warnings.count == 1, "\(scene.room.lines)")
    }

    @Test("What comes again is counted; after an answer it is told at once, and then in growing spaces")
    func counted() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 0.5}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            Timer(1, function() dev:Update('Power') end)
            """,
            device: """
                local answer, count = reply, 0
                function reply(line)
                    count = count + 1
                    if count == 4 or count > 5 and count % 2 == 1 then return answer(line) end
                end
                """)
        scene.run(80)
        let line = "Acme at 10.0.0.2:23: Power: no answer to 'P?\\r' within 0.5 s; awaited: '^P(\\d)$'"
        #expect(
            scene.room.timeline == [
                "1.5 \(line)", "5.5 \(line); it came 2 times more since it was told last",
                "66.5 \(line); it came 30 times more since it was told last",
            ], "\(scene.room.timeline)")
    }

    @Test("A device that says something else each time is told of a few times, and no more is remembered")
    func bounded() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({framing = {delimiter = '\\r'}}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            """,
            device: """
                Wait(1, function()
                    for i = 1, 2000 do say(string.char(97 + i % 26, 97 + i // 26 % 26, 97 + i // 676) .. '\\r') end
                end)
                """)
        scene.run(3)
        #expect(scene.room.lines.count == 9, "\(scene.room.lines)")
        #expect(scene.room.lines.allSatisfy { $0.hasPrefix(Self.name + "nothing matches '") })
    }

    @Test("A password is not shown, neither in what was sent nor in what came")
    func secrets() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({
                timeout = 0.5, devicePassword = 's3cret',
                wrap = function(self, body) return self.devicePassword .. ' ' .. body end,
            }).EthernetClass('10.0.0.2')
            event(dev, 'ErrorOccurred', function(_, _, _, _, text) print(text) end)
            dev:Connect(1)
            dev:Update('Power')
            Wait(2, function() dev:Error('it has sent s3cret') end)
            """,
            device: """
                function reply(line) return nil end
                Wait(1, function() say('s3cret?\\r') end)
                """)
        scene.run(3)
        #expect(scene.room.lines.count == 6, "\(scene.room.lines)")
        #expect(scene.room.lines.allSatisfy { $0.contains("****") && !$0.contains("s3cret") }, "\(scene.room.lines)")
    }

    @Test("An error inside the handler of ErrorOccurred is contained, and what it causes is not told to it again")
    func failingHandler() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            dev.ErrorOccurred = function(device, command, qualifier, reason, text)
                print(reason, text)
                device:Error('once more')
                error('oops')
            end
            report(dev, 'Power')
            dev:Connect(1)
            """, device: "Wait(1, function() say('E5\\rP1\\r') end)")
        scene.run(2)
        #expect(scene.room.lines.contains("DeviceError\tthe device says 5"), "\(scene.room.lines)")
        #expect(scene.room.lines.count { $0.hasPrefix("DeviceError") } == 1, "\(scene.room.lines)")
        #expect(scene.room.lines.contains(Self.name + "once more"), "\(scene.room.lines)")
        #expect(scene.room.errors.contains { $0.text.contains("oops") }, "\(scene.room.lines)")
        #expect(scene.room.lines.last == "Power\tOn\tnil", "\(scene.room.lines)")
    }

    @Test("A raw interface has no such event, and a device's near miss is named")
    func eventNames() throws {
        let scene = try DeviceModuleScene(
            """
            raw = EthernetClientInterface('10.0.0.2', 23)
            print(select(2, pcall(event, raw, 'ErrorOccurred', print)))
            print(select(2, pcall(event, with({}).EthernetClass('10.0.0.2'), 'ErrorOcurred', print)))
            """)
        #expect(scene.room.lines[0].contains("has no event 'ErrorOccurred'"), "\(scene.room.lines)")
        #expect(scene.room.lines[1].contains("did you mean 'ErrorOccurred'?"), "\(scene.room.lines)")
    }

    @Test("A refused login and a refused handshake are heard of with the reason Refused")
    func refused() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({handshake = function() return 'wrong digest' end}).EthernetClass('10.0.0.2')
            event(dev, 'ErrorOccurred', function(_, command, _, reason, text) print(command, reason, text) end)
            dev:Connect(1)
            """)
        scene.run(1)
        #expect(
            scene.room.lines == [
                Self.name + "the handshake failed: wrong digest", "nil\tRefused\tthe handshake failed: wrong digest",
            ], "\(scene.room.lines)")
    }

    @Test(
        "A function of the module that returns nothing is an error that names it and what it must return",
        arguments: [
            (
                "wrap = function() end", "dev:Update('Power')",
                "Power: the function 'wrap' returned nothing; it must return a string, what is sent"
            ),
            (
                "unwrap = function(_, message) local text = message end", "dev:Update('Power')",
                "the function 'unwrap' returned nothing; it must return what is matched, or nil and what is wrong "
                    + "(nil alone: the message is not for this device)"
            ),
            (
                "commands = {Q = {query = function() end, reply = 'x'}}", "dev:Update('Q')",
                "the function 'query' returned nothing; it must return what asks, or nil to ask nothing"
            ),
            (
                "commands = {Q = {values = {On = 1}, set = function() end}}", "dev:Set('Q', 'On')",
                "the function 'set' returned nothing; it must return what is sent, or nil to send nothing"
            ),
            (
                "commands = {Q = {range = {min = 0, max = 1, encode = function() end}, set = '{value}'}}",
                "dev:Set('Q', 1)",
                "field 'range': field 'encode': the function returned nothing for 1; it must return the code"
            ),
        ])
    func silentHooks(_ changes: String, _ act: String, _ message: String) throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({\(changes)}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            \(act)
            """)
        scene.run(1)
        // The program ends by it, which is another line.
        let errors = scene.room.errors.filter { !$0.text.hasPrefix("the main chunk has failed") }
        #expect(errors.count == 1, "\(scene.room.lines)")
        #expect(scene.room.errors.first?.text.contains(message) == true, "\(scene.room.lines)")
    }

    @Test("nil from set, query and unwrap is an answer: nothing is sent, and the message is dropped without a word")
    func deliberateNil() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({
                commands = {Q = {values = {On = 1}, set = function() return nil end, query = function() return nil end,
                    reply = 'x'}},
                unwrap = function() return nil end,
            }).EthernetClass('10.0.0.2')
            dev:Connect(1)
            dev:Set('Q', 'On')
            dev:Update('Q')
            """, device: "Wait(1, function() say('P1\\r') end)")
        scene.run(2)
        #expect(scene.room.lines.isEmpty && scene.device.lines.isEmpty, "\(scene.room.lines)")
    }

    @Test("What a set says nobody answers to is not waited for, and nothing is told of it")
    func silentSet() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 1, commands = {All = {
                values = {On = 1}, set = function(self, code) return 'all' .. code .. '\\r', false end,
                query = 'a?\\r', reply = '^a(\\\\d)$', ack = true, confirm = true,
            }}}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            dev:Set('All', 'On')
            dev:Set('All', 'On')
            """, device: "function reply(line) end")
        scene.run(3)
        #expect(scene.device.timeline == ["0.0 all1", "0.0 all1"], "\(scene.device.timeline)")
        #expect(scene.room.lines.isEmpty, "\(scene.room.lines)")
    }

    @Test("An error that a reply would take, too, is an error; with last = true the reply has it")
    func errorsFirst() throws {
        func lines(_ last: String) throws -> [String] {
            let scene = try DeviceModuleScene(
                """
                dev = with({
                    timeout = 1, errors = {{'^ERR$', 'it refuses'\(last)}},
                    commands = {Name = {query = 'N\\r', reply = '^(.*)$'}},
                }).EthernetClass('10.0.0.2')
                report(dev, 'Name')
                dev:Connect(1)
                dev:Update('Name')
                """, device: "function reply(line) return 'ERR' end")
            scene.run(2)
            return scene.room.lines
        }
        #expect(try lines("") == [Self.name + "Name: it refuses"])
        #expect(try lines(", last = true") == ["Name\tERR\tnil"])
    }

    @Test("A delimiter that is a backslash and a letter is a mistake")
    func escapedDelimiter() throws {
        try DeviceModuleScene.expectMistake(
            "m.framing = {delimiter = [[\\r]]}",
            "DeviceModule 'Acme': field 'framing': field 'delimiter': '\\r' is a backslash and what follows; did you mean "
                + "'\\r', with one backslash and in quotes?")
    }

    @Test("A login's word that is nearly one of the device's fields is a mistake")
    func nearWord() throws {
        try DeviceModuleScene.expectMistake(
            "m.login = {{prompt = 'Password:', send = 'pasword'}}",
            "DeviceModule 'Acme': field 'login': step 1: field 'send': did you mean 'password', which stands for the "
                + "device's field, instead of 'pasword'?")
    }

    @Test("With the log at debug, framing and pairing are told; at info there is not a word of them")
    func debugLevel() throws {
        func scene(_ level: ProgramLogEntry.Severity) throws -> DeviceModuleScene {
            var configuration = Stage.configuration()
            configuration.logLevel = level
            let scene = try DeviceModuleScene(
                """
                dev = with({timeout = 1}).EthernetClass('10.0.0.2')
                dev:Connect(1)
                dev:Update('Input', {Output = 2})
                """, device: "Wait(1, function() say('V3\\rP') end)", configuration: configuration)
            scene.run(2)
            return scene
        }
        let quiet = try scene(.info)
        #expect(quiet.room.entries.isEmpty, "\(quiet.room.lines)")
        let told = try scene(.debug)
        #expect(told.room.entries.allSatisfy { $0.severity == .debug }, "\(told.room.lines)")
        // Tasks are told of as well.
        #expect(
            told.room.lines.filter { $0.hasPrefix(Self.name) }
                == [
                    "Input {Output = 2}: sends 'I2?\\r'", "framing gives the message 'I2=1'",
                    "ConnectionStatus: is Connected",
                    "Input {Output = 2}: is HDMI", "Input {Output = 2}: 'I2=1' is its answer",
                    "framing gives the message 'V3'", "Volume: is 3",
                    "'V3' answers no request, but is understood",
                    "framing keeps 'P' until more comes",
                ].map { Self.name + $0 }, "\(told.room.lines)")
    }
}
