import ControlCore
import Lectern
import LuaRuntime
import Testing

@Suite("Nothing is left behind")
struct LifetimeTests {
    @Test("A thousand clients connect, talk and leave, and no connection, task or Lua object is left")
    func thousandClients() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            served = 0
            local server = EthernetServerInterfaceEx(7000)
            server.Connected = function(client) client.greeted = true client:Send('hello\\n') end
            server.ReceiveData = function(client, data) if client.greeted then client:Send(data:upper()) end end
            server.Disconnected = function() served = served + 1 if served % 500 == 0 then print(served) end end
            server:StartListen()
            """)
        stage.run(0.1)
        room.program.runtime.collectGarbage()
        let instances = room.program.runtime.instanceCount
        let crowd = try stage.start(
            "crowd",
            """
            local done = 0
            local function visit()
                local c = EthernetClientInterface('room', 7000)
                assert(c:Connect(5) == 'Connected')
                assert(c:SendAndWait('talk\\n', 5, {deliTag = 'TALK\\n'}):endswith('TALK\\n'))
                c:Disconnect()
                done = done + 1
                if done == 1000 then print('all served') end
            end
            for i = 1, 1000 do Wait(i % 10 / 10, visit) end
            """)
        stage.run(30)
        #expect(crowd.lines == ["all served"], "\(crowd.lines.prefix(3))")
        #expect(room.lines == ["500", "1000"])
        for actor in [room, crowd] {
            #expect(actor.environment.openTransports == 0)
            #expect(actor.program.runtime.taskCount == 0)
            actor.program.runtime.collectGarbage()
            actor.program.runtime.collectGarbage()
        }
        #expect(room.program.runtime.instanceCount == instances)
        #expect(crowd.program.runtime.instanceCount == 0)
    }

    @Test("A running timer, an open connection and a pending wait live without a variable; idle ones are collected")
    func activity() throws {
        let stage = Stage()
        try stage.start("device", ProgramTests.device)
        let room = try stage.start(
            "room",
            """
            Timer(1, function(t, n) if n == 3 then t:Stop() print('timer done') end end)
            Wait(2, function() print('wait done') end)
            do
                local c = EthernetClientInterface('device', 5000)
                c.ReceiveData = function(_, data) print('data', #data) end
                c:Connect()
                Wait(2.5, function() c:Send('P\\r') end)
            end
            for i = 1, 100 do EthernetClientInterface('device', 5000) Timer(1) Wait(1) end
            collectgarbage()
            """)
        stage.run(0.5)
        room.program.runtime.collectGarbage()
        stage.run(4)
        #expect(room.lines == ["wait done", "data\t6", "timer done"])
        room.program.runtime.collectGarbage()
        // The connection is open.
        #expect(room.program.runtime.instanceCount == 1)
    }

    @Test("Each class of programs is closed when they stop, or is known to hold nothing open")
    func everyClassIsClosed() throws {
        let holdsNothing = [
            "Email": "a mail is under way while its task waits, and is given up with that",
            "GemCommand": "a command that was received; its answer goes through its handler",
            "GetConnectionHandler": "the options of a handler that is being made; programs do not see it",
            "HsmsHeader": "a value",
            "HsmsPacket": "a value",
            "HttpHeaders": "a value",
            "HttpResponse": "a value",
            "MESet": "a set of other objects",
            "Match": "a value",
            "Pattern": "a compiled pattern",
            "ProcessorDevice": "names ports; who uses one opens it",
            "SecsHandler": "speaks through an HsmsProtocol, which is closed",
            "SecsItem": "a value",
            "SecsMessage": "a value",
            "SecsRequest": "a message that was received; its answer goes through its handler",
            "http request": "what is asked, before it is sent; programs do not see it",
            "digest": "a digest under way, of hashlib; programs do not see it",
        ]
        let stage = Stage()
        let room = try stage.start("room", "")
        let declared = room.program.runtime.declaredTypes
        for of in declared {
            let isClosed = of.type is any ClosableResource.Type
            #expect(
                isClosed != (holdsNothing[of.name] != nil),
                "\(of.name): let it be a ClosableResource, or say here why it needs no closing, not both")
        }
        #expect(Set(holdsNothing.keys).isSubset(of: declared.map(\.name)), "a class is not declared any more")
    }

    @Test("Stopping a program closes all that it opened")
    func stopping() throws {
        let stage = Stage()
        let device = try stage.start("device", ProgramTests.device)
        let room = try stage.start(
            "room",
            """
            local h = GetConnectionHandler(EthernetClientInterface('device', 5000), function(i) i:Send('P\\r') end)
            h:Connect()
            EthernetServerInterfaceEx(9000):StartListen()
            Timer(1, print)
            Clock({'12:00:00'}, nil, print):Enable()
            local c = EthernetClientInterface('device', 5000)
            c:Connect(1)
            print('waiting')
            c:SendAndWait('x', 100)
            print('over')
            """)
        stage.run(3)
        stage.stop("room")
        stage.run(3)
        #expect(room.environment.openTransports == 0)
        #expect(room.environment.openListeners == 0)
        #expect(device.environment.openTransports == 0)
        #expect(room.lines == ["waiting", "<Timer room.lua:4>\t1", "<Timer room.lua:4>\t2"])
        #expect(room.errors.map(\.text) == [])
        stage.stop("device")
        stage.run(3)
        #expect(stage.world.pendingEvents == 0)
    }

    @Test("Finalizers by the hundred leave other work its turn, and all of them run")
    func manyFinalizers() throws {
        let stage = Stage()
        let actor = try stage.start(
            "room",
            """
            finalized = 0
            for i = 1, 300 do setmetatable({}, {__gc = function() finalized = finalized + 1 end}) end
            collectgarbage()
            Wait(0, function() print(finalized < 20) end)
            Wait(1, function() print(finalized) end)
            """)
        stage.run(2)
        #expect(actor.lines == ["true", "300"])
    }
}
