import ControlCore
import Lectern
import LuaRuntime
import Testing

/// What the log tells at the level debug, for whoever looks for a defect.
@Suite("The log at debug")
struct DebugLogTests {
    /// What a device at 10.0.0.9 answers to the first polls, and then no more.
    private static func device(answers: Int) -> String {
        """
        local left = \(answers)
        local server = EthernetServerInterfaceEx(5001)
        event(server, 'ReceiveData', function(client)
            left = left - 1
            if left >= 0 then client:Send('ok\\r') end
        end)
        server:StartListen()
        """
    }

    /// The lines of a room's log at `level`; those of connections, or those of tasks.
    private func play(
        _ room: String, device: String = "", seconds: Double = 10, level: ProgramLogEntry.Severity = .debug,
        _ change: (inout ProgramConfiguration) throws -> Void = { _ in }
    ) throws -> Stage.Actor {
        let stage = Stage()
        try stage.start("device", address: "10.0.0.9", device)
        var configuration = Stage.configuration()
        configuration.logLevel = level
        try change(&configuration)
        let actor = try stage.start("room", address: "10.0.0.1", room, configuration: configuration)
        stage.run(seconds)
        return actor
    }

    private func decisions(_ actor: Stage.Actor) -> [String] {
        actor.connections.filter { $0.severity == .debug }.map { entry in
            entry.text.firstRange(of: ": ").map { String(entry.text[$0.upperBound...]) } ?? entry.text
        }
    }

    private static let raw = """
        local Projector = EthernetClientInterface('10.0.0.9', 5001)
        local handler = GetConnectionHandler(Projector, function(h) h:Send('?\\r') end, {DisconnectLimit = 2})
        event(handler, 'ReceiveData', function(h) h:ResponseAccepted() end)
        handler:Connect(3)
        """

    // MARK: - Handlers

    @Test("A raw TCP handler tells of polls, sends and their count, accepted responses, the limit and the retry")
    func rawTcp() throws {
        let told = decisions(try play(Self.raw, device: Self.device(answers: 1), seconds: 9.5))
        #expect(
            told == [
                "Connect is called: begins an attempt", "connected: begins to poll", "polls",
                "sends; 1 of 2 without ResponseAccepted", "ResponseAccepted after 1 of 2 sends", "polls",
                "sends; 1 of 2 without ResponseAccepted", "polls", "sends; 2 of 2 without ResponseAccepted", "polls",
                "closes the connection instead of sending: 2 sends went without ResponseAccepted",
                "the connection is closed", "retry 1 comes in 5 s (Fixed)", "begins the retry",
                "connected: begins to poll",
            ], "\(told)")
    }

    @Test("A failed attempt is told each time, with its reason and the next one; with Backoff the time is the real one")
    func retries() throws {
        let told = decisions(try play(Self.raw, seconds: 8))
        #expect(
            told == [
                "Connect is called: begins an attempt", "the attempt failed: ConnectionRefused",
                "retry 1 comes in 5 s (Fixed)", "begins the retry", "the attempt failed: ConnectionRefused",
                "retry 2 comes in 5 s (Fixed)",
            ], "\(told)")
        let backoff = decisions(
            try play(Self.raw.replacing("DisconnectLimit = 2", with: "Retry = 'Backoff'"), seconds: 8))
        #expect(backoff.contains { $0.contains(/^retry 2 comes in [0-9.]{1,5} s \(Backoff\)$/) }, "\(backoff)")
        let single = decisions(
            try play(Self.raw.replacing("handler:Connect", with: "handler.AutoReconnect = false handler:Connect")))
        #expect(single.last == "the attempt failed and is not repeated, as AutoReconnect is false: ConnectionRefused")
    }

    @Test("What the program does to a handler is told with what follows: PollTimer, Connect, Disconnect, AutoReconnect")
    func steering() throws {
        let told = decisions(
            try play(
                Self.raw + """

                    handler.PollTimer:Pause()
                    handler.PollTimer:Resume()
                    handler.PollTimer:Pause()
                    handler:Connect(1)
                    handler:Disconnect()
                    handler.AutoReconnect = false
                    """, device: Self.device(answers: 9), seconds: 0.5))
        #expect(
            Array(told.dropFirst(2)) == [
                "the program suspends polling", "the program resumes polling", "the program suspends polling",
                "Connect is called: is connected already, and polls again",
                "Disconnect is called: closes the connection and suspends polling", "AutoReconnect = false",
                "the connection is closed; not again, as AutoReconnect is false",
            ], "\(told)")
    }

    private static let module = """
        local Module = class('Module', EthernetClientInterface)
        function Module:init() EthernetClientInterface.init(self, '10.0.0.9', 5001) end
        function Module:Update() self:Send('?\\r') end
        function Module:SubscribeStatus(command, _, callback)
            if command == 'ConnectionStatus' then self.tell = callback end
        end
        local Display = Module()
        local handler = GetConnectionHandler(Display, 'Power', {DisconnectLimit = 2})
        handler:Connect(3)
        """

    @Test("A module's handler tells by what it judges the device")
    func modules() throws {
        let told = decisions(
            try play(
                Self.module + "\nWait(2.5, function() Display.tell('ConnectionStatus', 'Connected', nil) end)",
                device: Self.device(answers: 1), seconds: 5.5))
        #expect(
            told == [
                "Connect is called: begins an attempt", "connected: begins to poll",
                "polls; 1 of 2 polls unanswered, and the module has said nothing yet",
                "polls; 1 of 2 polls unanswered, and the module has said nothing yet",
                "the module says 'Connected'", "polls; 1 of 2 polls unanswered, and the module says 'Connected'",
                "polls; 2 of 2 polls unanswered, and the module says 'Connected'",
                "polls; more than 2 polls are unanswered, and the module says 'Connected'",
            ], "\(told)")
        let silent = decisions(try play(Self.module, device: Self.device(answers: 0), seconds: 3.5))
        #expect(
            silent.contains(
                "closes the connection instead of polling: more than 2 polls are unanswered, and the module has said nothing yet"
            ),
            "\(silent)")
    }

    @Test("Handlers of serial ports and UDP tell of their polls, and that the device is there or gone")
    func pipes() throws {
        let udp = Self.raw.replacing("5001)", with: "5001, {Protocol = 'UDP'})").replacing("(3)", with: "()")
        let device = Self.device(answers: 1).replacing("(5001)", with: "(5001, 'UDP')")
        let told = decisions(try play(udp, device: device, seconds: 4.5))
        #expect(
            told == [
                "Connect is called: begins to poll", "polls", "sends; 1 of 2 without ResponseAccepted",
                "ResponseAccepted after 1 of 2 sends: the device is there", "polls",
                "sends; 1 of 2 without ResponseAccepted", "polls", "sends; 2 of 2 without ResponseAccepted", "polls",
                "sends; more than 2 without ResponseAccepted: the device is gone",
            ], "\(told)")
        let module = Self.module.replacing("5001)", with: "5001, {Protocol = 'UDP'})").replacing("(3)", with: "()")
        let judged = decisions(try play(module, device: device, seconds: 4.5))
        #expect(
            judged.last
                == "polls; more than 2 polls are unanswered, and the module has said nothing yet: the device is gone",
            "\(judged)")
        #expect(judged.contains { $0.hasSuffix("the module has said nothing yet: the device is there") }, "\(judged)")
        let offline = decisions(
            try play(
                """
                local Port = SerialInterface(ProcessorDevice('Main'), 'COM1')
                GetConnectionHandler(Port, function(h) h:Send('?') end):Connect()
                """, seconds: 1.5
            ) { try $0.mapPort("Main:COM1=/dev/nowhere") })
        #expect(offline.contains("cannot poll, as the port is offline: it counts as a send"), "\(offline)")
    }

    @Test("A server's handler tells which client it drops, and when it tries again to listen")
    func servers() throws {
        let room = """
            local first = EthernetServerInterfaceEx(9000)
            first:StartListen()
            local Panels = GetConnectionHandler(EthernetServerInterfaceEx(9000))
            Panels:StartListen()
            Wait(1, function() first:StopListen() end)
            """.replacing(
                "EthernetServerInterfaceEx(9000))", with: "EthernetServerInterfaceEx(9000), {serverTimeout = 2})")
        let device = "Wait(6, function() EthernetClientInterface('10.0.0.1', 9000):Connect(1) end)"
        let told = decisions(try play(room, device: device, seconds: 15))
        #expect(told.first == "tries to listen again in 5 s", "\(told)")
        #expect(
            told.contains {
                $0.contains(/^drops client 10\.0\.0\.9:\d+: it has sent nothing for 2 s \(serverTimeout\)$/)
            },
            "\(told)")
    }

    // MARK: - Tasks

    private func tasks(_ actor: Stage.Actor) -> [String] {
        actor.entries.filter { $0.severity == .debug }.map { entry in
            // The text names its task, as the console shows none here.
            #expect(entry.task.map { entry.text.hasPrefix("task '\($0)' ") } == true, "\(entry.text)")
            return entry.text
        }
    }

    @Test(
        "A task tells where it waits first and, at its end, how long it lived and waited; a failure and a cancellation too"
    )
    func oneTask() throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.logLevel = .debug
        let room = try stage.start(
            "room", address: "10.0.0.1",
            """
            time.sleep(1)
            time.sleep(2.5)
            Wait(1, function() error('no') end)
            Wait(2, function() time.sleep(0.5) error('late') end)
            Wait(3, function() time.sleep(1000) end)
            """, configuration: configuration)
        stage.run(20)
        stage.stop("room")
        let told = tasks(room)
        #expect(
            told.prefix(2) == [
                "task 'main chunk' begins, and waits at room.lua:1",
                "task 'main chunk' ends after 3.5 s, with 2 waits of 3.5 s in all",
            ], "\(told)")
        let rest = told.dropFirst(2).map { $0.replacing(#/^task '[^']*' /#, with: "") }
        #expect(
            rest == [
                "is ended by an error, without a wait", "begins, and waits at room.lua:4",
                "is ended by an error after 0.5 s, with 1 wait of 0.5 s in all",
                "begins, and waits at room.lua:5",
                "is cancelled after 13.5 s, with 1 wait of 13.5 s in all",
            ], "\(told)")
    }

    @Test("Tasks of one name are told in full once, and then summed up once a minute")
    func manyTasks() throws {
        let told = tasks(
            try play(
                """
                local count = 0
                Timer(1, function() count = count + 1 if count % 10 == 0 then time.sleep(0.25) end end)
                """, seconds: 205.5))
        let ofTimer = told.filter { !$0.contains("main chunk") }.map {
            $0.replacing("task 'Timer room.lua:2 tick' ", with: "")
        }
        #expect(
            ofTimer == [
                "ends, without a wait", "has run 60 more times in 60 s, the longest for 0.25 s",
                "has run 60 more times in 60 s, the longest for 0.25 s",
                "has run 60 more times in 60 s, the longest for 0.25 s",
            ], "\(told)")
    }

    @Test("Above debug nothing of it is told, and no runtime has an observer")
    func off() throws {
        let room = try play(Self.raw, device: Self.device(answers: 1), level: .info)
        #expect(!(room.connections + room.entries).contains { $0.severity == .debug })
        #expect(room.program.runtime.taskObserver == nil)
    }

    // MARK: - The documents

    @Test("The sample of the documents is what the log says")
    func sample() throws {
        let page = try ProjectFiles.text(of: "docs/troubleshooting.md")
        let section = try #require(page.components(after: "## See what a handler decides\n"))
        let blocks = section.split(separator: "```", omittingEmptySubsequences: false).map(String.init)
        let program = try #require(blocks.first { $0.hasPrefix("lua\n") }).dropFirst(4)
        let sample = try #require(blocks.first { $0.hasPrefix("text\n") }).dropFirst(5)
        let stage = Stage()
        try stage.start(
            "projector", address: "192.168.1.20", Self.device(answers: 1).replacing("5001", with: "5000"))
        var configuration = Stage.configuration()
        configuration.logLevel = .debug
        let room = try stage.start("room", address: "192.168.1.10", String(program), configuration: configuration)
        stage.run(10)
        let lines = room.connections.map { entry in
            let severity = entry.severity.rawValue.uppercased()
            return severity + String(repeating: " ", count: 8 - severity.count) + entry.text
        }
        let expected = sample.split(separator: "\n").map(String.init)
        #expect(Array(lines.prefix(expected.count)) == expected, "\(lines.joined(separator: "\n"))")
    }
}

extension String {
    /// What follows a text.
    fileprivate func components(after text: String) -> String? {
        firstRange(of: text).map { String(self[$0.upperBound...]) }
    }
}
