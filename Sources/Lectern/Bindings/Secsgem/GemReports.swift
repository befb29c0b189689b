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

extension GemHostHandler.EventReport: LuaPushable {
    /// Pushes a table with the event and its reports.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("ceid", event)
        stack.set("reports", reports)
    }
}

extension GemHostHandler.Report: LuaPushable {
    /// Pushes a table with the report's identifier and its values.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("rptid", id)
        stack.set("values", values)
    }
}

extension GemHostHandler.Value: LuaPushable {
    /// Pushes a table with the value and, where it is known, the variable.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("dvid", variable)
        stack.set("value", item.value)
    }
}

extension GemHostHandler.TraceSamples: LuaPushable {
    /// Pushes a table with the trace, the number and time of the last sample, and the values.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 4)
        stack.set("trid", trace)
        stack.set("sample", Int(clamping: sampleNumber))
        stack.set("time", time)
        stack.set("values", values.map(\.value))
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

extension GemHostHandler.ConstantName: LuaPushable {
    /// Pushes a table with what equipment says of a constant.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 6)
        stack.set("id", id)
        stack.set("name", name)
        stack.set("min", minimum.value)
        stack.set("max", maximum.value)
        stack.set("default", initial.value)
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
        stack.set("text", lines.joined(separator: "\n"))
        stack.set("lines", lines)
        stack.set("terminal", Int(terminal))
    }
}
