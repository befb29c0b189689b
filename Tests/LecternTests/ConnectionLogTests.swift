import ControlCore
import Lectern
import Testing

/// What a program's log says of its connections, as a person reads it.
@Suite("The log speaks of connections")
struct ConnectionLogTests {
    /// A room, and a device at 10.0.0.9 that `device` plays.
    private func play(
        _ room: String, device: String = "", seconds: Double = 30,
        _ change: (inout ProgramConfiguration) -> Void = { _ in }
    ) throws -> [String] {
        let stage = Stage()
        try stage.start("device", address: "10.0.0.9", device)
        var configuration = Stage.configuration()
        change(&configuration)
        let actor = try stage.start("room", address: "10.0.0.1", room, configuration: configuration)
        stage.run(seconds)
        stage.expectNoErrors()
        return actor.connectionTimeline
    }

    private static let polled = """
        local Projector = EthernetClientInterface('10.0.0.9', 5001)
        local handler = GetConnectionHandler(Projector, function(h) h:Send('?\\r') end)
        handler:Connect(3)
        """

    @Test("A closed port: the reason, when it is tried again, and what to do; once")
    func refused() throws {
        #expect(
            try play(Self.polled) == [
                "0.0 WARNING Projector 10.0.0.9:5001: ConnectionRefused; again every 5 s. The host is there, and nothing listens: "
                    + "is control over the network enabled, and is the port right?"
            ])
    }

    @Test("A device that comes late: the count of attempts")
    func late() throws {
        let lines = try play(
            Self.polled,
            device: """
                local server = EthernetServerInterfaceEx(5001)
                event(server, 'ReceiveData', function(client) client:Send('ok\\r') end)
                Wait(12, function() server:StartListen() end)
                """, seconds: 16)
        #expect(lines.count == 2)
        #expect(lines.last == "15.001 INFO Projector 10.0.0.9:5001: connected after 4 attempts")
    }

    @Test("A device that takes connections and never answers is flapping, and says what to look at")
    func silent() throws {
        let lines = try play(
            Self.polled, device: "EthernetServerInterfaceEx(5001):StartListen()", seconds: 600)
        let loss =
            "NoResponse: 15 sends without ResponseAccepted; again in 5 s. Nothing came at all: is the port right, and does the "
            + "device expect a login or another line end?"
        #expect(lines.count == 6, "\(lines)")
        #expect(lines.first == "0.0 INFO Projector 10.0.0.9:5001: connected")
        #expect(lines[1].hasSuffix("WARNING Projector 10.0.0.9:5001: \(loss)"), "\(lines)")
        #expect(lines.last?.contains("flapping: 3 connections in a row did not last. The last one: \(loss)") == true)
    }

    @Test("Answers that the program never accepts are another trouble than silence")
    func unaccepted() throws {
        let lines = try play(
            Self.polled,
            device: """
                local server = EthernetServerInterfaceEx(5001)
                event(server, 'ReceiveData', function(client) client:Send('ok\\r') end)
                server:StartListen()
                """, seconds: 20)
        #expect(lines.last?.contains("call ResponseAccepted for each good response") == true, "\(lines)")
    }

    @Test("A handler that was never told to connect is named after ten seconds, and so is a server's")
    func neverBegun() throws {
        let lines = try play(
            """
            local Projector = EthernetClientInterface('10.0.0.9', 5001)
            GetConnectionHandler(Projector, print)
            local Panels = GetConnectionHandler(EthernetServerInterfaceEx(9000))
            """)
        #expect(
            lines.sorted() == [
                "10.0 WARNING Panels port 9000: its handler was never told to begin: call StartListen of the "
                    + "handler",
                "10.0 WARNING Projector 10.0.0.9:5001: its handler was never told to begin: call Connect of the "
                    + "handler",
            ])
    }

    @Test("A server tells where it listens, and that its port is taken")
    func servers() throws {
        let lines = try play(
            """
            EthernetServerInterfaceEx(9000):StartListen()
            local second = GetConnectionHandler(EthernetServerInterfaceEx(9000))
            second:StartListen()
            """)
        #expect(lines.first == "0.0 INFO port 9000: listening on 0.0.0.0:9000")
        #expect(
            lines.last
                == "0.0 WARNING second port 9000: PortUnavailable: port 9000 is taken; again every 5 s. Does another program "
                + "listen, or this one a second time? 'ss -ltnp' tells.", "\(lines)")
    }

    @Test("A name that nobody knows, an unreachable host and a host that is off are told, each with what to do")
    func unreachable() throws {
        let stage = Stage()
        let room = try stage.start(
            "room", address: "10.0.0.1",
            """
            print(EthernetClientInterface('projektor', 5001):Connect(3))
            """)
        stage.run(5)
        #expect(
            room.connectionTimeline.first?.contains(
                "projektor:5001: HostError. Is the name spelt right, and does the name server of this machine know it?")
                == true,
            "\(room.connectionTimeline)")
    }

    @Test("LastError has reason, detail, advice and the time; nil before the first")
    func lastError() throws {
        let stage = Stage()
        try stage.start("device", address: "10.0.0.9", "")
        let room = try stage.start(
            "room", address: "10.0.0.1",
            """
            local dev = EthernetClientInterface('10.0.0.9', 5001)
            local handler = GetConnectionHandler(dev, print)
            print(handler.LastError, dev.LastError)
            handler:Connect(3)
            local e = handler.LastError
            print(e.Reason, e.Detail, #e.Advice > 20, e.Since // 1 == os.time())
            """)
        stage.run(5)
        #expect(room.lines == ["nil\tnil", "ConnectionRefused\tnil\ttrue\ttrue"])
    }

    @Test("A device, or all of them, can be kept quiet")
    func quiet() throws {
        for key in ["Projector", "10.0.0.9", "10.0.0.9:5001"] {
            #expect(try play(Self.polled) { $0.quietDevices = [key] } == [])
        }
        #expect(try play(Self.polled) { $0.logsConnections = false } == [])
        #expect(try play(Self.polled) { $0.quietDevices = ["10.0.0.8"] }.count == 1)
    }

    @Test("With Backoff the log says so, and a refusal is not tried again until Connect is called")
    func backoff() throws {
        let lines = try play(
            """
            local Amplifier = EthernetClientInterface('10.0.0.9', 5001)
            GetConnectionHandler(Amplifier, print, {Retry = 'Backoff', connectRetryLimit = 30}):Connect(3)
            """)
        #expect(lines.count == 1)
        let plan = "again at once, then less and less often, at most 30 s apart. "
        #expect(lines.first?.contains(plan) == true, "\(lines)")
    }
}
