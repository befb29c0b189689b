internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares the functions of the Global Scripter environment that belong to no class.
func declareFunctions(_ context: BindingContext) -> [LuaFunction] {
    [
        declareGetConnectionHandler(context),
        LuaFunction(
            "ModuleVersion", [], returns: .of("string", "the version of the connection handlers"), "Tells the version."
        ) {
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
            "GetSystemUpTime", [], returns: .of("number", "the seconds"), "Tells how long the machine has been running."
        ) { (call) throws(LuaFault) in
            call.returning(Double(context.environment.now.uptimeNanoseconds) / 1e9)
        },
        declarePing(context),
        declareWakeOnLan(context),
        LuaFunction("Version", [], returns: .of("string", "the version of Lectern"), "Tells the version of the host.") {
            (call) throws(LuaFault) in call.returning(LecternVersion.current)
        },
        LuaFunction("Platform", [], returns: .of("'Pro xi'"), "Tells which platform's library the program finds.") {
            (call) throws(LuaFault) in call.returning("Pro xi")
        },
        LuaFunction(
            "ExitProgram", [.optional("code", .integer(0...255), default: "0", "The exit code.")],
            "Ends the program in order, when the calling task has ended or waits."
        ) { (call) throws(LuaFault) in
            context.exit(call.integer(1) ?? 0)
            return .none
        },
    ]
}

/// Declares `Ping`.
private func declarePing(_ context: BindingContext) -> LuaFunction {
    LuaFunction(
        "Ping",
        [
            .optional("hostname", .string, default: "'localhost'", "The name or IP address."),
            .optional("count", .integer(1...10_000), default: "5", "How many requests."),
        ],
        returns: .of(
            "integer, integer, number",
            "how many were answered, how many were not, and the average time of an answer in milliseconds"),
        waits: true,
        "Sends echo requests. Each is sent when the one before is answered or 1 s old. Raises IOError when the system does not allow them."
    ) { (call) throws(LuaFault) in
        let host = call.string(1) ?? "localhost"
        guard !host.isEmpty else {
            throw LuaFault(.valueError, "argument 'hostname' of Ping must be a host name or an IP address, got ''")
        }
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = PingCall.begin(host, count: call.integer(2) ?? 5, in: context.environment) { result in
                switch result {
                case .success(let outcome):
                    waiter.resume { stack in
                        stack.push(outcome.successes)
                        stack.push(outcome.failures)
                        stack.push(outcome.averageMilliseconds)
                        return .values(3)
                    }
                case .failure(let fault):
                    waiter.resume(throwing: LuaFault(fault))
                }
            }
            return { pending.cancel() }
        }
    }
}

/// Declares `WakeOnLan`.
private func declareWakeOnLan(_ context: BindingContext) -> LuaFunction {
    LuaFunction(
        "WakeOnLan",
        [
            .required("macAddress", .string, "The hardware address, such as '01-23-45-67-ab-cd'."),
            .optional("port", .integer(0...65_535), default: "9", "The UDP port; 0, 7 and 9 are common."),
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
