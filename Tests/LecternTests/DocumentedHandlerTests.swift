import Lectern
import Testing

/// What the connection handler's document promises, item by item. docs/connection-handlers.md says which test is for
/// which item.
@Suite("The documented connection handlers")
struct DocumentedHandlerTests {
    /// What a program may make a client's handler of, and the class that the document's table gives for it.
    enum Client: String, CaseIterable {
        case serial = "RawSimplePipeHandler serial"
        case udp = "RawSimplePipeHandler udp"
        case tcp = "RawTcpHandler tcp"
        case serialModule = "ModuleSimplePipeHandler serialModule"
        case udpModule = "ModuleSimplePipeHandler udpModule"
        case tcpModule = "ModuleTcpHandler tcpModule"

        var className: String { String(rawValue.prefix { $0 != " " }) }
        var isRaw: Bool { className.hasPrefix("Raw") }
        static let raw = allCases.filter(\.isRaw)
        static let overTcp = [Client.tcp, .tcpModule]
    }

    /// Answers 'P' with 'Pwr1' and a line end, 'L' with four letters, and nothing else, over TCP and UDP.
    private static let device = """
        for _, Protocol in ipairs({'TCP', 'UDP'}) do
            local server = EthernetServerInterfaceEx(5000, Protocol)
            event(server, 'ReceiveData', function(client, data)
                if data == 'P' then client:Send('Pwr1\\r\\n') elseif data == 'L' then client:Send('long') end
            end)
            server:StartListen()
        end
        """

    /// Interfaces and modules by name. `Query` is what is polled with; nothing answers 'S'.
    private static let prelude = """
        Query = 'P'
        local Module = class('Module')
        function Module:init()
            self.Callbacks = {ConnectionStatus = {}, Power = {}}
            self.Missed, self.connectionCounter = 0, 15
            self.ConnectionStatusNow, self.PowerNow = '', ''
            event(self, 'ReceiveData', function(_, data)
                self.Missed = 0
                self:Publish('ConnectionStatus', 'Connected')
                self:Publish('Power', data:sub(4, 4))
            end)
        end
        function Module:Publish(command, state)
            if self[command .. 'Now'] == state then return end
            self[command .. 'Now'] = state
            for _, callback in ipairs(self.Callbacks[command]) do callback(command, state, nil) end
        end
        function Module:Update(command, qualifier)
            self.Asked = command .. ' ' .. (qualifier and qualifier.Input or 'plain')
            self.Missed = self.Missed + 1
            if self.Missed > self.connectionCounter then self:Publish('ConnectionStatus', 'Disconnected') end
            self:Send(Query)
        end
        function Module:OnDisconnected() self.Missed = 0 end
        function Module:SubscribeStatus(command, qualifier, callback)
            table.insert(self.Callbacks[command], callback)
        end
        local Host = ProcessorDevice('MainProcessor')
        local Udp = {Protocol = 'UDP'}
        local SerialModule = class('SerialModule', SerialInterface, Module)
        function SerialModule:init() SerialInterface.init(self, Host, 'COM2') Module.init(self) end
        local UdpModule = class('UdpModule', EthernetClientInterface, Module)
        function UdpModule:init() EthernetClientInterface.init(self, 'device', 5000, Udp) Module.init(self) end
        local TcpModule = class('TcpModule', EthernetClientInterface, Module)
        function TcpModule:init(port) EthernetClientInterface.init(self, 'device', port or 5000) Module.init(self) end
        Interfaces = {
            serial = function() return SerialInterface(Host, 'COM2') end,
            udp = function() return EthernetClientInterface('device', 5000, Udp) end,
            tcp = function(port) return EthernetClientInterface('device', port or 5000) end,
            serialModule = SerialModule, udpModule = UdpModule, tcpModule = TcpModule,
        }
        function Poll(handler) handler:Send(Query) end
        function Make(name, options)
            Interface = Interfaces[name:match('%a+$')](options and options.Port)
            if options then options.Port = nil end
            if options and not next(options) then options = nil end
            return GetConnectionHandler(Interface, name:find('Module') and 'Power' or Poll, options)
        end
        function MakeAccepting(name, options)
            local handler = Make(name, options)
            if name:find('Raw') then handler.ReceiveData = function(subject) subject:ResponseAccepted() end end
            return handler
        end
        """

    /// Runs a program against the device and returns it.
    private func play(_ text: String, seconds: Double = 20, device: String = Self.device) throws -> Stage.Actor {
        let stage = Stage()
        try stage.start("device", device)
        var configuration = Stage.configuration()
        try configuration.mapPort("MainProcessor:COM2=tcp://10.0.0.1:5000")
        let room = try stage.start("room", Self.prelude + "\n" + text, configuration: configuration)
        stage.run(seconds)
        #expect(room.errors.isEmpty, "\(room.errors.map(\.text))")
        room.entries.removeAll { $0.severity == .warning }
        return room
    }

    // MARK: - GetConnectionHandler

    @Test("Each interface and each module gets the handler of the document's table", arguments: Client.allCases)
    func choice(_ client: Client) throws {
        let room = try play(
            """
            local handler = Make('\(client.rawValue)')
            print(isinstance(handler, \(client.className)), handler.Interface == Interface)
            print(handler.ConnectionStatus, handler.DisconnectLimit)
            print(isinstance(handler.PollTimer, Timer), handler.PollTimer.Interval == 1)
            """)
        #expect(room.lines == ["true\ttrue", "Unknown\t15", "true\ttrue"], "\(room.lines)")
    }

    @Test("All arguments are taken by keyword and by position, with the documented defaults")
    func arguments() throws {
        let room = try play(
            """
            local named = GetConnectionHandler(Interfaces.tcpModule(), 'Power', {
                keepAliveQueryQualifier = {Input = '2'}, DisconnectLimit = 4, pollFrequency = 0.5, connectRetryTime = 2})
            local placed = GetConnectionHandler(Interfaces.tcpModule(), 'Power', {Input = '3'}, 6, 0.25, 3, 300)
            for _, handler in ipairs({named, placed}) do
                handler:Connect(2)
                Wait(2, function()
                    print(handler.DisconnectLimit, handler.PollTimer.Interval, handler.Interface.Asked)
                    handler.PollTimer:Pause()
                    handler.Connected = function() print(handler.DisconnectLimit, 'again') end
                    handler:Disconnect()
                end)
            end
            """)
        #expect(
            room.lines == ["4\t0.5\tPower 2", "6\t0.25\tPower 3", "4\tagain", "6\tagain"], "\(room.timeline)")
        let times = room.timeline.suffix(2).compactMap { Double($0.prefix { $0 != " " }) }
        #expect(times.count == 2 && abs(times[0] - 4) < 0.1 && abs(times[1] - 5) < 0.1, "\(room.timeline)")
    }

    @Test(
        "A server without Ex, a UDP server and what is no interface are TypeErrors, a client without query a ValueError"
    )
    func refusals() throws {
        let room = try play(
            """
            local function kind(...) local ok, fault = pcall(GetConnectionHandler, ...) return ok or fault.kind end
            print(kind(EthernetServerInterface(9000)), kind(EthernetServerInterfaceEx(9001, 'UDP')), kind('text'))
            print(kind(Interfaces.tcp()), kind(Interfaces.tcp(), 'Power'), kind(Interfaces.tcpModule(), 5))
            """)
        #expect(
            room.lines == ["TypeError\tTypeError\tTypeError", "ValueError\tValueError\tValueError"], "\(room.lines)")
    }

    @Test("ModuleVersion tells a version of three numbers")
    func version() throws {
        #expect(try play("print(ModuleVersion():match('^%d+%.%d+%.%d+$') ~= nil)").lines == ["true"])
    }

    // MARK: - What all clients have

    @Test(
        "Connect begins to poll, and each change is told once, with the handler and its new state",
        arguments: Client.allCases)
    func changes(_ client: Client) throws {
        let room = try play(
            """
            local handler = MakeAccepting('\(client.rawValue)', {DisconnectLimit = 3})
            event(handler, {'Connected', 'Disconnected'}, function(subject, state)
                print(subject == handler, state, handler.ConnectionStatus == state)
            end)
            handler:Connect()
            Wait(5, function() Query = 'S' end)
            Wait(12, function() Query = 'P' end)
            """)
        #expect(
            room.lines == ["true\tConnected\ttrue", "true\tDisconnected\ttrue", "true\tConnected\ttrue"],
            "\(room.timeline)")
        // The silence begins after the answer of the fifth second; the fourth unanswered query is one too many.
        let lost = try #require(room.timeline.dropFirst().first.flatMap { Double($0.prefix { $0 != " " }) })
        #expect((8...10.1).contains(lost), "\(room.timeline)")
    }

    @Test("Pausing PollTimer pauses the queries, resuming it resumes them", arguments: Client.allCases)
    func pollTimer(_ client: Client) throws {
        let room = try play(
            """
            local handler = MakeAccepting('\(client.rawValue)')
            handler:Connect()
            Wait(3, function() handler.PollTimer:Pause() print(handler.PollTimer.State) end)
            local before
            Wait(4, function() before = handler.PollTimer.Count end)
            Wait(10, function() print(handler.PollTimer.Count == before) handler.PollTimer:Resume() end)
            Wait(15, function() print(handler.PollTimer.Count - before >= 4, handler.ConnectionStatus) end)
            """)
        #expect(room.lines == ["Paused", "true", "true\tConnected"], "\(room.lines)")
    }

    @Test(
        "Properties of the interface are read through the handler and set through Interface", arguments: Client.allCases
    )
    func interface(_ client: Client) throws {
        let room = try play(
            """
            local handler = MakeAccepting('\(client.rawValue)')
            handler.Interface.devicePassword = 'abc123'
            print(handler.devicePassword, pcall(function() handler.devicePassword = 'other' end))
            """)
        #expect(room.lines.count == 1 && room.lines[0].hasPrefix("abc123\tfalse"), "\(room.lines)")
    }

    @Test("A module's handler subscribes to the module's statuses, and to its own ConnectionStatus")
    func statuses() throws {
        let room = try play(
            """
            local handler = Make('tcpModule')
            for _, command in ipairs({'Power', 'ConnectionStatus'}) do
                handler:SubscribeStatus(command, nil, function(...) print(...) end)
            end
            handler:Connect()
            """)
        #expect(Set(room.lines) == ["ConnectionStatus\tConnected\tnil", "Power\t1\tnil"], "\(room.lines)")
    }

    // MARK: - Raw clients

    @Test("Send sends, and ReceiveData gets the handler and the bytes", arguments: Client.raw)
    func send(_ client: Client) throws {
        let room = try play(
            """
            local handler = Make('\(client.rawValue)')
            handler:Connect()
            handler.PollTimer:Pause()
            event(handler, 'ReceiveData', function(subject, data) print(subject == handler, data:strip()) end)
            Wait(1, function() handler:Send('P') end)
            Wait(2, function() local ok, fault = pcall(handler.Send, handler, 5) print(ok, fault.kind) end)
            """)
        #expect(room.lines == ["true\tPwr1", "false\tTypeError"], "\(room.lines)")
    }

    @Test("SendAndWait ends with each of the three delimiters, and gives '' when none came", arguments: Client.raw)
    func sendAndWait(_ client: Client) throws {
        let room = try play(
            """
            local handler = Make('\(client.rawValue)')
            handler:Connect()
            handler.PollTimer:Pause()
            Wait(1, function()
                print(handler:SendAndWait('P', 2, {deliTag = '\\r\\n'}):hex())
                print(handler:SendAndWait('P', 2, {deliLen = 4}))
                print(handler:SendAndWait('P', 2, {deliRex = re.compile('Pwr[0-3]')}))
                print(handler:SendAndWait('L', 1))
                print(handler:SendAndWait('L', 1, {deliTag = '\\r\\n'}) == '', handler:SendAndWait('S', 1) == '')
            end)
            """)
        #expect(room.lines == ["507772310d0a", "Pwr1", "Pwr1", "long", "true\ttrue"], "\(room.lines)")
    }

    @Test("Only ResponseAccepted resets the count of what was sent; bytes alone do not", arguments: Client.raw)
    func responseAccepted(_ client: Client) throws {
        let room = try play(
            """
            local handler = Make('\(client.rawValue)', {DisconnectLimit = 3})
            local accepts = true
            event(handler, 'ReceiveData', function(subject) if accepts then subject:ResponseAccepted() end end)
            event(handler, 'Disconnected', function() print('lost') accepts = true end)
            handler:Connect()
            Wait(9.9, function() print(handler.ConnectionStatus) accepts = false end)
            """, seconds: 14.5)
        #expect(room.lines == ["Connected", "lost"], "\(room.timeline)")
    }

    // MARK: - Clients over TCP

    @Test("ConnectFailed tells the handler and the reason, and the attempts go on", arguments: Client.overTcp)
    func connectFailed(_ client: Client) throws {
        let room = try play(
            """
            local handler = Make('\(client.rawValue)', {Port = 5001, connectRetryTime = 4})
            event(handler, 'ConnectFailed', function(subject, reason)
                print(subject == handler, reason, handler.AutoReconnect)
            end)
            handler:Connect()
            """, seconds: 10)
        #expect(
            room.lines == Array(repeating: "true\tConnectionRefused\ttrue", count: 3), "\(room.timeline)")
    }

    @Test("Without AutoReconnect Connect tries once, and a loss is not mended until Connect", arguments: Client.overTcp)
    func autoReconnect(_ client: Client) throws {
        let room = try play(
            """
            local nobody = Make('\(client.rawValue)', {Port = 5001})
            nobody.AutoReconnect = false
            nobody.ConnectFailed = function(_, reason) print(reason) end
            nobody:Connect()
            local handler = Make('\(client.rawValue)')
            event(handler, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
            handler:Connect()
            handler.AutoReconnect = false
            Wait(2, function() handler:Disconnect() end)
            Wait(12, function() handler.AutoReconnect = true print('allowed') end)
            Wait(18, function() handler:Connect() end)
            """)
        #expect(
            room.lines == ["ConnectionRefused", "Connected", "Disconnected", "allowed", "Connected"], "\(room.timeline)"
        )
    }

    @Test("Connect of a connected handler does no harm: polling goes on", arguments: Client.overTcp)
    func connectedAlready(_ client: Client) throws {
        let room = try play(
            """
            local handler = Make('\(client.rawValue)')
            print(handler:Connect(), handler:Connect())
            Wait(5, function() print(handler.PollTimer.State, handler.PollTimer.Count >= 4) end)
            """)
        #expect(room.lines == ["Connected\tConnectedAlready", "Running\ttrue"], "\(room.lines)")
    }

    @Test("Send without a connection is an IOError")
    func sendWithoutConnection() throws {
        let room = try play(
            """
            local handler = Make('RawTcpHandler tcp')
            local ok, fault = pcall(handler.Send, handler, 'P')
            print(ok, fault.kind)
            """)
        #expect(room.lines == ["false\tIOError"], "\(room.lines)")
    }

    // MARK: - ServerExHandler

    /// Connects to the room, says one thing, and then nothing.
    private static let panel = """
        local room = EthernetClientInterface('room', 9000)
        room.Disconnected = function() print('gone') end
        Timer(1, function(timer)
            if room:Connect(0.5) == 'Connected' then timer:Stop() room:Send('Hello') end
        end)
        """

    @Test("A server's events give the client, and serverTimeout ends one that is silent")
    func server() throws {
        let room = try play(
            """
            local interface = EthernetServerInterfaceEx(9000)
            local handler = GetConnectionHandler(interface, {serverTimeout = 5})
            event(handler, {'Connected', 'Disconnected'}, function(client, state)
                print(isinstance(client, ClientObject), client.IPAddress, state)
            end)
            event(handler, 'ReceiveData', function(client, data) print(isinstance(client, ClientObject), data) end)
            print(isinstance(handler, ServerExHandler), handler.Interface == interface)
            handler:StartListen()
            """, device: Self.panel)
        #expect(
            room.lines == [
                "true\ttrue", "true\t10.0.0.1\tConnected", "true\tHello", "true\t10.0.0.1\tDisconnected",
            ], "\(room.timeline)")
        let times = room.timeline.compactMap { Double($0.prefix { $0 != " " }) }
        #expect((5...6.1).contains(times[3] - times[2]), "\(room.timeline)")
    }

    @Test("The default serverTimeout is five minutes")
    func serverDefault() throws {
        let room = try play(
            """
            local handler = GetConnectionHandler(EthernetServerInterfaceEx(9000))
            event(handler, {'Connected', 'Disconnected'}, function(client, state) print(state) end)
            handler:StartListen()
            """, seconds: 400, device: Self.panel)
        #expect(room.lines == ["Connected", "Disconnected"], "\(room.timeline)")
        let times = room.timeline.compactMap { Double($0.prefix { $0 != " " }) }
        #expect((300...301.1).contains(times[1] - times[0]), "\(room.timeline)")
    }

    @Test("ListenFailed tells the handler and the reason, and listening is tried again until the port is free")
    func listenFailed() throws {
        let room = try play(
            """
            local other = EthernetServerInterfaceEx(9000)
            other:StartListen()
            local handler = GetConnectionHandler(EthernetServerInterfaceEx(9000), {connectRetryTime = 2})
            event(handler, 'ListenFailed', function(subject, reason) print(subject == handler, reason) end)
            event(handler, 'Connected', function(client, state) print(state) end)
            handler:StartListen()
            Wait(3, function() other:StopListen() end)
            Wait(3.5, function() Visitor = EthernetClientInterface('room', 9000) end)
            Wait(6, function() Visitor:Connect(1) end)
            """)
        #expect(
            room.lines == ["true\tPortUnavailable", "true\tPortUnavailable", "Connected"], "\(room.timeline)")
    }

    @Test("StartListen takes a time after which no more clients are let in")
    func listenTimeout() throws {
        let room = try play(
            """
            local handler = GetConnectionHandler(EthernetServerInterfaceEx(9000))
            handler:StartListen(3)
            local visitor = EthernetClientInterface('room', 9000)
            Wait(2, function() print(visitor:Connect(1)) visitor:Disconnect() end)
            Wait(5, function() print(visitor:Connect(1)) end)
            """)
        #expect(room.lines == ["Connected", "ConnectionRefused"], "\(room.lines)")
    }
}
