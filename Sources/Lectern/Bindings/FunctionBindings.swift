internal import ControlCore
internal import LuaRuntime

/// Declares the functions of the Global Scripter environment that belong to no class.
func declareFunctions(_ context: BindingContext) -> [LuaFunction] {
    [
        declareGetConnectionHandler(context),
        LuaFunction("ModuleVersion", [], returns: "the version of the connection handlers", "Tells the version.") {
            (call) throws(LuaFault) in call.returning("2.0.1")
        },
        LuaFunction(
            "ProgramLog",
            [
                .required("Entry", .any, "What to log."),
                .optional("Severity", .oneOf(["error", "info", "warning"]), default: "'error'", "How bad it is."),
            ], "Writes to the program log."
        ) { (call) throws(LuaFault) in
            let severity: ProgramLogEntry.Severity =
                switch call.string(2) {
                case "info": .info
                case "warning": .warning
                default: .error
                }
            context.log(severity, call.text(1))
            return .none
        },
        LuaFunction("Version", [], returns: "the version of Lectern", "Tells the version of the host.") {
            (call) throws(LuaFault) in call.returning(LecternVersion.current)
        },
        LuaFunction("Platform", [], returns: "'Lectern'", "Tells what the program runs on.") {
            (call) throws(LuaFault) in call.returning("Lectern")
        },
        LuaFunction(
            "ExitProgram", [.optional("code", .integer(0...255), default: "0", "The exit code.")],
            "Ends the program in order, once the calling task has ended or waits."
        ) { (call) throws(LuaFault) in
            context.exit(call.integer(1) ?? 0)
            return .none
        },
    ]
}
