import ControlCore
import Lectern
import LuaRuntime
import Testing

@Suite("Programs")
struct ProgramTests {
    static let device = """
        local server = EthernetServerInterfaceEx(5000)
        event(server, 'Connected', function(client, state) print('client', state) end)
        event(server, 'ReceiveData', function(client, data)
            if data == 'P\\r' then client:Send('Pwr1\\r\\n') end
        end)
        print(server:StartListen())
        """

    @Test("A program connects, sends and waits, and its other tasks go on meanwhile")
    func sendAndWait() throws {
        let stage = Stage()
        try stage.start("device", Self.device)
        let room = try stage.start(
            "room",
            """
            local dev = EthernetClientInterface('device', 5000)
            event(dev, {'Connected', 'Disconnected'}, function(d, state) print(state, d.IPAddress) end)
            print(dev:Connect(3))
            print(dev:Connect(3))
            Timer(0.1, function(timer, count) if count == 5 then timer:Stop() print('five') end end)
            print((dev:SendAndWait('P\\r', 3, {deliTag = '\\r\\n'}):gsub('%c', '.')))
            print(#dev:SendAndWait('X', 1, {deliLen = 4}))
            print(pcall(dev.Send, dev, 5))
            dev:Disconnect()
            Wait(1, function() print(pcall(dev.Send, dev, 'x')) end)
            """)
        stage.run(5)
        #expect(
            room.lines == [
                "Connected\t10.0.0.1", "Connected", "ConnectedAlready", "Pwr1..", "five", "0",
                "false\troom.lua:8: TypeError: argument 'data' of Send must be a string, got a number",
                "Disconnected\t10.0.0.1",
                "false\troom.lua:10: IOError: device:5000 is not connected",
            ], "\(room.lines)")
        #expect(room.errors.isEmpty)
    }

    @Test("A connection handler polls, loses its device, and regains it by itself")
    func handler() throws {
        let stage = Stage()
        try stage.start("device", Self.device)
        let room = try stage.start(
            "room",
            """
            local function query(interface)
                local answer = interface:SendAndWait('P\\r', 0.5, {deliTag = '\\r\\n'})
                if answer:startswith('Pwr') then interface:ResponseAccepted() end
            end
            Projector = GetConnectionHandler(EthernetClientInterface('device', 5000), query, {DisconnectLimit = 3})
            event(Projector, {'Connected', 'Disconnected'}, function(h, state)
                print(state, h == Projector, h.ConnectionStatus, h.Hostname)
            end)
            event(Projector, 'ConnectFailed', function(h, reason) print('failed', reason) end)
            print(Projector.ConnectionStatus, Projector.DisconnectLimit, Projector.PollTimer.State)
            Projector:Connect(2)
            """)
        stage.run(10)
        stage.stop("device")
        stage.run(7)
        try stage.start("device", Self.device)
        stage.run(10)
        #expect(
            room.lines == [
                "Unknown\t3\tPaused", "Connected\ttrue\tConnected\tdevice", "Disconnected\ttrue\tDisconnected\tdevice",
                "failed\tConnectionRefused", "Connected\ttrue\tConnected\tdevice",
            ], "\(room.timeline)")
        #expect(room.errors.isEmpty)
    }
}
