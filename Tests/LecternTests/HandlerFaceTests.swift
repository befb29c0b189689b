import ControlCore
import Lectern
import NIOCore
import Testing

/// The connection handlers of serial ports, UDP and device modules as programs see them.
@Suite("Connection handlers in programs")
struct HandlerFaceTests {
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

    private func scene(_ room: String, device: String = HandlerFaceTests.device) throws -> (Stage, Stage.Actor) {
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
            room.timeline == [
                "0.0 <ModuleTcpHandler 10.0.0.2:23>\ttrue\ttrue", "0.0 true\t3\t3", "0.0 Unknown\t10.0.0.2\ttrue",
                "0.0 true\tConnected", "0.0 status\tConnectionStatus\tConnected\tnil", "0.0 Connected",
                "1.0 power\tPower\tPwr1\tnil", "2.5 2\tPwr1\tfalse",
            ] + [room.timeline.last ?? ""], "\(room.timeline)")
        #expect(room.lines.last?.hasPrefix("On\tfalse\t") == true)
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
}
