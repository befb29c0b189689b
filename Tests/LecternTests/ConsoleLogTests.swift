import ControlCore
import Lectern
import Testing

@Suite("The log on the console")
struct ConsoleLogTests {
    private func written(_ format: ConsoleLog.Format, _ entry: ProgramLogEntry, colours: Bool = false) -> String {
        var text = ""
        let log = ConsoleLog(
            format: format, level: .info, colours: colours, timeZone: RuleTimeZone.european(offset: 3600),
            output: { text += $0 })
        log.write(entry)
        return text
    }

    // 2026-07-01 12:00:00.005 UTC, in summer time
    private let time: Int64 = 1_782_907_200_005_000_000

    @Test("An entry is a line with local time, severity and text; a fault names its task and shows its traceback")
    func text() {
        #expect(
            written(.text, ProgramLogEntry(time: time, severity: .info, task: "main chunk", text: "hello"))
                == "2026-07-01 14:00:00.005 INFO    hello\n")
        #expect(
            written(
                .text,
                ProgramLogEntry(
                    time: time, severity: .error, task: "Timer main.lua:4 tick", text: "main.lua:5: no",
                    traceback: ["main.lua:5: in function <main.lua:4>"]))
                    == """
                    2026-07-01 14:00:00.005 ERROR   Timer main.lua:4 tick: main.lua:5: no
                        main.lua:5: in function <main.lua:4>

                    """)
    }

    @Test("Lines of a text stay lines, and no control character of a device reaches the terminal")
    func control() {
        let entry = ProgramLogEntry(time: time, severity: .info, text: "one\r\ntwo\nthree \u{1B}[31m\u{7}\r")
        #expect(
            written(.text, entry) == "2026-07-01 14:00:00.005 INFO    one\n    two\n    three \\x1b[31m\\x07\\r\n")
    }

    @Test("JSON is one object a line, with everything escaped")
    func json() {
        let entry = ProgramLogEntry(
            time: time, severity: .warning, task: "a \"b\"", text: "x\\\n\u{1}é", traceback: ["one", "two"])
        #expect(
            written(.json, entry)
                == #"{"time":"2026-07-01T14:00:00.005+02:00","severity":"warning","task":"a \"b\"","text":"x\\\n\u0001é","traceback":["one","two"]}"#
                + "\n")
    }

    @Test("The control characters above 127, which some terminals obey, are written out")
    func controlAbove127() {
        let entry = ProgramLogEntry(time: time, severity: .info, text: "\u{9B}31mred \u{A0}é")
        #expect(written(.text, entry).hasSuffix("INFO    \\x9b31mred \u{A0}é\n"))
    }

    @Test("Less severe entries are left out")
    func level() {
        #expect(written(.text, ProgramLogEntry(time: time, severity: .debug, text: "x")).isEmpty)
    }

    @Test("A memory log keeps the newest entries")
    func memory() {
        let log = MemoryLog(capacity: 3)
        for n in 1...5 { log.write(ProgramLogEntry(time: Int64(n), severity: .info, text: "\(n)")) }
        #expect(log.entries.map(\.text) == ["3", "4", "5"])
    }
}
