import ControlCore
import Foundation
import Lectern
import Polling
import Testing

/// Peers that send without end, or things that nobody can use: each gets its share of the time and of the memory, and
/// what is wrong is told once. Faults that were found by trial; this file only grows.
@Suite("A peer gets its share")
struct PeerShareTrialTests {
    /// Frames and pieces of one flood; ten times as many when the run may be long.
    private static let pieces =
        ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == nil ? 200_000 : 2_000_000
    /// What the module kit does for one device in one turn: bytes that are left out one by one, and messages.
    private static let bytesPerTurn = 8192
    private static let messagesPerTurn = 256

    /// Counts what happens at one instant: in the simulated world no time passes within a turn, and some between two
    /// turns of a device.
    private static let counter = """
        local at, count, most, total = -1, 0, 0, 0
        function tick()
            local now = GetSystemUpTime()
            if now ~= at then at, count = now, 0 end
            count, total = count + 1, total + 1
            if count > most then most = count end
        end
        function totals() return total, most end

        """

    /// A stage with a device at 10.0.0.2 and a room.
    private static func stage(device: String, room: String) throws -> Stage {
        let stage = Stage()
        stage.world.network.latency = .zero
        try stage.start("room", "")
        try stage.start("device", device)
        stage.run(0)
        try stage.start("room", counter + room)
        return stage
    }

    /// What the last line of the room says of the flood: how many there were, and how many at one instant.
    private static func totals(_ stage: Stage) throws -> (total: Int, most: Int) {
        let last = try #require(stage.actors["room"]?.lines.last)
        let numbers = last.split(separator: "\t").compactMap { Int($0) }
        try #require(numbers.count == 2, "\(last)")
        return (numbers[0], numbers[1])
    }

    // MARK: - Framing

    @Test("Garbage for a module that tells lengths is left out in turns, and a message behind it is found")
    func garbageOfLengths() throws {
        let stage = try Self.stage(
            device: """
                tcp = EthernetServerInterfaceEx(23)
                tcp.Connected = function(client)
                    for _ = 1, 3 do client:Send(('\\xff'):rep(65536)) end
                    client:Send('\\0\\2p\\1')
                end
                tcp:StartListen()
                """,
            room: """
                local M = DeviceModule {name = 'Len', connections = {Ethernet = {port = 23}},
                    framing = {length = function(b)
                        tick()
                        if #b < 2 then return nil end
                        local n = string.unpack('>I2', b)
                        if n > 2000 then return false end
                        return n + 2
                    end},
                    commands = {Power = {values = {On = '\\1', Off = '\\0'}, query = '\\0\\1P', reply = '(?s)^..p(.)$'}}}
                local D = M.EthernetClass('10.0.0.2')
                D:SubscribeStatus('Power', nil, print)
                D:Connect(1)
                Wait(9, function() print(totals()) end)
                """)
        stage.run(10)
        let room = try #require(stage.actors["room"])
        #expect(room.lines.contains("Power\tOn\tnil"), "\(room.timeline)")
        let warnings = room.entries.filter { $0.severity == .warning }.map(\.text)
        #expect(warnings.count == 1, "\(warnings)")
        #expect(
            warnings.first?.hasPrefix("Len at 10.0.0.2:23: ") == true
                && warnings.first?.contains("bytes that begin no message are left out: '\\xff\\xff") == true
                && warnings.first?.hasSuffix("(declared at room.lua:9)")
                    == true,
            "\(warnings)")
        let (total, most) = try Self.totals(stage)
        #expect(total >= 3 * 65_536)
        #expect(most <= Self.bytesPerTurn)
        stage.expectNoErrors()
    }

    @Test(
        "Frames without end are taken in turns, and none is lost", .needsMemory,
        arguments: [
            "{delimiter = ';'}", "{delimiter = {';', '\\r\\n', '>>'}}", "{pattern = 'm[0-9]+;'}",
            "{length = function(b) local n = b:find(';', 1, true) return n end}",
        ])
    func frames(_ framing: String) throws {
        let count = framing.contains("delimiter = ';'") ? Self.pieces : Self.pieces / 10
        let stage = try Self.stage(
            device: """
                tcp = EthernetServerInterfaceEx(23)
                tcp.Connected = function(client)
                    local text = ('m1;'):rep(20000)
                    for _ = 1, \(count / 20_000) do client:Send(text) end
                end
                tcp:StartListen()
                """,
            room: """
                local M = DeviceModule {name = 'Flood', connections = {Ethernet = {port = 23}}, framing = \(framing),
                    messages = {{lua = 'm1', tick}},
                    commands = {Power = {text = true, query = 'P', reply = 'Pwr'}}}
                local D = M.EthernetClass('10.0.0.2')
                D:Connect(1)
                Wait(\(count / 5000), function() print(totals()) end)
                """)
        stage.run(Double(count / 5000 + 1))
        let (total, most) = try Self.totals(stage)
        #expect(total == count)
        #expect(most <= Self.messagesPerTurn)
        stage.expectNoErrors()
    }

    @Test("Bytes one by one in front of a delimiter, and delimiters alone, are taken in turns")
    func emptyMessages() throws {
        let stage = try Self.stage(
            device: """
                tcp = EthernetServerInterfaceEx(23)
                tcp.Connected = function(client)
                    client:Send((';'):rep(200000))
                    for _ = 1, 1000 do client:Send('z') end
                    client:Send(';m1;')
                end
                tcp:StartListen()
                """,
            room: """
                local M = DeviceModule {name = 'Flood', connections = {Ethernet = {port = 23}}, framing = {delimiter = ';'},
                    messages = {{lua = '^m1$', tick}},
                    commands = {Power = {text = true, query = 'P', reply = 'Pwr'}}}
                M.EthernetClass('10.0.0.2'):Connect(1)
                -- It comes between the turns of the device.
                local ticks = 0
                Timer(0.01, function() ticks = ticks + 1 end)
                Wait(2, function() print(totals(), ticks > 190) end)
                """)
        stage.run(3)
        #expect(stage.actors["room"]?.lines.last == "1\ttrue", "\(String(describing: stage.actors["room"]?.lines))")
        stage.expectNoErrors()
    }

    @Test("Options of telnet without end are refused in turns, and what is between them is heard")
    func telnet() throws {
        let stage = try Self.stage(
            device: """
                tcp = EthernetServerInterfaceEx(23)
                got = 0
                tcp.ReceiveData = function(_, data) got = got + #data end
                tcp.Connected = function(client)
                    for _ = 1, 10 do client:Send(('\\xff\\xfd\\1m1;'):rep(10000)) end
                end
                tcp:StartListen()
                Wait(8, function() print(got) end)
                """,
            room: """
                local M = DeviceModule {name = 'Flood', connections = {Ethernet = {port = 23, telnet = true}},
                    framing = {delimiter = ';'}, messages = {{lua = '^m1$', tick}},
                    commands = {Power = {text = true, query = 'P', reply = 'Pwr'}}}
                M.EthernetClass('10.0.0.2'):Connect(1)
                Wait(9, function() print(totals()) end)
                """)
        stage.run(10)
        let (total, most) = try Self.totals(stage)
        #expect(total == 100_000)
        #expect(most <= Self.messagesPerTurn)
        #expect(stage.actors["device"]?.lines == ["300000"])
        stage.expectNoErrors()
    }

    @Test("A server's program hears 200,000 pieces in order, though its handler waits now and then")
    func piecesForServer() throws {
        let stage = try Self.stage(
            device: """
                tcp = EthernetServerInterfaceEx(23)
                local got, pieces = 0, 0
                tcp.ReceiveData = function(client, data)
                    got, pieces = got + #data, pieces + 1
                    if pieces % 100 == 0 then time.sleep(0.001) end
                end
                tcp:StartListen()
                Timer(1, function() print(got) end)
                """,
            room: """
                local C = EthernetClientInterface('10.0.0.2', 23)
                C:Connect(1)
                for _ = 1, \(Self.pieces) do C:Send('x') end
                """)
        stage.run(60)
        #expect(stage.actors["device"]?.lines.last == "\(Self.pieces)")
        stage.expectNoErrors()
    }

    // MARK: - Status

    /// A device that refuses the login each time.
    private static let refusing = """
        tcp = EthernetServerInterfaceEx(23)
        tcp.Connected = function(client) client:Send('Password:') end
        tcp.ReceiveData = function(client) client:Send('denied\\r') end
        tcp:StartListen()
        """

    /// Prints what changes, and whenever handler and module do not say the same.
    private static let watch = """
        event(H, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
        H:Connect(1)
        Timer(0.25, function()
            local mine, theirs = H.ConnectionStatus, D:ReadStatus('ConnectionStatus')
            if theirs and mine ~= theirs then print('handler', mine, 'module', theirs) end
        end)
        """

    @Test("After a refused login handler and module agree, on each retry as at first")
    func refusedLogin() throws {
        let stage = try Self.stage(
            device: Self.refusing,
            room: """
                local M = DeviceModule {name = 'locked', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\\r'},
                    timeout = 1, login = {{prompt = 'Password:', send = 'password'}, failed = 'denied', done = 'welcome', timeout = 2},
                    commands = {Power = {values = {On = '1', Off = '0'}, query = 'P\\r', reply = '^P(\\\\d)$'}}}
                D = M.EthernetClass('10.0.0.2') D.devicePassword = 'wrong'
                H = GetConnectionHandler(D, 'Power', {pollFrequency = 0.5, DisconnectLimit = 4, connectRetryTime = 0.5})
                \(Self.watch)
                """)
        stage.run(30)
        #expect(
            stage.actors["room"]?.lines == [
                "locked at 10.0.0.2:23: the password was refused: set devicePassword", "Disconnected",
            ],
            "\(String(describing: stage.actors["room"]?.timeline))")
    }

    @Test("A password that is refused after a good connection is Disconnected at once, and a good one later Connected")
    func refusedLater() throws {
        let stage = try Self.stage(
            device: """
                tcp, good = EthernetServerInterfaceEx(23), true
                tcp.Connected = function(client) client:Send('Password:') end
                tcp.ReceiveData = function(client, data)
                    if data == 'P\\r' then client:Send('P1\\r') else client:Send(good and 'welcome' or 'denied\\r') end
                end
                tcp:StartListen()
                local function drop() for _, client in ipairs(tcp.Clients) do client:Disconnect() end end
                Wait(5, function() good = false drop() end)
                Wait(20, function() good = true end)
                """,
            room: """
                local M = DeviceModule {name = 'locked', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\\r'},
                    timeout = 1, login = {{prompt = 'Password:', send = 'password'}, failed = 'denied', done = 'welcome', timeout = 2},
                    commands = {Power = {values = {On = '1', Off = '0'}, query = 'P\\r', reply = '^P(\\\\d)$'}}}
                D = M.EthernetClass('10.0.0.2') D.devicePassword = 'word'
                H = GetConnectionHandler(D, 'Power', {pollFrequency = 0.5, DisconnectLimit = 4, connectRetryTime = 0.5})
                \(Self.watch)
                """)
        stage.run(40)
        #expect(
            stage.actors["room"]?.lines == [
                "Connected", "Disconnected", "locked at 10.0.0.2:23: the password was refused: set devicePassword",
                "Connected",
            ], "\(String(describing: stage.actors["room"]?.timeline))")
    }

    @Test("A module written by hand agrees with its handler as well")
    func refusedByHand() throws {
        let stage = try Self.stage(
            device: Self.refusing,
            room: """
                local Device = class('Device', EthernetClientInterface)
                function Device:init(...)
                    EthernetClientInterface.init(self, ...)
                    self.Status, self.Callbacks = {}, {}
                    event(self, 'ReceiveData', function(_, data)
                        if data:find('Password:', 1, true) then self:Send('wrong\\r') end
                        if data:find('denied', 1, true) then self:WriteStatus('ConnectionStatus', 'Disconnected') end
                    end)
                end
                function Device:Update() end
                function Device:OnDisconnected() self:WriteStatus('ConnectionStatus', 'Disconnected') end
                function Device:ReadStatus(command) return self.Status[command] end
                function Device:WriteStatus(command, value)
                    if self.Status[command] == value then return end
                    self.Status[command] = value
                    for _, f in ipairs(self.Callbacks) do f(command, value, nil) end
                end
                function Device:SubscribeStatus(command, _, f)
                    if command == 'ConnectionStatus' then self.Callbacks[#self.Callbacks + 1] = f end
                end
                D = Device('10.0.0.2', 23)
                H = GetConnectionHandler(D, 'Power', {pollFrequency = 0.5, DisconnectLimit = 4, connectRetryTime = 0.5})
                \(Self.watch)
                """)
        stage.run(30)
        #expect(
            stage.actors["room"]?.lines == ["Connected", "Disconnected"],
            "\(String(describing: stage.actors["room"]?.timeline))")
    }

    @Test("A module by hand whose login is refused after a loss agrees with its handler within two polls")
    func refusedByHandAfterLoss() throws {
        let stage = try Self.stage(
            device: """
                tcp, good = EthernetServerInterfaceEx(23), true
                tcp.Connected = function(client) client:Send('Password:') end
                tcp.ReceiveData = function(client) client:Send(good and 'ok' or 'denied') end
                tcp:StartListen()
                Wait(5, function()
                    good = false
                    for _, client in ipairs(tcp.Clients) do client:Disconnect() end
                end)
                """,
            room: """
                local Device = class('Device', EthernetClientInterface)
                function Device:init(...)
                    EthernetClientInterface.init(self, ...)
                    self.Status = {}
                    event(self, 'ReceiveData', function(_, data)
                        if data:find('Password:', 1, true) then self:Send('word') end
                        if data == 'ok' then self:WriteStatus('Connected') end
                        if data == 'denied' then self:WriteStatus('Disconnected') end
                    end)
                end
                function Device:Update() end
                function Device:OnDisconnected() self:WriteStatus('Disconnected') end
                function Device:ReadStatus(command) return self.Status[command] end
                function Device:WriteStatus(value)
                    if self.Status.ConnectionStatus == value then return end
                    self.Status.ConnectionStatus = value
                    if self.Callback then self.Callback('ConnectionStatus', value, nil) end
                end
                function Device:SubscribeStatus(command, _, f) self.Callback = f end
                D = Device('10.0.0.2', 23)
                H = GetConnectionHandler(D, 'Power', {pollFrequency = 0.5, DisconnectLimit = 40, connectRetryTime = 0.5})
                event(H, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
                H:Connect(1)
                Timer(0.1, function()
                    local differ = H.ConnectionStatus ~= D:ReadStatus('ConnectionStatus')
                    since = differ and (since or GetSystemUpTime()) or nil
                    if differ and GetSystemUpTime() - since > 1.2 then print('they differ') end
                end)
                """)
        stage.run(20)
        #expect(
            stage.actors["room"]?.lines == ["Connected", "Disconnected", "Connected", "Disconnected"],
            "\(String(describing: stage.actors["room"]?.timeline))")
    }

    @Test("A device that never answers is Connected again with its connection, to the handler and to the module")
    func unidirectional() throws {
        let stage = try Self.stage(
            device: """
                tcp = EthernetServerInterfaceEx(23)
                tcp:StartListen()
                Wait(5, function() for _, client in ipairs(tcp.Clients) do client:Disconnect() end end)
                """,
            room: """
                local M = DeviceModule {name = 'mute', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\\r'},
                    commands = {Power = {values = {On = '1', Off = '0'}, set = '{value}', query = 'P\\r', reply = '^P(\\\\d)$'}}}
                D = M.EthernetClass('10.0.0.2') D.Unidirectional = true
                H = GetConnectionHandler(D, 'Power', {pollFrequency = 60})
                \(Self.watch)
                """)
        stage.run(20)
        #expect(
            stage.actors["room"]?.lines == ["Connected", "Disconnected", "Connected"],
            "\(String(describing: stage.actors["room"]?.timeline))")
    }

    @Test("What a module cannot be asked for is refused as the query, with the names of what it can be asked for")
    func queries() throws {
        let stage = try Self.stage(
            device: "",
            room: """
                local M = DeviceModule {name = 'Acme', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\\r'},
                    commands = {Power = {values = {On = '1'}, query = 'P', reply = 'P(.)'}, Mute = {trigger = true, set = 'M'}}}
                local byHand = {Interface = EthernetClientInterface('10.0.0.2', 23)}
                function byHand:Update() end
                function byHand:SubscribeStatus() end
                for _, query in ipairs({'ConnectionStatus', '', 'Mute', 'Volume'}) do
                    print(select(2, pcall(GetConnectionHandler, M.EthernetClass('10.0.0.2'), query)).message)
                end
                for _, query in ipairs({'ConnectionStatus', ''}) do
                    print(select(2, pcall(GetConnectionHandler, byHand, query)).message)
                end
                """)
        let asked = "is no command of the device module; it has Power"
        let nothing =
            "is nothing that a device can be asked for: give the name of one of the device module's commands"
        let expected =
            ["ConnectionStatus", "", "Mute", "Volume"].map { "keepAliveQuery '\($0)' \(asked)" }
            + ["ConnectionStatus", ""].map { "keepAliveQuery '\($0)' \(nothing)" }
        #expect(
            stage.actors["room"]?.lines.map { $0.replacing("GetConnectionHandler: ", with: "") } == expected,
            "\(String(describing: stage.actors["room"]?.lines))")
    }
}
