internal import ControlCore
internal import LuaRuntime

/// Declares `SaveProgramLog`.
func declareSaveProgramLog(_ context: BindingContext, _ area: FileArea) -> LuaFunction {
    LuaFunction(
        "SaveProgramLog",
        [
            .optional(
                "path", .any.annotated("string|File"),
                "The name of the file, or a folder, where the file gets a name with the time, or an open File; nil: the root folder."
            )
        ], "Writes the newest log entries to a file, at most 2,000 and 1 MiB. It replaces the file as a whole."
    ) { (call) throws(LuaFault) in
        let text = context.savedLogText()
        if let file = call.instance(1)?.object as? ProgramFile {
            try file.write(Array(text.utf8))
            return .none
        }
        guard call.isNil(1) || call.isString(1) else {
            throw LuaFault(
                .typeError,
                "argument 'path' of SaveProgramLog must be a string or an open File, got a \(call.typeName(1))")
        }
        var path = call.string(1) ?? "/"
        if area.isFolder(path) { path += "/\(context.savedLogName())" }
        try area.replace(path, with: Array(text.utf8))
        return .none
    }
}

extension BindingContext {
    /// The log so far, as the console shows it.
    fileprivate func savedLogText() -> String {
        var text = ""
        let writer = ConsoleLog(format: .text, level: .debug, colours: false, timeZone: environment.timeZone) {
            text += $0
        }
        for entry in savedLog() { writer.write(entry) }
        return text
    }

    /// The name of a saved log: `ProgramLog YYYY-MM-DD HHMMSS.txt`, by the local time.
    fileprivate func savedLogName() -> String {
        let now = CivilTime(unixTime: environment.wallClock / 1_000_000_000, in: environment.timeZone)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return
            "ProgramLog \(now.year)-\(two(now.month))-\(two(now.day)) \(two(now.hour))\(two(now.minute))\(two(now.second)).txt"
    }
}
