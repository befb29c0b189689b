import ControlCore
import Lectern
import LuaRuntime
import Testing

/// Every Lua block of the documentation is a program that does what it says.
@Suite("Documentation")
struct DocumentationTests {
    static let documents: [String] = {
        let names = (try? ProjectFiles.names(in: "docs")) ?? []  // none: then the inventory fails
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
    }()

    /// A device with TLS, in the folder with its certificate.
    static let switcher = """
        local server = EthernetServerInterfaceEx(443)
        server:SSLWrap('switcher.pem')
        server.ReceiveData = function(client, data) if data == 'V' then client:Send('Ver 1.0\\r\\n') end end
        server:StartListen()
        """

    static func blocks(of document: String) throws -> [LuaBlock] {
        LuaBlock.all(in: try ProjectFiles.text(of: document), of: document)
    }

    static let programs: [LuaBlock] = documents.flatMap { (try? blocks(of: $0)) ?? [] }
        .filter { $0.fragmentReason == nil }

    /// The projector that the documents talk to, over TCP and UDP.
    static let projector = """
        local servers = {EthernetServerInterfaceEx(5000), EthernetServerInterfaceEx(5000, 'UDP')}
        local power = '1'
        event(servers, 'ReceiveData', function(client, data)
            for command in data:gmatch('.') do
                if command == '0' or command == '1' then power = command end
                if command:find('[P01]') then client:Send('Pwr' .. power .. '\\r\\n') end
            end
        end)
        for _, server in ipairs(servers) do server:StartListen() end
        """

    /// A client that calls on whatever listens on port 9000 of the program's host.
    static let panel = """
        local room = EthernetClientInterface('room', 9000)
        Timer(1, function(timer)
            if room:Connect(0.5) == 'Connected' then
                timer:Stop()
                room:Send('Hello\\r\\n')
            end
        end)
        """

    /// The instrument that the page on TCPInterface talks to.
    static let thermometer = """
        local server = EthernetServerInterfaceEx(9021)
        event(server, 'ReceiveData', function(client, data)
            for _ in data:gmatch('T%?\\n') do client:Send('4.2\\n') end
        end)
        server:StartListen()
        """

    /// The mail server of the guide, in the folder with its certificate.
    static let mail = """
        local server = EthernetServerInterfaceEx(587)
        local replies = {
            EHLO = '250-mail\\r\\n250-AUTH PLAIN\\r\\n250 STARTTLS', STARTTLS = '220 go', AUTH = '235 in', MAIL = '250 ok',
            RCPT = '250 ok', DATA = '354 go', QUIT = '221 bye', ['.'] = '250 taken',
        }
        server.Connected = function(client) client:Send('220 mail\\r\\n') end
        server.ReceiveData = function(client, data)
            for line in data:gmatch('([^\\r\\n]+)\\r\\n') do
                local reply = replies[line:match('^%u+') or line]
                if line:find('<nobody@') then reply = '550 no such user' end
                if reply then client:Send(reply .. '\\r\\n') end
                if line == 'STARTTLS' then client:SSLWrap('mail.pem') end
            end
        end
        server:StartListen()
        """

    /// The equipment that the page on HSMS talks to.
    static let etcher = """
        local secsgem = require 'secsgem'
        local etcher = secsgem.GemEquipmentHandler(
            '192.168.1.10', 5000, false, 0, 'host', {initial_control_state = 'ONLINE'})
        etcher.MDLN = 'etcher'
        etcher:add_status_variable(10, 'Pressure', 'Pa', 7)
        etcher:add_collection_event(100, 'Started')
        etcher:add_remote_command('START', {'LOT'}, function() return 0 end)
        etcher:enable()
        """

    /// The media player with a web server that the guide talks to.
    static let player =
        HttpDevice.server + """
            local state = {power = false, level = 20}
            local function answer(client, value)
                reply(client, 200, {'Content-Type: application/json'}, json.encode(value, {sort_keys = true}))
            end
            routes['/api/state'] = function(client, request)
                if request.method == 'PUT' then
                    for name, value in pairs(json.decode(request.body)) do state[name] = value end
                end
                answer(client, state)
            end
            routes['/api/search'] = function(client, request) answer(client, {query = request.target:match('%?(.*)')}) end
            routes['/login'] = function(client, request)
                reply(client, 200, {'Set-Cookie: session=5f3a; Path=/'}, request.body)
            end
            routes['/api/events'] = function(client)
                client:Send('HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n')
                Timer(1, function(timer, i)
                    client:Send('event: level\\ndata: {\"level\": ' .. 20 + i .. '}\\n\\n')
                    if i == 2 then timer:Stop() client:Disconnect() end
                end)
            end
            """

    @Test("A block does what it says, and no task of it fails", arguments: programs)
    func block(_ block: LuaBlock) throws {
        var files = [
            "switcher.pem": SimulatedCertificate(names: ["switcher"]).text,
            "room.pem": SimulatedCertificate(names: ["room"]).text,
            "mail.pem": SimulatedCertificate(names: ["mail.example.org"]).text,
        ]
        for earlier in try Self.blocks(of: block.document) where earlier.line < block.line {
            if let file = earlier.file { files[file] = earlier.text }
        }
        try ProjectFiles.withFolder(of: files) { folder in try run(block, in: folder) }
    }

    private func run(_ block: LuaBlock, in folder: String) throws {
        let stage = Stage()
        try stage.start("projector", address: "192.168.1.20", Self.projector)
        let amplifier = SSHDevice(in: stage.world, address: "192.168.1.40")
        try stage.start("thermometer", address: "192.168.1.21", Self.thermometer)
        try stage.start("player", address: "192.168.1.22", Self.player)
        try stage.start("panel", address: "192.168.1.30", Self.panel)
        try stage.start("switcher", address: "192.168.1.50", Self.switcher, folder: folder)
        try stage.start("mail.example.org", address: "192.168.1.70", Self.mail, folder: folder)
        try stage.start("etcher", address: "192.168.1.60", Self.etcher)
        var configuration = Stage.configuration()
        configuration.identities["room"] = .init(certificate: "\(folder)/room.pem")
        try configuration.mapPort("MainProcessor:COM2=tcp://192.168.1.20:5000")
        let room = try stage.start(
            "room", address: "192.168.1.10", Self.placed(block), file: block.file ?? "main.lua", folder: folder,
            configuration: configuration)
        stage.run(20)
        withExtendedLifetime(amplifier) {}

        #expect(room.errors.count == block.logs.count, "\(room.errors.map(\.text))")
        for (entry, expected) in zip(room.errors, block.logs) {
            #expect(entry.text.hasPrefix(expected), "\(entry.text)")
        }
        guard !block.prints.isEmpty else { return }
        var printed = room.entries.filter { $0.severity == .info }.map { Self.seen($0.text) }
        var expected = block.prints.map(Self.seen)
        if expected.last == "..." {
            expected.removeLast()
            printed = Array(printed.prefix(expected.count))
        }
        #expect(printed == expected, "\(room.timeline)")
    }

    /// Where the device of a document is here. A reader's runs on the reader's machine, at 127.0.0.1.
    private static let devices = ["docs/socs.md": "192.168.1.21", "docs/hsms.md": "192.168.1.60"]
    private static let device = "192.168.1.20"

    /// A reader's device is on the reader's machine; here it has a machine of its own.
    private static func placed(_ block: LuaBlock) -> String {
        block.text.replacing("'127.0.0.1'", with: "'\(devices[block.document] ?? device)'")
    }

    /// What a reader would see: everything is on one machine. Tabs and runs of spaces are one space, as `print` puts
    /// tabs between its arguments.
    private static func seen(_ text: String) -> String {
        let spaced = text.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
        return (devices.values + [device, "192.168.1.30"]).reduce(spaced) { $0.replacing($1, with: "127.0.0.1") }
    }

    @Test("The documents have programs, and every fragment says why it cannot run alone")
    func inventory() throws {
        #expect(Self.programs.count > 20)
        for document in Self.documents {
            for block in try Self.blocks(of: document) {
                guard let reason = block.fragmentReason else { continue }
                #expect(reason.hasPrefix("fragment: "), "\(block.testDescription): \(reason)")
            }
        }
    }

    @Test("A configuration in the documents is one", arguments: documents)
    func configurations(_ document: String) throws {
        for block in try ProjectFiles.text(of: document).split(separator: "```yaml\n").dropFirst() {
            let text = block.prefix(upTo: block.firstRange(of: "```")?.lowerBound ?? block.endIndex)
            let read = try ProgramConfiguration(yaml: String(text), file: document)
            #expect(read.limits == LuaLimits(), "the documents show the defaults")
        }
    }

    /// The pages of the reference, which are made from the declarations.
    static let referencePages: [String] = ((try? ProjectFiles.names(in: "docs/reference")) ?? []).map {
        "docs/reference/\($0)"
    }

    @Test("A link inside the documentation leads to a file", arguments: documents + referencePages)
    func links(_ document: String) throws {
        let folder = document.split(separator: "/").dropLast().joined(separator: "/")
        for match in try ProjectFiles.text(of: document).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
            let target = "\(ProjectFiles.root)/\(folder)/\(match.1)"
            #expect(ProjectFiles.exists(target), "\(document): \(match.1)")
        }
    }
}
