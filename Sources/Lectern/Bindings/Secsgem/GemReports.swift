public import HSMS
public import LuaRuntime

// What peers say and report, as tables.

extension GemHostHandler.Alarm: LuaPushable {
    /// Pushes a table with the identifier, the category, whether it is set, and the text.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 4)
        stack.set("alid", id)
        stack.set("code", Int(category))
        stack.set("set", isSet)
        stack.set("text", text)
    }
}

/// What a peer says, with items in it.
protocol SecsReport {
    /// Pushes a table.
    func push(onto stack: LuaStack, of runtime: LuaRuntime)
}

/// A report on its way to the program.
struct PushedReport<Report: SecsReport>: LuaPushable {
    let report: Report
    let runtime: LuaRuntime

    init(_ report: Report, _ runtime: LuaRuntime) {
        self.report = report
        self.runtime = runtime
    }

    func push(onto stack: LuaStack) { report.push(onto: stack, of: runtime) }
}

extension GemHostHandler.EventReport: SecsReport {
    /// Pushes a table with the event and its reports.
    func push(onto stack: LuaStack, of runtime: LuaRuntime) {
        stack.pushTable(fields: 2)
        stack.set("ceid", event)
        stack.push(list: reports) { $0.push(onto: $1, of: runtime) }
        stack.setTop("reports")
    }
}

extension GemHostHandler.Report: SecsReport {
    /// Pushes a table with the report's identifier and its values.
    func push(onto stack: LuaStack, of runtime: LuaRuntime) {
        stack.pushTable(fields: 2)
        stack.set("rptid", id)
        stack.push(list: values) { $0.push(onto: $1, of: runtime) }
        stack.setTop("values")
    }
}

extension GemHostHandler.Value: SecsReport {
    /// Pushes a table with the value and, where it is known, the variable.
    func push(onto stack: LuaStack, of runtime: LuaRuntime) {
        stack.pushTable(fields: 2)
        stack.set("dvid", variable)
        stack.set("value", PlainItem(item, runtime))
    }
}

extension GemHostHandler.TraceSamples: SecsReport {
    /// Pushes a table with the trace, the number and time of the last sample, and the values.
    func push(onto stack: LuaStack, of runtime: LuaRuntime) {
        stack.pushTable(fields: 4)
        stack.set("trid", trace)
        stack.set("sample", Int(clamping: sampleNumber))
        stack.set("time", time)
        stack.push(list: values) { $1.push(PlainItem($0, runtime)) }
        stack.setTop("values")
    }
}

extension GemHostHandler.VariableName: LuaPushable {
    /// Pushes a table with the identifier, the name and the units.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 3)
        stack.set("id", id)
        stack.set("name", name)
        stack.set("units", units)
    }
}

extension GemHostHandler.ConstantName: SecsReport {
    /// Pushes a table with what equipment says of a constant.
    func push(onto stack: LuaStack, of runtime: LuaRuntime) {
        stack.pushTable(fields: 6)
        stack.set("id", id)
        stack.set("name", name)
        stack.set("min", PlainItem(minimum, runtime))
        stack.set("max", PlainItem(maximum, runtime))
        stack.set("default", PlainItem(initial, runtime))
        stack.set("units", units)
    }
}

extension GemIdentity: LuaPushable {
    /// Pushes a table with MDLN and SOFTREV.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("MDLN", model)
        stack.set("SOFTREV", revision)
    }
}

extension GemTerminals.Text: LuaPushable {
    /// Pushes a table with the text, its lines and the terminal.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 3)
        stack.set("text", SecsText(Array(lines.map(\.bytes).joined(separator: [UInt8(ascii: "\n")]))))
        stack.set("lines", lines)
        stack.set("terminal", Int(terminal))
    }
}
