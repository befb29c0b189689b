import ControlCore
import Lectern
import Polling
import Testing

/// The connection handlers of serial ports, UDP and device modules as programs see them.
@Suite("Connection handlers in programs")
struct HandlerProgramTests {
    /// A device at 10.0.0.2 that answers `P` with `Pwr1` while it is awake: TCP port 23, UDP port 23.
    static let device = """
        awake = true
        tcp = EthernetServerInterfaceEx(23)
        udp = EthernetServerInterfaceEx(23, 'UDP')
        event({tcp, udp}, 'ReceiveData', function(client, data)
            if awake then client:Send(('Pwr1\\r\\n'):rep(#data:gsub('[^P]', ''))) end
        end)
        tcp:StartListen()
        udp:StartListen()
        function sleep(from, to)
            Wait(from, function() awake = false end)
            Wait(to, function() awake = true end)
        end
        """

    /// A module as ported ones are: it counts unanswered Updates, and publishes its ConnectionStatus.
    static let module = """
        DeviceClass = class('DeviceClass')
        function DeviceClass:setUp()
            self.connectionCounter, self.counter, self.buffer = 15, 0, ''
            self.Status, self.Subscription = {}, {}
        end
        function DeviceClass:SubscribeStatus(command, qualifier, callback) self.Subscription[command] = callback end
        function DeviceClass:ReadStatus(command) return self.Status[command] end
        function DeviceClass:WriteStatus(command, value)
            if command ~= 'ConnectionStatus' then
                self.counter = 0
                self:WriteStatus('ConnectionStatus', 'Connected')
            end
            if self.Status[command] == value then return end
            self.Status[command] = value
            local callback = self.Subscription[command]
            if callback then callback(command, value, nil) end
        end
        function DeviceClass:OnDisconnected() self:WriteStatus('ConnectionStatus', 'Disconnected') end
        function DeviceClass:Set(command, value) self['Set' .. command](self, value) end
        function DeviceClass:SetPower(value) self.asked = value end
        function DeviceClass:Update(command, qualifier)
            self.counter = self.counter + 1
            if self.counter > self.connectionCounter then self:OnDisconnected() end
            self['Update' .. command](self, nil, qualifier)
        end
        function DeviceClass:UpdatePower(_, qualifier)
            self.qualifier = qualifier
            self.wire:Send('P')
        end
        function DeviceClass:parse(data)
            self.buffer = self.buffer .. data
            while true do
                local line, delimiter, rest = self.buffer:partition('\\r\\n')
                if delimiter == '' then return end
                self.buffer = rest
                self:WriteStatus('Power', line)
            end
        end
        """

    private func scene(_ room: String, device: String = HandlerProgramTests.device) throws -> (Stage, Stage.Actor) {
        let stage = Stage()
        stage.world.network.latency = .zero
        // The room's host is the first, 10.0.0.1; the device listens before the program begins.
        try stage.start("room", "")
        try stage.start("device", device)
        stage.run(0)
        return (stage, try stage.start("room", room))
    }

    @Test("A module that is a TCP client gets a ModuleTcpHandler, polls by its Update and goes by its status")
    func moduleThatIs() throws {
        let (stage, room) = try scene(
            Self.module + """

                EthernetClass = class('EthernetClass', EthernetClientInterface, DeviceClass)
                function EthernetClass:init(...)
                    EthernetClientInterface.init(self, ...)
                    self:setUp()
                    self.wire = self
                    self.ReceiveData = function(_, data) self:parse(data) end
                end
                device = EthernetClass('10.0.0.2', 23)
                handler = GetConnectionHandler(device, 'Power', {Output = 2}, 3)
                print(handler, isinstance(handler, ModuleTcpHandler), isinstance(handler, ConnectionHandler))
                print(handler.Interface == device, handler.DisconnectLimit, device.connectionCounter)
                print(handler.ConnectionStatus, handler.Hostname, handler.AutoReconnect)
                event(handler, {'Connected', 'Disconnected', 'ConnectFailed'}, function(who, what)
                    print(rawequal(who, handler), what)
                end)
                handler:SubscribeStatus('ConnectionStatus', nil, function(...) print('status', ...) end)
                handler:SubscribeStatus('Power', nil, function(...) print('power', ...) end)
                print(handler:Connect())
                Wait(2.5, function()
                    print(device.qualifier.Output, handler:ReadStatus('Power'), handler.ReadStatus == nil)
                    handler:Set('Power', 'On')
                    print(device.asked, pcall(function() handler.ResponseAccepted() end))
                end)
                """)
        stage.run(3)
        #expect(
            room.timeline.dropLast() == [
                "0.0 <ModuleTcpHandler 10.0.0.2:23>\ttrue\ttrue", "0.0 true\t3\t3", "0.0 Unknown\t10.0.0.2\ttrue",
                "0.0 true\tConnected", "0.0 status\tConnectionStatus\tConnected\tnil", "0.0 Connected",
                "1.0 power\tPower\tPwr1\tnil", "2.5 2\tPwr1\tfalse",
            ], "\(room.timeline)")
        let last =
            "2.5 On\tfalse\troom.lua:60: AttributeError: neither the ModuleTcpHandler nor its EthernetClass has 'ResponseAccepted'"
        #expect(room.timeline.last == last)
        #expect(room.errors.isEmpty, "\(room.errors)")
    }

    @Test("A module whose device falls silent is Disconnected and its connection closed; it comes back with the device")
    func moduleSilence() throws {
        let (stage, room) = try scene(
            Self.module + """

                wire = EthernetClientInterface('10.0.0.2', 23)
                device = setmetatable({wire = wire, Interface = wire}, {__index = DeviceClass})
                device:setUp()
                wire.ReceiveData = function(_, data) device:parse(data) end
                wire.Disconnected = function() print('closed') end
                handler = GetConnectionHandler(device, 'Power', {DisconnectLimit = 3, connectRetryTime = 5})
                print(handler.Interface == device, handler.Hostname, handler)
                event(handler, {'Connected', 'Disconnected'}, function(_, what) print(what) end)
                handler:Connect()
                """,
            device: Self.device + "\nsleep(2.5, 11)")
        stage.run(16)
        #expect(
            room.timeline == [
                "0.0 true\t10.0.0.2\t<ModuleTcpHandler 10.0.0.2:23>", "0.0 Connected",
                // Polls at 3, 4 and 5 go unanswered; the one at 6 is over the limit.
                "6.0 Disconnected", "6.0 closed", "11.0 Connected",
            ], "\(room.timeline)")
        #expect(room.errors.isEmpty, "\(room.errors)")
    }

    @Test("A module that publishes nothing is judged by what its interface receives")
    func silentModule() throws {
        let (stage, room) = try scene(
            """
            device = {Interface = EthernetClientInterface('10.0.0.2', 23, 'UDP')}
            function device:UpdatePower(_, qualifier)
                self.Interface:SendAndWait('P', 0.2, {deliTag = '\\r\\n'})
            end
            handler = GetConnectionHandler(device, 'Power', nil, 3)
            event(handler, {'Connected', 'Disconnected'}, function(_, what) print(what) end)
            print(handler, handler.ConnectionStatus)
            handler:Connect()
            handler:Connect()
            """, device: Self.device + "\nsleep(2.5, 9.5)")
        stage.run(12)
        #expect(
            room.timeline == [
                "0.0 <ModuleSimplePipeHandler 10.0.0.2:23>\tUnknown", "2.0 Connected",
                // Polls at 3, 4 and 5 go unanswered.
                "6.0 Disconnected", "11.0 Connected",
            ], "\(room.timeline)")
        #expect(room.errors.isEmpty, "\(room.errors)")
    }

    @Test("A UDP client gets a RawSimplePipeHandler, whose device comes and goes with accepted responses")
    func rawPipe() throws {
        let (stage, room) = try scene(
            """
            device = EthernetClientInterface('10.0.0.2', 23, 'UDP')
            handler = GetConnectionHandler(device, function(who)
                who:Send('P')
            end, {DisconnectLimit = 3})
            print(handler, handler.ConnectionStatus, handler.DisconnectLimit, handler.Interface == device)
            print(handler.PollTimer.State, handler.PollTimer.Interval, handler.IPPort)
            event(handler, {'Connected', 'Disconnected'}, function(who, what) print(rawequal(who, handler), what) end)
            event(handler, 'ReceiveData', function(who, data)
                if data:startswith('Pwr') then who:ResponseAccepted() end
            end)
            handler:Connect()
            Wait(12, function() print(handler:SendAndWait('P', 0.1, {deliTag = '\\r\\n'})) end)
            Wait(12.5, function() handler.PollTimer:Pause() print(handler.PollTimer.State) end)
            Wait(14.2, function() handler:Connect() print(handler.PollTimer.State) end)
            """, device: Self.device + "\nsleep(2.5, 9.5)")
        stage.run(16)
        #expect(
            room.timeline == [
                "0.0 <RawSimplePipeHandler 10.0.0.2:23>\tUnknown\t3\ttrue", "0.0 Paused\t1.0\t23",
                "1.0 true\tConnected", "6.0 true\tDisconnected", "10.0 true\tConnected", "12.0 Pwr1\r\n",
                "12.5 Paused", "14.2 Running",
            ], "\(room.timeline)")
        #expect(room.errors.isEmpty, "\(room.errors)")
    }

    @Test("A serial port gets a RawSimplePipeHandler, and a module that is one a ModuleSimplePipeHandler")
    func serial() throws {
        let stage = Stage()
        let room = try stage.start("room", "").environment
        let device = try stage.start("device", "").environment
        for port in 0...1 {
            _ = stage.world.serialLine(from: room, "/dev/ttyUSB\(port)", to: device, "/dev/ttyUSB\(port)")
        }
        var configuration = Stage.configuration()
        try configuration.mapPort("Main:COM1=/dev/ttyUSB0")
        try configuration.mapPort("Main:COM2=/dev/ttyUSB1")
        try stage.start(
            "device",
            """
            for number = 1, 2 do
                local port = SerialInterface(ProcessorDevice('Main'), 'COM' .. number)
                port.ReceiveData = function(_, data) port:Send('Pwr1\\r\\n') end
            end
            """, configuration: configuration)
        let actor = try stage.start(
            "room",
            Self.module + """

                Main = ProcessorDevice('Main')
                raw = GetConnectionHandler(SerialInterface(Main, 'COM1'), function(handler)
                    if handler:SendAndWait('P', 0.5, {deliTag = '\\r\\n'}) == 'Pwr1\\r\\n' then
                        handler:ResponseAccepted()
                    end
                end)
                SerialClass = class('SerialClass', SerialInterface, DeviceClass)
                function SerialClass:init(...)
                    SerialInterface.init(self, ...)
                    self:setUp()
                    self.wire = self
                    self.ReceiveData = function(_, data) self:parse(data) end
                end
                module = GetConnectionHandler(SerialClass(Main, 'COM2'), 'Power')
                for _, handler in ipairs {raw, module} do
                    print(handler, handler.Baud, isinstance(handler, ConnectionHandler))
                    event(handler, {'Connected', 'Disconnected'}, function(who, what) print(who.Port, what) end)
                    handler:Connect()
                end
                """, configuration: configuration)
        stage.run(30)
        #expect(
            actor.lines == [
                "<RawSimplePipeHandler Main COM1>\t9600\ttrue", "<ModuleSimplePipeHandler Main COM2>\t9600\ttrue",
                "COM2\tConnected", "COM1\tConnected",
            ], "\(actor.timeline)")
        #expect(actor.errors.isEmpty, "\(actor.errors)")
    }

    @Test("The arguments can be given by position and by name, and have the documented defaults")
    func arguments() throws {
        let (stage, room) = try scene(
            """
            local function show(h) print(h.DisconnectLimit, h.PollTimer.Interval) end
            local function q() end
            local function client() return EthernetClientInterface('10.0.0.2', 23) end
            show(GetConnectionHandler(client(), q))
            show(GetConnectionHandler(client(), q, nil, 3, 0.5, 2, 10, 'Response'))
            show(GetConnectionHandler(client(), q, {pollFrequency = 7}))
            show(GetConnectionHandler(client(), q, nil, 4, {pollFrequency = 8, connectRetryTime = 9, serverTimeout = 1}))
            show(GetConnectionHandler({Interface = client(), keepAliveQuery = q, DisconnectLimit = 6}))
            local C = require 'ConnectionHandler'
            print(C.GetConnectionHandler == GetConnectionHandler, C.ModuleVersion())
            print(C.RawTcpHandler == RawTcpHandler, C.ModuleSimplePipeHandler == ModuleSimplePipeHandler)
            """)
        stage.run(1)
        #expect(
            room.lines == [
                "15\t1.0", "3\t0.5", "15\t7.0", "4\t8.0", "6\t1.0", "true\t2.0.1", "true\ttrue",
            ], "\(room.lines)")
    }

    @Test("Mistakes are told at once, with what to do")
    func mistakes() throws {
        let (stage, room) = try scene(
            """
            local client = EthernetClientInterface('10.0.0.2', 23)
            local module = {Interface = client, Commands = {Input = {}, ConnectionStatus = {}}, UpdatePower = print}
            local function try(...) local ok, problem = pcall(GetConnectionHandler, ...) print(problem.kind, problem.message) end
            try(client)
            try(client, 'Power')
            try(client, 5)
            try(module, 'Powr')
            try({Interface = client, SubscribeStatus = print}, 'Power')
            try({Interface = Timer(1)}, print)
            try({}, print)
            try(nil, print)
            try(EthernetServerInterfaceEx(23, 'UDP'))
            try(EthernetServerInterface(23))
            try(client, print, nil, 0)
            try(client, print, {PollFrequency = 1})
            try(client, print, {pollFrequency = 0.001})
            try(client, print, {ConnectedOn = 'Sometimes'})
            local handler = GetConnectionHandler(module, 'Power')
            print(select(2, pcall(function() return handler.Nope end)))
            print(select(2, pcall(function() return handler.Conect end)))
            print(select(2, pcall(function() handler.devicePassword = 'x' end)))
            print(select(2, pcall(function() handler:SubscribeStatus('Power', nil, print) end)))
            handler.Interface.devicePassword = 'abc'
            print(handler.devicePassword, handler.UpdatePower == print, handler.IPPort)
            print(select(2, pcall(function() GetConnectionHandler(client, print).Interfase = 1 end)))
            """)
        stage.run(1)
        let command = "or the name of a command of a device module"
        #expect(
            room.lines == [
                "ValueError\tGetConnectionHandler: keepAliveQuery is missing: it must be a function that asks the device something, \(command)",
                "ValueError\tGetConnectionHandler: keepAliveQuery 'Power' names a command, but the interface is no device module: give a function",
                "ValueError\tGetConnectionHandler: keepAliveQuery is a number: it must be a function, \(command)",
                "ValueError\tGetConnectionHandler: keepAliveQuery 'Powr' is no command of the device module; it has Input, Power",
                "ValueError\tGetConnectionHandler: keepAliveQuery 'Power' is no command of the device module, which has neither Update nor UpdatePower",
                "TypeError\tGetConnectionHandler: no connection handler is for a Timer: it must be an interface, or a device module that is one or has one in its field Interface",
                "TypeError\tGetConnectionHandler: no connection handler is for a table: it must be an interface, or a device module that is one or has one in its field Interface",
                "TypeError\targument 'Interface' of GetConnectionHandler is missing: it must be an interface or a device module",
                "TypeError\tGetConnectionHandler: a UDP server has no connections to handle: use EthernetServerInterfaceEx by itself",
                "TypeError\tGetConnectionHandler: EthernetServerInterface serves one client only: use EthernetServerInterfaceEx",
                "ValueError\targument 'DisconnectLimit' of GetConnectionHandler must be a whole number from 1 to 1000000, got 0",
                "TypeError\tGetConnectionHandler has no parameter 'PollFrequency'; did you mean 'pollFrequency'?",
                "ValueError\targument 'pollFrequency' of GetConnectionHandler must be a number of seconds, at least 0.01, got 0.001",
                "ValueError\targument 'ConnectedOn' of GetConnectionHandler must be one of 'Socket', 'Response', got 'Sometimes'",
                "room.lua:19: AttributeError: neither the ModuleTcpHandler nor its table has 'Nope'",
                "room.lua:20: AttributeError: ModuleTcpHandler has no 'Conect'; did you mean Connect(…) with a colon?",
                "room.lua:21: AttributeError: 'devicePassword' cannot be set on a ModuleTcpHandler; set it on the interface: handler.Interface.devicePassword = …",
                "room.lua:22: AttributeError: the device module has no SubscribeStatus", "abc\tfalse\t23",
                "room.lua:25: AttributeError: RawTcpHandler has no 'Interfase'; did you mean Interface?",
            ], "\(room.lines)")
    }

    @Test("A module whose subscription fails is judged by its interface, and the log says so")
    func noConnectionStatus() throws {
        let (stage, room) = try scene(
            """
            local module = {Interface = EthernetClientInterface('10.0.0.2', 23, 'UDP')}
            function module:Update(command) self.Interface:Send('P') end
            function module:SubscribeStatus(command) error(KeyError(command)) end
            local handler = GetConnectionHandler(module, 'Power')
            handler.Connected = function(_, state) print(state) end
            handler:Connect()
            """)
        stage.run(5)
        #expect(room.entries.map(\.severity) == [.warning, .info])
        #expect(room.lines.first?.contains("has no ConnectionStatus to subscribe to") == true, "\(room.lines)")
        #expect(room.lines.last == "Connected")
    }

    @Test("A poll timer that was paused from Wait and Timer stays paused over a reconnect, and is an ordinary timer")
    func pollTimer() throws {
        let (stage, room) = try scene(
            """
            local handler = GetConnectionHandler(EthernetClientInterface('10.0.0.2', 23), function(handler)
                print('poll')
                handler:ResponseAccepted()
            end, {connectRetryTime = 1})
            handler.PollTimer.StateChanged = function(_, state) print(state) end
            handler:Connect()
            Wait(1.5, function() handler.PollTimer:Pause() end)
            Wait(2, function() handler:Disconnect() end)
            Wait(5, function() handler.PollTimer:Resume() end)
            Wait(6.2, function() handler.PollTimer:Change(0.5) end)
            Wait(7, function() handler.PollTimer:Stop() print(handler.PollTimer.Count) end)
            Wait(8, function() handler.PollTimer:Restart() end)
            Wait(8.9, function() handler.AutoReconnect = false handler:Disconnect() end)
            """)
        stage.run(12)
        #expect(
            room.timeline == [
                "0.0 Running", "1.0 poll", "1.5 Paused", "5.0 Running", "5.5 poll", "6.7 poll", "7.0 0", "7.0 Stopped",
                "8.0 Running", "8.5 poll", "8.9 Paused",
            ], "\(room.timeline)")
        #expect(room.errors.isEmpty, "\(room.errors)")
    }
}
