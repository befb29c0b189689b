import Bytes
import Polling
import Testing

@testable import ControlCore

/// Serial ports from a program's side, on simulated lines.
@Suite("SerialInterface")
struct SerialInterfaceTests {
    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    @Test("What is sent in the turn that made the interface goes out when the port is open")
    func early() throws {
        let scene = SerialScenario()
        try scene.startDevice()
        scene.run(0)
        let interface = try scene.interface()
        #expect(interface.presence == .unknown)
        try interface.send(bytes("Hel"))
        try interface.send(bytes("lo"))
        scene.run(0.1)
        #expect(scene.heard == "Hello")
        #expect(scene.takeLog() == ["0.0 Online"])
    }

    @Test("A command is sent and its response is waited for, at the speed of the line")
    func sendAndWait() throws {
        let scene = SerialScenario()
        scene.answer = { $0.contains("P") ? "Pwr1\r\nmore" : nil }
        try scene.startDevice()
        let interface = try scene.interface()
        interface.sendAndWait(bytes("P"), timeout: .seconds(1), delimiter: .suffix([13, 10])) {
            scene.note(ControlScenario.text($0))
        }
        scene.run(1)
        // A byte takes 1.04 ms at 9600 baud: one out, and the first chunk of up to 5 ms back at a time.
        #expect(scene.takeLog() == ["0.0 Online", "0.009 response 'Pwr1\r\n'", "0.009 Data mo", "0.011 Data re"])
    }

    @Test("A port that is missing is Offline once, looked for with back-off, and comes Online by itself")
    func missing() throws {
        let scene = SerialScenario()
        scene.port.unplug()
        let interface = try scene.interface()
        scene.run(1)
        #expect(scene.takeLog() == ["0.0 Problem PortMissing", "0.0 Offline"])
        #expect(throws: IOFault("Main COM1 (/dev/ttyUSB0) is not there")) { try interface.send(bytes("x")) }
        scene.run(59)
        scene.port.replug()
        scene.run(5)
        // Looks at 0.25, 0.75, 1.75, 3.75, 7.75, then every 5 s: 12.75 … 57.75, 62.75.
        #expect(scene.takeLog() == ["62.75 Online"])
        #expect(interface.problem == nil)
    }

    @Test("A port that is pulled out is Offline, and Online a quarter of a second after it was put back")
    func unplugged() throws {
        let scene = SerialScenario()
        try scene.startDevice()
        let interface = try scene.interface()
        scene.run(10)
        scene.port.unplug()
        scene.port.replug()
        scene.run(1)
        #expect(
            scene.takeLog() == [
                "0.0 Online", "10.0 Problem Lost: the port was pulled out", "10.0 Offline", "10.25 Online",
            ])
        try interface.send(bytes("again"))
        scene.run(1)
        #expect(scene.heard == "again")
    }

    @Test("A call that waits for a response ends when the port is pulled out, and those behind it fail")
    func lostWhileWaiting() throws {
        let scene = SerialScenario()
        let interface = try scene.interface()
        scene.run(0)
        for command in ["A", "B"] {
            interface.sendAndWait(bytes(command), timeout: .seconds(10), delimiter: .length(4)) {
                scene.note("\(command) \(ControlScenario.text($0))")
            }
        }
        scene.run(1)
        scene.port.unplug()
        scene.run(0)
        #expect(
            scene.takeLog() == [
                "0.0 Online", "1.0 Problem Lost: the port was pulled out", "1.0 Offline",
                "1.0 A unmet connectionLost",
                "1.0 B failed Main COM1 (/dev/ttyUSB0) is offline: the port was pulled out",
            ])
    }

    @Test("A second interface on one port is refused, until the first is closed")
    func claimed() throws {
        let scene = SerialScenario()
        let first = try scene.interface()
        #expect(throws: IOFault("Main COM1 is in use: there is a SerialInterface for /dev/ttyUSB0 already")) {
            _ = try scene.interface()
        }
        scene.run(1)
        first.close()
        first.close()
        #expect(throws: IOFault("Main COM1 (/dev/ttyUSB0) is closed")) { try first.send(bytes("x")) }
        let second = try scene.interface()
        scene.run(1)
        #expect(second.presence == .online)
        #expect(scene.takeLog() == ["0.0 Online", "1.0 Online"])
    }

    @Test("A port that another program has is Offline until that one gives it back")
    func inUse() throws {
        let scene = SerialScenario()
        let other = try SerialInterface(
            environment: scene.controller, name: "Other", address: .device(path: "/dev/ttyUSB0"),
            claims: SerialPortClaims())
        scene.run(0)
        let interface = try scene.interface()
        scene.run(1)
        #expect(scene.takeLog() == ["0.0 Problem PortInUse", "0.0 Offline"])
        other.close()
        scene.run(5)
        #expect(interface.presence == .online)
    }

    @Test("Settings change behind what was sent before")
    func initialize() throws {
        let scene = SerialScenario()
        let device = try scene.startDevice()
        let interface = try scene.interface()
        scene.run(1)
        let fast = try SerialSettings(baud: 115_200)
        try interface.send(bytes("BAUD 115200\r"))
        interface.initialize(fast)
        try interface.send(bytes("new"))
        #expect(interface.settings.baud == 115_200)
        scene.run(0.02)
        #expect(scene.heard == "BAUD 115200\r")
        #expect(scene.port.settings?.baud == 9600)
        device.initialize(fast)
        scene.run(1)
        #expect(scene.port.settings == fast)
        #expect(scene.heard == "BAUD 115200\rnew")
        #expect(scene.log == ["0.0 Online"])
    }

    @Test("Between different settings other bytes arrive")
    func mismatch() throws {
        let scene = SerialScenario()
        try scene.startDevice(try SerialSettings(baud: 19_200))
        let interface = try scene.interface()
        try interface.send(bytes("Hello"))
        scene.run(1)
        #expect(scene.heard.utf8.count > 0 && scene.heard != "Hello")
    }

    @Test("Settings that the port cannot do make it Offline, and others bring it back at once")
    func refused() throws {
        let scene = SerialScenario()
        scene.port.refusal = { $0.mode == .rs485 ? "mode 'RS485'" : nil }
        let interface = try scene.interface()
        scene.run(1)
        interface.initialize(try SerialSettings(mode: .rs485))
        scene.run(9)
        interface.initialize(SerialSettings())
        scene.run(1)
        #expect(
            scene.takeLog() == [
                "0.0 Online", "1.0 Problem Lost: the port cannot do mode 'RS485'", "1.0 Offline",
                "1.25 Problem Unsupported: the port cannot do mode 'RS485'", "10.0 Online",
            ])
    }

    @Test("With a character delay bytes go out one by one, each after the pause")
    func charDelay() throws {
        let scene = SerialScenario()
        try scene.startDevice()
        let interface = try scene.interface(try SerialSettings(charDelay: .milliseconds(100)))
        scene.run(0)
        try interface.send(bytes("abc"))
        var times: [Int] = []
        for tenth in 0..<5 {
            let before = scene.heard.count
            scene.run(0.1)
            times.append(scene.heard.count - before)
            _ = tenth
        }
        #expect(times == [1, 1, 1, 0, 0])
        #expect(scene.heard == "abc")
        #expect(interface.queuedBytes == 0)
    }

    @Test("The keep-alive is sent while the port is online, and goes on when it is back")
    func keepAlive() throws {
        let scene = SerialScenario()
        try scene.startDevice()
        let interface = try scene.interface()
        try interface.startKeepAlive(interval: .seconds(1), data: bytes("K"))
        scene.run(2.5)
        #expect(scene.heard == "KK")
        scene.port.unplug()
        scene.run(2)
        scene.port.replug()
        scene.run(6)
        #expect(scene.heard.count > 3)
        interface.stopKeepAlive()
        let count = scene.heard.count
        scene.run(5)
        #expect(scene.heard.count == count)
        #expect(throws: ParameterError.self) { try interface.startKeepAlive(interval: .zero, data: bytes("K")) }
    }

    @Test(
        "A program that takes no data holds the sender back where flow control is on, and loses bytes where it is off")
    func flowControl() throws {
        for flow in [SerialSettings.FlowControl.hardware, .off] {
            let scene = SerialScenario()
            let settings = try SerialSettings(baud: 115_200, flowControl: flow)
            let device = try scene.startDevice(settings)
            let interface = try scene.interface(settings)
            var received = 0
            interface.onReceiveData = { received += $0.readableBytes }
            scene.run(0)
            interface.setReceiving(false)
            try device.send(ByteBuffer(repeating: 7, count: 20_000))
            scene.run(10)
            #expect(received == 0)
            #expect((device.queuedBytes > 0) == (flow == .hardware))
            interface.setReceiving(true)
            scene.run(10)
            #expect(received + scene.port.lostBytes == 20_000)
            #expect((scene.port.lostBytes > 0) == (flow == .off))
        }
    }

    @Test("A port at a serial device server looks the same, and comes back by itself when the server does")
    func deviceServer() throws {
        let scene = SerialScenario()
        let server = FakeDevice(environment: scene.deviceHost)
        server.listen(port: 4001)
        server.answer = { $0 == "P" ? "Pwr1\r\n" : nil }
        scene.run(0)
        let interface = try scene.interface(address: .server(host: "10.0.0.2", port: 4001))
        interface.sendAndWait(bytes("P"), timeout: .seconds(1), delimiter: .suffix([13, 10])) {
            scene.note(ControlScenario.text($0))
        }
        scene.run(10)
        server.stopListening()
        server.hangUp()
        scene.run(1)
        server.listen(port: 4001)
        scene.run(1)
        #expect(
            scene.takeLog() == [
                "0.0 Online", "0.0 response 'Pwr1\r\n'",
                "10.0 Problem ClosedByPeer: the other side has closed the connection", "10.0 Offline",
                "10.25 Problem ConnectionRefused", "11.75 Online",
            ])
    }

    @Test("Settings out of range are refused by name")
    func ranges() {
        func parameter(_ make: () throws -> SerialSettings) -> String? {
            #expect(throws: ParameterError.self) { _ = try make() }?.parameter
        }
        #expect(parameter { try SerialSettings(baud: 0) } == "Baud")
        #expect(parameter { try SerialSettings(dataBits: 9) } == "Data")
        #expect(parameter { try SerialSettings(stopBits: 3) } == "Stop")
        #expect(parameter { try SerialSettings(charDelay: .seconds(-1)) } == "CharDelay")
    }

    @Test("A thousand interfaces that were opened, used and closed are gone")
    func thousandCycles() throws {
        let scene = SerialScenario()
        scene.world.trace.isEnabled = false
        try scene.startDevice()
        weak var last: SerialInterface?
        for _ in 0..<1000 {
            let interface = try scene.interface()
            try interface.startKeepAlive(interval: .seconds(1), data: bytes("K"))
            interface.sendAndWait(bytes("?"), timeout: .seconds(60), delimiter: .length(9)) { _ in }
            scene.run(0.1)
            #expect(interface.presence == .online)
            interface.close()
            scene.run(2)
            last = interface
        }
        #expect(last == nil)
        #expect(scene.controller.openSerialPorts == 0)
        #expect(scene.world.pendingEvents == 0)
    }

    @Test("Equal seeds give equal traces, and closing leaves no port, deadline or event")
    func nothingIsLeft() throws {
        func play() throws -> String {
            let scene = SerialScenario(seed: 7)
            scene.answer = { $0.uppercased() }
            let device = try scene.startDevice()
            let interface = try scene.interface()
            try interface.startKeepAlive(interval: .milliseconds(300), data: bytes("tick"))
            scene.run(3)
            interface.close()
            device.close()
            #expect(scene.world.runUntilIdle())
            #expect(scene.controller.openSerialPorts + scene.deviceHost.openSerialPorts == 0)
            return scene.world.trace.text
        }
        let trace = try play()
        #expect(trace.contains("/dev/ttyUSB0 4 \"TICK\""))
        #expect(try play() == trace)
    }
}
