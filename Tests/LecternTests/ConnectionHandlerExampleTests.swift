import ControlCore
import Lectern
import Polling
import Testing

/// The programs of docs/examples/connection-handler against their devices, in virtual time.
@Suite("Connection handler examples")
struct ConnectionHandlerExampleTests {
    /// How long, in seconds, a program needs to notice that its device is gone.
    private static let noticing: [(example: String, seconds: Double)] = [
        ("02-accepting-responses", 1),
        ("03-creating-a-handler", 1),
        ("04-synchronous-serial", 80),  // 16 queries, of which each waits 3 s
        ("05-synchronous-udp", 80),
        ("06-synchronous-tcp", 1),
        ("07-asynchronous-serial", 20),  // 16 queries
        ("08-asynchronous-udp", 20),
        ("09-asynchronous-tcp", 1),
        ("10-device-module-tcp", 1),
        ("11-device-module-serial", 20),
        ("12-device-module-udp", 20),
        ("14-auto-reconnect", 1),
        ("15-pause-polling", 1),
        ("16-interface-properties", 1),
        ("17-tcp-extras", 1),
    ]

    @Test("A device that is gone is noticed, and found again when it is back", arguments: noticing)
    func losing(_ example: String, _ seconds: Double) throws {
        let pair = try ExamplePair(example)
        try pair.play(seconds: 6)
        #expect(pair.changes.count == 1 && pair.changes[0].hasSuffix(" Connected"), "\(pair.timeline)")
        pair.stopDevice()
        pair.stage.run(seconds)
        #expect(pair.changes.count == 2 && pair.changes[1].hasSuffix(" Disconnected"), "\(pair.timeline)")
        pair.stage.run(20)
        #expect(pair.changes.count == 2, "\(pair.timeline)")
        try pair.startDevice()
        pair.stage.run(7)  // connectRetryTime and a query
        #expect(pair.changes.count == 3 && pair.changes[2].hasSuffix(" Connected"), "\(pair.timeline)")
        pair.expectNoErrors()
    }

    @Test("No example is left out here, and each has a device")
    func inventory() throws {
        let examples = try ExamplePair.all()
        #expect(examples.count == 17)
        let played = Set(Self.noticing.map(\.example) + ["01-each-interface", "13-idle-clients"])
        #expect(played == Set(examples))
        for example in examples {
            let device = "\(ProjectFiles.root)/\(ExamplePair.folder)/\(example)-device.lua"
            #expect(ProjectFiles.exists(device), "\(device)")
        }
        #expect(examples.sorted() == examples)
    }

    @Test(
        "Each interface gets the handler that fits: both devices are found and lost, the silent panel is disconnected")
    func eachInterface() throws {
        let pair = try ExamplePair("01-each-interface")
        try pair.play(seconds: 40)
        #expect(
            Set(pair.changes) == ["DVS 605 Connected", "MLC 206 Connected", "Panel Connected", "Panel Disconnected"],
            "\(pair.timeline)")
        #expect(pair.deviceLines.last == "The panel was disconnected")
        pair.stopDevice()
        pair.stage.run(20)
        #expect(pair.changes.count == 6, "\(pair.timeline)")
        #expect(pair.changes.suffix(2) == ["DVS 605 Disconnected", "MLC 206 Disconnected"], "\(pair.timeline)")
        pair.expectNoErrors()
    }

    @Test("Bytes that are no good response do not keep a device alive; the program tries again until it answers well")
    func acceptingResponses() throws {
        let pair = try ExamplePair("02-accepting-responses")
        try pair.play(seconds: 60)
        // Ten good answers, then 15 bad ones until the limit, five on the next connection, and good ones again.
        #expect(
            pair.lines == [
                "Projector is Connected", "Power is ON", "Projector is Disconnected", "Projector is Connected",
            ], "\(pair.timeline)")
        pair.expectNoErrors()
    }

    @Test("A handler with all defaults polls the module, whose statuses reach the program")
    func creatingAHandler() throws {
        let pair = try ExamplePair("03-creating-a-handler")
        try pair.play(seconds: 60)
        #expect(pair.lines == ["Device is Connected", "Power is On"], "\(pair.timeline)")
    }

    @Test(
        "A synchronous device is asked again and again, and one missed answer does no harm",
        arguments: ["04-synchronous-serial", "05-synchronous-udp", "06-synchronous-tcp"])
    func synchronous(_ example: String) throws {
        let pair = try ExamplePair(example)
        try pair.play(seconds: 16)
        #expect(pair.changes == ["Device is Connected"], "\(pair.timeline)")
        #expect(pair.lines.filter { $0 == "No good answer" }.count == 1, "\(pair.timeline)")
        #expect(pair.lines.filter { $0 == "Power is On" }.count >= 10, "\(pair.timeline)")
    }

    @Test(
        "An asynchronous device's answers are put together, and its changes are seen",
        arguments: ["07-asynchronous-serial", "08-asynchronous-udp", "09-asynchronous-tcp"])
    func asynchronous(_ example: String) throws {
        let pair = try ExamplePair(example)
        try pair.play(seconds: 12)
        #expect(pair.changes == ["Device is Connected"], "\(pair.timeline)")
        let states = pair.lines.filter { $0.hasPrefix("Power") }
        #expect(states == ["Power is On", "Power is Off", "Power is On"], "\(pair.timeline)")
    }

    @Test(
        "A serial cable that is pulled out is noticed without errors, and the device found again when it is back",
        arguments: ["07-asynchronous-serial", "11-device-module-serial"])
    func cable(_ example: String) throws {
        let pair = try ExamplePair(example)
        try pair.play(seconds: 4)
        pair.cable.unplug()
        pair.stage.run(20)
        #expect(pair.changes.count == 2 && pair.changes[1].hasSuffix(" Disconnected"), "\(pair.timeline)")
        pair.cable.replug()
        pair.stage.run(7)
        #expect(pair.changes.count == 3, "\(pair.timeline)")
        pair.expectNoErrors()
    }

    @Test(
        "A module is polled by its handler and by the program, and tells what somebody else has switched",
        arguments: ["10-device-module-tcp", "11-device-module-serial", "12-device-module-udp"])
    func deviceModule(_ example: String) throws {
        let pair = try ExamplePair(example)
        try pair.play(seconds: 12)
        let states = pair.lines.filter { !$0.hasSuffix("onnected") }
        #expect(pair.changes == ["DVS Connected"], "\(pair.timeline)")
        #expect(states.filter { $0.hasPrefix("Video") } == ["Video Mute state: Off"], "\(pair.timeline)")
        #expect(
            states.filter { $0.hasPrefix("Freeze") } == ["Freeze state: Off", "Freeze state: On", "Freeze state: Off"],
            "\(pair.timeline)")
        pair.expectNoErrors()
    }

    @Test("The silent client is disconnected after 30 seconds, the talking one stays")
    func idleClients() throws {
        let pair = try ExamplePair("13-idle-clients")
        try pair.startMain()
        try pair.startDevice()
        pair.stage.run(60)
        let lines = pair.lines
        #expect(lines.filter { $0.hasPrefix("New connection") }.count == 2, "\(lines)")
        #expect(lines.filter { $0.hasSuffix("disconnected; it said last: Sleeper is here") }.count == 1, "\(lines)")
        #expect(lines.filter { $0.hasSuffix("Talker is still here") }.count == 5, "\(lines)")
        let clients = ["Talker is Connected", "Sleeper is Connected", "Sleeper is Disconnected"]
        #expect(pair.deviceLines == clients, "\(pair.deviceLines)")
        pair.expectNoErrors()
    }

    @Test("A server whose clients have all gone serves them when they are back")
    func clientsComeBack() throws {
        let pair = try ExamplePair("13-idle-clients")
        try pair.startMain()
        try pair.startDevice()
        pair.stage.run(5)
        pair.stopDevice()
        pair.stage.run(5)
        try pair.startDevice()
        pair.stage.run(5)
        #expect(pair.lines.filter { $0.hasPrefix("New connection") }.count == 4, "\(pair.lines)")
        #expect(pair.lines.filter { $0.contains(" disconnected; ") }.count == 2, "\(pair.lines)")
        pair.expectNoErrors()
    }

    @Test("The rack is left alone at night and connected in the morning")
    func autoReconnect() throws {
        let pair = try ExamplePair("14-auto-reconnect", at: .hours(20) + .minutes(58))
        try pair.play(seconds: 12 * 3600)
        #expect(
            pair.lines == [
                "Device is Connected", "Good night", "Device is Disconnected", "Good morning", "Device is Connected",
            ], "\(pair.timeline)")
        #expect(pair.deviceLines.contains("The rack is powered down"))
        pair.expectNoErrors()
    }

    @Test("Polling pauses while the projector hears nothing, and its silence is not taken for a loss")
    func pausePolling() throws {
        let pair = try ExamplePair("15-pause-polling")
        try pair.play(seconds: 120)
        #expect(
            pair.lines == [
                "Device is Connected", "Projector is Warming Up", "Projector is On", "Polling goes on",
                "Projector is Cooling Down", "Projector is Off", "Polling goes on",
            ], "\(pair.timeline)")
        #expect(!pair.deviceLines.contains { $0.hasPrefix("Unheard") }, "\(pair.deviceLines)")
        pair.expectNoErrors()
    }

    @Test("A password that was set through Interface opens the device, at each connection anew")
    func interfaceProperties() throws {
        let pair = try ExamplePair("16-interface-properties")
        try pair.play(seconds: 5)
        #expect(
            pair.lines == ["DVS Connected", "Video Mute state of device: Off"], "\(pair.timeline)")
        #expect(pair.deviceLines.filter { $0.hasSuffix("password") } == ["Right password"])
        pair.stopDevice()
        pair.stage.run(1)
        try pair.startDevice()
        pair.stage.run(7)
        #expect(pair.deviceLines.filter { $0.hasSuffix("password") } == ["Right password", "Right password"])
        pair.expectNoErrors()
    }

    @Test("A failed connection is reported every five seconds, until the device is there")
    func tcpExtras() throws {
        let pair = try ExamplePair("17-tcp-extras")
        try pair.startMain()
        pair.stage.run(12)
        try pair.startDevice()
        pair.stage.run(10)
        let failure = "Failed to connect to Device: ConnectionRefused"
        #expect(pair.lines == [failure, failure, failure, "Device is Connected"], "\(pair.timeline)")
        pair.expectNoErrors()
    }
}
