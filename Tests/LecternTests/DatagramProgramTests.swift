import Lectern
import Testing

/// UDP as programs see it.
@Suite("Programs that use UDP")
struct DatagramProgramTests {
    private func stage(_ text: String) throws -> Stage.Actor {
        let stage = Stage()
        let room = try stage.start("room", text)
        stage.run(600)
        return room
    }

    @Test("A UDP client sends at once, hears one datagram per event, and knows its port")
    func client() throws {
        let stage = Stage()
        try stage.start(
            "device",
            """
            local server = EthernetServerInterfaceEx(5000, 'UDP')
            server.ReceiveData = function(client, data) client:Send(data .. '!') client:Send(data .. '?') end
            server:StartListen()
            """)
        let room = try stage.start(
            "room",
            """
            local c = EthernetClientInterface('device', 5000, 'UDP', {bufferSize = 5})
            c.ReceiveData = function(_, data) print('data', data) end
            print(c.ServicePort, c.Protocol)
            c:Send('one')
            c:Send('two')
            Wait(1, function()
                print(c.ServicePort > 0, c.IPAddress)
                print(c:SendAndWait('ask', 1, {deliTag = '!'}))
                c:SetBufferSize(3)
                c:Send('long')
                c:StartKeepAlive(1, 'k')
                Wait(1.5, function() c:StopKeepAlive() end)
            end)
            """)
        stage.run(10)
        #expect(
            room.lines == [
                "0\tUDP", "data\tone!", "data\tone?", "data\ttwo!", "data\ttwo?", "true\t10.0.0.1", "ask!",
                "data\task",
                "data\tlon", "data\tlon", "data\tk!", "data\tk?",
            ])
    }

    @Test(
        "What a UDP client cannot do is an error that says so",
        arguments: [
            ("c:Connect()", "TypeError: Connect is not for UDP, which has no connection: call Send at once"),
            ("c:Disconnect()", "TypeError: Disconnect is not for UDP, which has no connection: call Send at once"),
            (
                "c:Send(('x'):rep(65508))",
                "IOError: a datagram to 10.0.0.9:5000 has 65508 bytes; the limit is 65507"
            ),
            (
                "c:SetBufferSize(0)",
                "ValueError: argument 'bufferSize' of SetBufferSize must be a whole number from 1 to 65536, got 0"
            ),
            (
                "EthernetClientInterface('h', 1):SetBufferSize(9)",
                "TypeError: SetBufferSize is for UDP; h:1 speaks TCP"
            ),
            (
                "GetConnectionHandler(c, print):Disconnect()",
                "TypeError: Disconnect is not for UDP, which has no connection: call Send at once"
            ),
        ])
    func refusals(_ call: String, _ message: String) throws {
        let room = try stage(
            """
            local c = EthernetClientInterface('10.0.0.9', 5000, 'UDP')
            print(select(2, pcall(function() \(call) end)))
            """)
        #expect(room.lines == ["room.lua:2: \(message)"])
    }

    @Test("Datagrams that cannot be sent are told in the log")
    func unresolved() throws {
        let room = try stage("EthernetClientInterface('nobody', 5000, 'UDP'):Send('x')")
        #expect(room.lines == ["nobody:5000: HostError; datagrams that are lost: 1"])
        #expect(room.entries.first?.severity == .warning)
    }

    @Test("A UDP server tells its senders apart, answers from its port, and forgets the idle")
    func server() throws {
        let stage = Stage()
        let device = try stage.start(
            "device",
            """
            local server = EthernetServerInterfaceEx(5000, 'UDP')
            server.Connected = function(client, state) print(client.IPAddress, state, #server.Clients) end
            server.Disconnected = function(client, state) print(client.IPAddress, state, #server.Clients) end
            server.ReceiveData = function(client, data)
                print(client.IPAddress, data)
                client:Send('to ' .. client.IPAddress)
            end
            print(server:StartListen(), server:StartListen())
            """)
        let text = """
            local c = EthernetClientInterface('device', 5000, 'UDP')
            c.ReceiveData = function(_, data) print(data) end
            c:Send('hello')
            """
        let first = try stage.start("first", text)
        stage.run(1)
        let second = try stage.start("second", text)
        stage.run(310)
        #expect(
            device.lines == [
                "Listening\tListeningAlready", "10.0.0.2\tConnected\t1", "10.0.0.2\thello", "10.0.0.3\tConnected\t2",
                "10.0.0.3\thello", "10.0.0.2\tDisconnected\t1", "10.0.0.3\tDisconnected\t0",
            ])
        #expect(first.lines == ["to 10.0.0.2"])
        #expect(second.lines == ["to 10.0.0.3"])
    }

    @Test("The server of one client gets itself in its events, and listens again after each client")
    func olderServer() throws {
        let stage = Stage()
        let device = try stage.start(
            "device",
            """
            local server = EthernetServerInterface(5000)
            print(pcall(server.Send, server, 'x'))
            event(server, {'Connected', 'Disconnected'}, function(s, state)
                print(s == server, s.IPAddress, state)
                if state == 'Disconnected' then print(s:StartListen()) end
            end)
            server.ReceiveData = function(s, data) s:Send(data:upper()) if data == 'bye' then s:Disconnect() end end
            print(server:StartListen())
            print(pcall(GetConnectionHandler, server))
            """)
        let room = try stage.start(
            "room",
            """
            for _ = 1, 2 do
                local c = EthernetClientInterface('device', 5000)
                print(c:Connect(3))
                print(EthernetClientInterface('device', 5000):Connect(3))
                print(c:SendAndWait('hello', 1, {deliLen = 5}))
                c:Send('bye')
                c:SendAndWait('', 1)
            end
            """)
        stage.run(30)
        #expect(
            device.lines == [
                "false\tdevice.lua:2: IOError: the server of port 5000 has no client", "Listening",
                "false\tdevice.lua:9: TypeError: GetConnectionHandler: EthernetServerInterface serves one client only: use EthernetServerInterfaceEx",
                "true\t10.0.0.2\tConnected", "true\tnil\tDisconnected", "Listening", "true\t10.0.0.2\tConnected",
                "true\tnil\tDisconnected", "Listening",
            ])
        #expect(
            room.lines == ["Connected", "ConnectionRefused", "HELLO", "Connected", "ConnectionRefused", "HELLO"])
    }
}
