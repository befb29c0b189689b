import ControlCore
import Lectern
import Testing

/// Programs and serial ports, on simulated lines.
@Suite("Serial programs")
struct SerialProgramTests {
    /// A room whose COM1 is joined to COM1 of a device.
    private final class Scene {
        let stage = Stage()
        let port: SimulatedSerialPort
        var configuration = Stage.configuration()

        init() throws {
            // Hosts exist before programs do.
            let room = try stage.start("room", "").environment
            let device = try stage.start("device", "").environment
            port = stage.world.serialLine(from: room, "/dev/ttyUSB0", to: device, "/dev/ttyUSB0").near
            try configuration.mapPort("Main:COM1=/dev/ttyUSB0")
        }

        func room(_ text: String) throws -> Stage.Actor {
            try stage.start("room", "Main = ProcessorDevice('Main')\n" + text, configuration: configuration)
        }

        func device(_ text: String) throws {
            try stage.start(
                "device", "port = SerialInterface(ProcessorDevice('Main'), 'COM1')\n" + text,
                configuration: configuration)
        }
    }

    @Test("A program sends, waits for responses and receives over a serial port")
    func talk() throws {
        let scene = try Scene()
        try scene.device(
            "port.ReceiveData = function(port, data) if data == 'P' then port:Send('Pwr1\\r\\nrest') end end")
        let room = try scene.room(
            """
            local interface = require 'extronlib.interface'
            local device = interface.SerialInterface(Main, 'COM1', {Stop = 2})
            event(device, 'ReceiveData', function(from, data) print(rawequal(from, device), data) end)
            print(device:SendAndWait('P', 1, {deliTag = '\\r\\n'}) == 'Pwr1\\r\\n')
            print(device.Host == Main, device.Host.DeviceAlias, device.Port, device.Baud, device.Data, device.Parity)
            print(device.Stop, device.FlowControl, device.CharDelay, device.Mode, device)
            """)
        scene.stage.run(1)
        #expect(
            room.lines == [
                "true", "true\tMain\tCOM1\t9600\t8\tNone", "2\tOff\t0.0\tRS232\t<SerialInterface Main COM1>",
                "true\tre", "true\tst",
            ], "\(room.lines)")
    }

    @Test("Online and Offline come with every change, and at once to a handler that is set later")
    func presence() throws {
        let scene = try Scene()
        scene.port.unplug()
        let room = try scene.room(
            """
            device = SerialInterface(Main, 'COM1')
            local function tell(_, state) print(state) end
            event(device, {'Online', 'Offline'}, tell)
            Wait(10, function() device.Offline = nil device.Online = tell device.Online = tell end)
            """)
        scene.stage.run(1)
        scene.port.replug()
        scene.stage.run(2)
        scene.port.unplug()
        scene.stage.run(1)
        scene.port.replug()
        scene.stage.run(20)
        // Its second absence comes so soon that the looks for it go on where they were: 2 s apart.
        #expect(
            room.timeline
                == ["0.0 Offline", "1.75 Online", "3.0 Offline", "5.0 Online", "10.0 Online", "10.0 Online"],
            "\(room.timeline)")
        let missing =
            "PortMissing; it is looked for again. Is the adapter plugged in? 'ls -l /dev/serial/by-id' shows the ports that there are."
        #expect(
            room.connectionTimeline == [
                "0.0 WARNING device Main COM1 (/dev/ttyUSB0): \(missing)",
                "1.75 INFO device Main COM1 (/dev/ttyUSB0): open after 4 attempts",
                "3.0 WARNING device Main COM1 (/dev/ttyUSB0): Lost: the port was pulled out; it is looked for again",
                "5.0 INFO device Main COM1 (/dev/ttyUSB0): open",
            ])
    }

    @Test("Initialize changes what it is given and keeps the rest")
    func initialize() throws {
        let scene = try Scene()
        let room = try scene.room(
            """
            local device = SerialInterface(Main, 'COM1', 19200, 7, 'Even')
            device:Initialize({Baud = 38400, FlowControl = 'HW'})
            device:Initialize(nil, nil, nil, 2)
            print(device.Baud, device.Data, device.Parity, device.Stop, device.FlowControl)
            """)
        scene.stage.run(1)
        #expect(room.lines == ["38400\t7\tEven\t2\tHW"])
        #expect(
            scene.port.settings
                == (try SerialSettings(baud: 38400, dataBits: 7, parity: .even, stopBits: 2, flowControl: .hardware)))
    }

    @Test("Mistakes are errors that say what to do")
    func mistakes() throws {
        let scene = try Scene()
        let room = try scene.room(
            """
            local function try(...) local ok, problem = pcall(...) print(problem.kind, problem.message) end
            try(SerialInterface, Main, 'COM2')
            try(SerialInterface, ProcessorDevice('Other'), 'COM2')
            try(SerialInterface, 'Main', 'COM1')
            try(SerialInterface, Main, 'COM1', {FlowControl = 'OFF'})
            try(SerialInterface, Main, 'COM1', {Baud = 0})
            device = SerialInterface(Main, 'COM1')
            try(SerialInterface, Main, 'COM1')
            try(device.Initialize, device, {Data = 9})
            """)
        let how = { (alias: String) in
            "run with --port \(alias):COM2=/dev/ttyUSB0 or --port \(alias):COM2=tcp://host:port, or add to "
                + "lectern.yaml: devices: {\(alias): {ports: {COM2: {path: /dev/ttyUSB0}}}}"
        }
        #expect(
            room.lines == [
                "ValueError\tport 'COM2' of 'Main' is not mapped to this machine (mapped: COM1): \(how("Main"))",
                "ValueError\tport 'COM2' of 'Other' is not mapped to this machine: \(how("Other"))",
                "TypeError\targument 'Host' of SerialInterface must be a ProcessorDevice, got the string 'Main'",
                "ValueError\targument 'FlowControl' of SerialInterface must be one of 'HW', 'SW', 'Off', got 'OFF'",
                "ValueError\targument 'Baud' of SerialInterface must be a whole number from 50 to 12000000, got 0",
                "IOError\tMain COM1 is in use: there is a SerialInterface for /dev/ttyUSB0 already",
                "ValueError\targument 'Data' of Initialize must be a whole number from 7 to 8, got 9",
            ], "\(room.lines)")
    }

    @Test("A port that is offline refuses to send, and the program goes on when it is back")
    func offline() throws {
        let scene = try Scene()
        scene.port.unplug()
        let room = try scene.room(
            """
            local device = SerialInterface(Main, 'COM1')
            device:StartKeepAlive(1, 'K')
            Wait(1, function() print(select(2, pcall(device.Send, device, 'x')).message) end)
            Wait(9, function() device:Send('x') print('sent') device:StopKeepAlive() end)
            """)
        scene.stage.run(5)
        scene.port.replug()
        scene.stage.run(5)
        #expect(
            room.lines == [
                "Main COM1 (/dev/ttyUSB0) is not there", "sent",
            ], "\(room.lines)")
        #expect(room.errors.isEmpty)
    }

    @Test("A program needs no change when its port moves to a serial device server")
    func deviceServer() throws {
        let scene = try Scene()
        try scene.stage.start(
            "device",
            """
            local server = EthernetServerInterfaceEx(4001)
            server.ReceiveData = function(client, data) client:Send(data:upper()) end
            server:StartListen()
            """)
        try scene.configuration.mapPort("Main:COM1=tcp://device:4001")
        let room = try scene.room(
            """
            local device = SerialInterface(Main, 'COM1')
            device.Online = function(_, state) print(state) end
            print(device:SendAndWait('power?', 1, {deliLen = 6}))
            """)
        scene.stage.run(2)
        #expect(room.lines == ["Online", "POWER?"], "\(room.lines)")
    }

    @Test("A derived class is a serial device, and the end of the program gives the port back")
    func derivedAndEnded() throws {
        let scene = try Scene()
        let room = try scene.room(
            """
            local Display = class('Display', SerialInterface)
            function Display:init(host, port) SerialInterface.init(self, host, port, {Baud = 115200}) end
            print(isinstance(Display(Main, 'COM1'), SerialInterface))
            collectgarbage() collectgarbage()
            """)
        scene.stage.run(1)
        #expect(room.lines == ["true"])
        #expect(scene.port.settings?.baud == 115_200, "the port stays open though the program holds no name of it")
        scene.stage.stop("room")
        scene.stage.run(2)
        #expect(scene.port.settings == nil)
        #expect(room.environment.openSerialPorts == 0)
    }
}
