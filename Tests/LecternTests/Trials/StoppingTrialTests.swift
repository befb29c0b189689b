import ControlCore
import Lectern
import LuaRuntime
import Polling
import ProgramFuzzing
import Testing

/// Programs that are stopped at each step of what they were opening, and closers that do not end.
@Suite("Trials of stopping")
struct StoppingTrialTests {
    // MARK: - Every step of every opening, in virtual time

    /// Something that a program opens, and who comes to it from outside.
    struct Opening: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        /// What the device does to a program that listens.
        var caller = ""

        init(_ name: String, _ text: String, caller: String = "") {
            testDescription = name
            self.text = text
            self.caller = caller
        }
    }

    private static let caller = """
        Wait(0.02, function() c = EthernetClientInterface('room', 5000) c:Connect(2) c:Send('hello') end)
        """
    private static let secureCaller = """
        Wait(0.02, function() c = EthernetClientInterface('room', 5000) c:SSLWrap() c:Connect(2) end)
        """
    private static let datagramCaller =
        "Wait(0.02, function() EthernetClientInterface('room', 5000, 'UDP'):Send('x') end)"

    static let openings = [
        Opening("a TCP port", "EthernetServerInterfaceEx(5000):StartListen()", caller: caller),
        Opening(
            "two TCP ports at once",
            "for i = 0, 1 do Wait(0, function() EthernetServerInterfaceEx(5000 + i):StartListen() end) end"),
        Opening("a TCP port for one", "EthernetServerInterface(5000):StartListen()", caller: caller),
        Opening("a UDP port", "EthernetServerInterfaceEx(5000, 'UDP'):StartListen()", caller: datagramCaller),
        Opening(
            "a port that a handler keeps open",
            "h = GetConnectionHandler(EthernetServerInterfaceEx(5000)) h:StartListen()", caller: caller),
        Opening(
            "a TLS port", "local s = EthernetServerInterfaceEx(5000) s:SSLWrap('device.pem') s:StartListen()",
            caller: secureCaller),
        Opening(
            "a TLS port with a silent client",
            "local s = EthernetServerInterfaceEx(5000) s:SSLWrap('device.pem') s:StartListen()", caller: caller),
        Opening("TCP", "EthernetClientInterface('device', 23):Connect(5)"),
        Opening("TCP to nobody", "EthernetClientInterface('10.0.0.99', 23):Connect(2)"),
        Opening("TCP to a closed port", "EthernetClientInterface('device', 24):Connect(2)"),
        Opening("a name that takes long", "EthernetClientInterface('slow', 23):Connect(2)"),
        Opening(
            "TCP that a handler keeps open",
            "h = GetConnectionHandler(EthernetClientInterface('device', 23), function(i) i:Send('?') end) h:Connect()"),
        Opening("TLS", "local c = EthernetClientInterface('device', 443) c:SSLWrap() c:Connect(5)"),
        Opening("TLS that is not answered", "local c = EthernetClientInterface('device', 23) c:SSLWrap() c:Connect(2)"),
        Opening(
            "TLS over an open connection", "local c = EthernetClientInterface('device', 443) c:Connect(5) c:SSLWrap()"),
        Opening(
            "SSH", "EthernetClientInterface('10.0.0.50', 22, 'SSH', {Credentials = {'admin', 'secret'}}):Connect(5)"),
        Opening(
            "a refused SSH login",
            "EthernetClientInterface('10.0.0.50', 22, 'SSH', {Credentials = {'admin', 'x'}}):Connect(5)"),
        Opening(
            "SSH that is not answered",
            "EthernetClientInterface('device', 23, 'SSH', {Credentials = {'a', 'b'}}):Connect(2)"),
        Opening("UDP", "EthernetClientInterface('device', 9, 'UDP'):Send('x')"),
        Opening("UDP to a name that takes long", "EthernetClientInterface('slow', 9, 'UDP'):Send('x')"),
        Opening("multicast", "EthernetClientInterface('239.1.2.3', 5000, 'UDP'):Send('x')"),
        Opening("a serial port", "SerialInterface(ProcessorDevice('Main'), 'COM1'):Send('x')"),
        Opening("a serial port that is not there", "SerialInterface(ProcessorDevice('Main'), 'COM2'):Send('x')"),
        Opening("a serial port behind TCP", "SerialInterface(ProcessorDevice('Main'), 'COM3'):Send('x')"),
        Opening(
            "a serial port that a handler keeps",
            "h = GetConnectionHandler(SerialInterface(ProcessorDevice('Main'), 'COM1'), function(i) i:Send('?') end) h:Connect()"
        ),
        Opening("a ping", "Ping('device', 2)"),
        Opening("a ping of nobody", "Ping('10.0.0.99', 2)"),
        Opening("a wake-up", "WakeOnLan('01-23-45-67-ab-CD')"),
        Opening("HSMS, active", "secsgem.HsmsActiveConnection('device', 23, 0, {}, {T5 = 1}):enable()"),
        Opening("HSMS, active, to nobody", "secsgem.HsmsActiveConnection('10.0.0.99', 23, 0, {}, {T5 = 1}):enable()"),
        Opening("HSMS, passive", "secsgem.HsmsPassiveConnection('device', 5000, 0):enable()", caller: caller),
        Opening(
            "HSMS, passive, for a name that takes long", "secsgem.HsmsPassiveConnection('slow', 5000, 0):enable()",
            caller: caller),
        Opening(
            "HSMS, for many",
            "local s = secsgem.HsmsMultiPassiveServer(5000) s:create_connection('slow'):enable() s:start()",
            caller: caller),
        Opening(
            "HSMS, managed",
            "m = secsgem.HsmsConnectionManager() m:add_peer('x', 'device', 5000, false, 0) m:add_peer('y', 'device', 23, true, 0)",
            caller: caller),
        Opening("a GEM host", "secsgem.GemHostHandler('device', 23, true, 0, 'device'):enable()"),
        Opening(
            "GEM equipment", "secsgem.GemEquipmentHandler('device', 5000, false, 0, 'device'):enable()", caller: caller),
        Opening("a TCPInterface", "TCPInterface('device', 23, 2):send('x\\n')"),
        Opening("a TCPInterface to nobody", "TCPInterface('10.0.0.99', 23, 2):send('x\\n')"),
        Opening(
            "timers and clocks",
            "Timer(0.1, function() end) Wait(5, function() end) Clock({'12:00:00'}, nil, function() end):Enable()"),
    ]

    /// More steps than any of them takes until it waits for time to pass.
    private static let mostSteps = 400

    /// How long a program runs at most before it is stopped.
    private static let longest = TimeAmount.seconds(6)

    /// Runs the opening for so many steps of the world, stops its program, lets the world come to rest, and looks for
    /// what is left.
    /// - Returns: whether the world still had something to do when the program was stopped.
    private func stop(
        _ opening: Opening, after steps: Int, closesEnvironment: Bool, folder: String
    ) throws -> Bool {
        let stage = Stage()
        let world = stage.world
        world.network.nameDelays["slow"] = .milliseconds(1500)
        world.network.names["slow"] = ["10.0.0.2"]
        if opening.text.contains("COM") {
            // Hosts exist before programs do.
            let room = try stage.start("room", "").environment
            let device = try stage.start("device", "").environment
            _ = world.serialLine(from: room, "/dev/ttyUSB0", to: device, "/dev/ttyUSB0")
        }
        let shell = SSHDevice(in: world, address: "10.0.0.50")
        var configuration = Stage.configuration()
        try configuration.mapPort("Main:COM1=/dev/ttyUSB0")
        try configuration.mapPort("Main:COM2=/dev/ttyUSB9")
        try configuration.mapPort("Main:COM3=tcp://device:23")
        try stage.start(
            "device", address: "10.0.0.2",
            """
            silent = EthernetServerInterfaceEx(23) silent:StartListen()
            datagrams = EthernetServerInterfaceEx(9, 'UDP') datagrams:StartListen()
            secure = EthernetServerInterfaceEx(443) secure:SSLWrap('device.pem') secure:StartListen()
            \(opening.caller)
            """, folder: folder, configuration: configuration)
        world.run(for: .milliseconds(10))
        let started = world.now
        let actor = try stage.start(
            "room", address: "10.0.0.1", "secsgem = require 'secsgem'\n" + opening.text, folder: folder,
            configuration: configuration)
        let program = try #require(actor.program)
        var isBusy = true
        for _ in 0..<steps where isBusy && world.now - started < Self.longest { isBusy = world.step() }
        isBusy = isBusy && world.pendingEvents > 0 && world.now - started < Self.longest
        program.stop()
        if closesEnvironment { actor.environment.close() }
        let comesToRest = world.runUntilIdle(limit: .hours(24))
        let context: Comment = "\(opening.testDescription), stopped after \(steps) steps"
        #expect(comesToRest, context)
        #expect(!program.isRunning && !program.runtime.isOpen && program.runtime.taskCount == 0, context)
        #expect(actor.environment.openTransports == 0, context)
        #expect(actor.environment.openListeners == 0, context)
        #expect(actor.environment.openDatagramSockets == 0, context)
        #expect(actor.environment.openSerialPorts == 0, context)
        #expect(world.pendingEvents == 0, context)
        #expect(world.network.connections.isEmpty, context)
        #expect(!actor.lines.contains { $0.contains("cancelled") || $0.contains("closed runtime") }, context)
        withExtendedLifetime(shell) {}
        return isBusy
    }

    @Test(
        "A program that is stopped at any step of an opening leaves nothing open, armed or waiting",
        arguments: openings, [false, true])
    func everyStep(_ opening: Opening, closesEnvironment: Bool) throws {
        let certificate = SimulatedCertificate(names: ["device", "room", "10.0.0.1", "10.0.0.2"])
        try ProjectFiles.withFolder(of: ["device.pem": certificate.text]) { folder in
            var steps = 0
            while steps <= Self.mostSteps,
                try stop(opening, after: steps, closesEnvironment: closesEnvironment, folder: folder)
            {
                // The first ones are the opening's; of what repeats itself afterwards not every step is another one.
                steps += steps < 40 ? 1 : 23
            }
            #expect(steps > 0, "nothing was opened")
        }
    }

    // MARK: - One budget for all closers

    /// Runs `text` up to its waits, stops it, and tells for how many seconds that computed.
    private func timeToStop(_ text: String, budget: Duration) throws -> (actor: Stage.Actor, time: Double) {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.limits.stop = budget
        configuration.limits.taskBurst = .seconds(1)
        let actor = try stage.start("room", text, configuration: configuration)
        stage.run(0.1)
        let began = ProcessMemory.threadSeconds
        stage.stop("room")
        let time = ProcessMemory.threadSeconds - began
        #expect(!actor.program.runtime.isOpen && actor.program.runtime.taskCount == 0)
        return (actor, time)
    }

    private static let endless = "setmetatable({}, {__close = function() while true do end end})"

    @Test(
        "Thirty tasks with endless closers end within one budget",
        arguments: [
            // At the end of the task, in a protected call, in a coroutine; one that catches its end; three in one.
            "local x <close> = ENDLESS time.sleep(1000)",
            "pcall(function() local x <close> = ENDLESS time.sleep(1000) end)",
            "coroutine.wrap(function() local x <close> = ENDLESS time.sleep(1000) end)()",
            "local x <close> = setmetatable({}, {__close = function() while true do pcall(function() while true do end end) end end}) time.sleep(1000)",
            "local x <close> = ENDLESS local y <close> = ENDLESS local z <close> = ENDLESS time.sleep(1000)",
        ])
    func endlessClosers(_ text: String) throws {
        let body = text.replacing("ENDLESS", with: Self.endless)
        let (_, time) = try timeToStop(
            "for i = 1, 30 do Wait(0, function() \(body) end) end", budget: .milliseconds(400))
        // Half of it is the closers', and each of them has 1 s by the limit of its task. The machine may be slow.
        #expect(time < 2)
    }

    @Test("Closers behind endless ones still get their turn, and well-behaved ones are all closed")
    func closersHaveTheirTurn() throws {
        let (actor, _) = try timeToStop(
            """
            for i = 1, 3 do Wait(0, function() local x <close> = \(Self.endless) time.sleep(1000) end) end
            for i = 1, 200 do
                Wait(0.01, function()
                    local x <close> = setmetatable({}, {__close = function() closed = (closed or 0) + 1 print(closed) end})
                    time.sleep(1000)
                end)
            end
            """, budget: .seconds(4))
        #expect(actor.lines.last == "200")
    }

    @Test("What closers open, arm and start while the program is stopped is closed again, and no task begins")
    func closersThatOpen() throws {
        let stage = Stage()
        try stage.start("device", "EthernetServerInterfaceEx(23):StartListen()")
        let actor = try stage.start(
            "room",
            """
            secsgem = require 'secsgem'
            c = EthernetClientInterface('device', 23)
            c.Disconnected = function() print('late') Timer(1, function() end) end
            c:Connect(1)
            Wait(0, function()
                local x <close> = setmetatable({}, {__close = function()
                    print('closing')
                    u = EthernetClientInterface('device', 9, 'UDP') u:Send('x')
                    h = secsgem.GemHostHandler('device', 23, true, 0, 'device') h:enable()
                    p = secsgem.HsmsPassiveConnection('device', 5000, 0) p:enable()
                    t = Timer(1, function() print('late') end)
                    Wait(0, function() print('late') end)
                    c:Disconnect()
                    setmetatable({}, {__gc = function() print('late') end})
                    collectgarbage()
                    print('closed')
                end})
                time.sleep(1000)
            end)
            """)
        stage.run(1)
        stage.stop("room")
        #expect(stage.world.runUntilIdle())
        #expect(actor.lines == ["closing", "closed"])
        let environment = actor.environment
        #expect(environment.openTransports + environment.openListeners + environment.openDatagramSockets == 0)
        #expect(stage.world.pendingEvents == 0 && stage.world.network.connections.isEmpty)
    }

    @Test("Events that wait for their turn when the program is stopped are not handled any more")
    func queuedEvents() throws {
        let stage = Stage()
        let actor = try stage.start(
            "room",
            """
            s = EthernetServerInterfaceEx(5000, 'UDP')
            s.ReceiveData = function(_, data) print(data) time.sleep(1000) end
            s:StartListen()
            local c = EthernetClientInterface('127.0.0.1', 5000, 'UDP')
            for i = 1, 50 do c:Send(tostring(i)) end
            """)
        stage.run(1)
        stage.stop("room")
        #expect(stage.world.runUntilIdle())
        #expect(actor.lines == ["1"])
    }

    // MARK: - Nothing is forgotten

    @Test("For every class it is known whether its objects hold something open")
    func everyClass() throws {
        // Stopping closes these: who adds a class here adds it to Program.stop().
        let closed: Set = [
            "Clock", "ClientObject", "EthernetClientInterface", "EthernetServerInterface", "EthernetServerInterfaceEx",
            "File", "GemEquipmentHandler", "GemHandler", "GemHostHandler", "HsmsActiveConnection", "HsmsConnection",
            "HsmsConnectionManager", "HsmsMultiPassiveConnection", "HsmsMultiPassiveServer", "HsmsPassiveConnection",
            "HsmsProtocol", "HttpSession", "HttpStream", "RFile", "SerialInterface", "TCPConnection", "TCPInterface",
            "Timer", "Wait",
            "RawTcpHandler", "RawSimplePipeHandler", "ModuleTcpHandler", "ModuleSimplePipeHandler", "ServerExHandler",
            "ConnectionHandler",
        ]
        // These are values, or hold only what has a class of its own.
        let values: Set = [
            "Email", "GemCommand", "HsmsHeader", "HttpHeaders", "HttpResponse", "HsmsPacket", "MESet", "Match",
            "Pattern", "ProcessorDevice",
            "SecsHandler",
            "SecsItem",
            "SecsMessage", "SecsRequest",
        ]
        let stage = Stage()
        let actor = try stage.start("room", "")
        let names = Set(actor.program.runtime.surface.map(\.name))
        #expect(names == closed.union(values), "\(names.symmetricDifference(closed.union(values)).sorted())")
    }
}
