internal import ControlCore
internal import LuaRuntime
internal import NIOCore

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
        LuaFunction(
            "GetSystemUpTime", [], returns: "seconds", "Tells how long the machine has been running."
        ) { (call) throws(LuaFault) in
            call.returning(Double(context.environment.now.uptimeNanoseconds) / 1e9)
        },
        declareWakeOnLan(context),
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

/// Declares `WakeOnLan`.
private func declareWakeOnLan(_ context: BindingContext) -> LuaFunction {
    LuaFunction(
        "WakeOnLan",
        [
            .required("macAddress", .string, "The hardware address, such as '01-23-45-67-ab-cd'."),
            .optional("port", .integer(0...65_535), default: "9", "The UDP port; usual are 0, 7 and 9."),
        ], waits: true, "Wakes a machine of the local network. Raises IOError when the system cannot send."
    ) { (call) throws(LuaFault) in
        guard let address = call.string(1).flatMap(WakeUpCall.hardwareAddress) else {
            throw LuaFault(
                .valueError,
                "argument 'macAddress' of WakeOnLan must look like '01-23-45-67-ab-cd', got '\(call.text(1))'"
            )
        }
        return try call.wait { (waiter) throws(LuaFault) in
            WakeUpCall.send(to: address, port: call.integer(2) ?? 9, in: context.environment) { result in
                switch result {
                case .success: waiter.resume()
                case .failure(let fault): waiter.resume(throwing: LuaFault(fault))
                }
            }
            return nil
        }
    }
}
