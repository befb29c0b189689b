import Testing

@testable import ControlCore

@Suite("Filters of a trace")
struct WireFilterTests {
    private static let projector = WireFilter.Ends(hosts: ["Projector", "10.0.0.2"], port: 23, localPort: 40_000)
    private static let client = WireFilter.Ends(hosts: ["10.0.0.7"], port: 50_123, localPort: 9000)
    private static let line = WireFilter.Ends(path: "/dev/ttyUSB0", aliases: ["Main:COM1", "Rack:COM3"])
    private static let six = WireFilter.Ends(hosts: ["::1"], port: 23)

    @Test(
        "A term names wires by host, port, path or alias",
        arguments: [
            ("all", [true, true, true, true]), ("projector", [true, false, false, false]),
            ("10.0.0.2:23", [true, false, false, false]), ("PROJECTOR:23", [true, false, false, false]),
            ("projector:24", [false, false, false, false]), (":9000", [false, true, false, false]),
            ("10.0.0.7", [false, true, false, false]), ("/dev/ttyUSB0", [false, false, true, false]),
            ("COM1", [false, false, true, false]), ("com3", [false, false, true, false]),
            ("Main:COM1", [false, false, true, false]), ("Main:COM3", [false, false, false, false]),
            ("[0:0::1]:23", [false, false, false, true]), ("::1", [false, false, false, true]),
        ])
    func terms(_ text: String, _ expected: [Bool]) throws {
        let filter = try WireFilter([text])
        let ends = [Self.projector, Self.client, Self.line, Self.six]
        #expect(ends.map { !filter.matches($0).isEmpty } == expected)
    }

    @Test(
        "A term names wires by the program's names, as they are written; a host of that name is meant as well",
        arguments: [
            ("Screen", [true, false]), ("screen", [false, false]), ("Devices.Screen", [true, false]),
            ("devices.screen", [false, false]), ("Projector", [false, true]), ("projector", [false, true]),
            ("Screen:23", [false, false]),
        ])
    func names(_ text: String, _ expected: [Bool]) throws {
        var screen = WireFilter.Ends(hosts: ["10.0.0.3"], port: 23)
        screen.names = ["Screen", "Devices.Screen"]
        let filter = try WireFilter([text])
        #expect([screen, Self.projector].map { !filter.matches($0).isEmpty } == expected)
        screen.names = ["Projector"]
        #expect(filter.matches(screen).isEmpty == (text != "Projector"))
    }

    @Test("Several terms add up")
    func several() throws {
        let filter = try WireFilter(["projector", "COM1", ":1"])
        #expect(filter.matches(Self.projector) == [0] && filter.matches(Self.line) == [1])
    }

    @Test(
        "What is no term is refused with the forms that there are",
        arguments: ["", "a b", "host:0", "host:70000", ":x", "host:", "/", "[host]:3", "a:b:c", "a:b:5"])
    func mistakes(_ text: String) {
        let error = #expect(throws: ParameterError.self) { try WireFilter(["all", text]) }
        #expect(error?.problem == "is '\(text)'" && error?.allowed == "one of \(WireFilter.forms)")
    }
}
