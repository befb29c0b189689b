import Lectern
import Testing

@Suite("Configuration of a trace")
struct TraceConfigurationTests {
    @Test("Every key is read; paths are from the file's folder")
    func keys() throws {
        let trace = try #require(
            try ProgramConfiguration(
                yaml: "trace: {only: [all, 'a:23'], to: t.log, as: hex, file: /tmp/x.pcapng, full: true, mask: [pin]}",
                file: "site/lectern.yaml"
            ).trace)
        #expect(trace.only == ["all", "a:23"] && trace.lines == "site/t.log" && trace.capture == "/tmp/x.pcapng")
        #expect(trace.rendering == .hex && trace.isFull && trace.secrets == ["pin"])
        #expect(try ProgramConfiguration(yaml: "trace:", file: "f").trace == TraceConfiguration())
        #expect(try ProgramConfiguration(yaml: "trace: {only: COM1, to: '-'}", file: "f").trace?.lines == "-")
        #expect(try ProgramConfiguration(yaml: "", file: "f").trace == nil)
    }

    @Test(
        "A mistake is named with its line and what to do",
        arguments: [
            (
                "trace:\n  only: ['a b']",
                "f:2: 'only' is 'a b'; each must be one of all, a host, host:port, :port of this machine, COM1, "
                    + "Alias:COM1, a path such as /dev/ttyUSB0, or a variable of the program"
            ),
            ("trace: {only: {}}", "f:1: 'only' must be a list of wires, such as [all] or ['projector:23', COM1]"),
            ("trace: {as: dump}", "f:1: 'as' must be one of 'auto', 'text', 'hex'"),
            ("trace: {ful: true}", "f:1: key 'ful' is not known; 'trace' has only, to, as, file, full, mask"),
            ("trace: {full: 1}", "f:1: 'full' must be true or false"),
            ("trace: all", "f:1: 'trace' must be a table of keys and values"),
        ])
    func mistakes(_ yaml: String, _ expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try ProgramConfiguration(yaml: yaml, file: "f") }
        #expect(error?.description == expected)
    }

    @Test("Options win over the file, and turn a trace on")
    func options() throws {
        var configuration = try ProgramConfiguration(yaml: "trace: {only: [a], as: hex, to: t}", file: "f")
        try configuration.setTrace(wires: ["b", "COM1"], rendering: "text")
        #expect(configuration.trace?.only == ["b", "COM1"] && configuration.trace?.rendering == .text)
        #expect(configuration.trace?.lines == "t")
        var plain = ProgramConfiguration()
        try plain.setTrace()
        #expect(plain.trace == nil)
        try plain.setTrace(capture: "x.pcapng", isFull: true)
        #expect(plain.trace?.capture == "x.pcapng" && plain.trace?.isFull == true && plain.trace?.only == [])
    }

    @Test("A wrong option gets one line")
    func wrongOptions() {
        var configuration = ProgramConfiguration()
        let wire = #expect(throws: ConfigurationError.self) { try configuration.setTrace(wires: ["h:0"]) }
        #expect(wire?.description.hasPrefix("--trace 'h:0': it must be one of all, a host, host:port") == true)
        let form = #expect(throws: ConfigurationError.self) { try configuration.setTrace(rendering: "dump") }
        #expect(form?.description == "--trace-as 'dump': must be one of 'auto', 'text', 'hex'")
    }
}
