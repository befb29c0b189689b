internal import ControlCore
internal import LuaRuntime
import Polling

/// The names of the functions that ``declareSystemFunctions(_:)`` declares.
let systemFunctionNames = [
    "ProgramLog", "GetSystemUpTime", "Ping", "WakeOnLan", "Version", "Platform", "ExitProgram",
]

/// Declares the functions of the Global Scripter environment that belong to no class.
func declareSystemFunctions(_ context: BindingContext) -> [LuaFunction] {
    [
        declareProgramLog(context),
        LuaFunction(
            "GetSystemUpTime", returns: .of("number", "the seconds"), "Tells how long the machine has been running."
        ) { (call) throws(LuaFault) in
            call.returning(Double(context.environment.now.uptimeNanoseconds) / 1e9)
        },
        declarePing(context),
        declareWakeOnLan(context),
        LuaFunction("Version", returns: .of("string", "the version of Lectern"), "Tells the version of the host.") {
            (call) throws(LuaFault) in call.returning(LecternVersion.current)
        },
        LuaFunction("Platform", returns: .of("'Pro xi'"), "Tells which platform's library the program finds.") {
            (call) throws(LuaFault) in call.returning("Pro xi")
        },
        declareExitProgram(context),
    ]
}

/// Declares `ProgramLog`.
private func declareProgramLog(_ context: BindingContext) -> LuaFunction {
    var parameters = ParameterList()
    let entry = parameters.required("Entry", .any, "What to log.")
    let severity = parameters.optional(
        "Severity", .oneOf([ProgramLogEntry.Severity.error, .info, .warning]), default: .error, "How bad it is.")
    return LuaFunction("ProgramLog", parameters, "Writes to the program log.") { (call) throws(LuaFault) in
        context.log(call[severity], call[entry].text)
        return .none
    }
}

/// Declares `ExitProgram`.
private func declareExitProgram(_ context: BindingContext) -> LuaFunction {
    var parameters = ParameterList()
    let code = parameters.optional("code", .integer(0...255), default: 0, "The exit code.")
    return LuaFunction(
        "ExitProgram", parameters, "Ends the program in order, when the calling task has ended or waits."
    ) { (call) throws(LuaFault) in
        context.exit(call[code])
        return .none
    }
}

/// Declares `Ping`.
private func declarePing(_ context: BindingContext) -> LuaFunction {
    var parameters = ParameterList()
    let hostname = parameters.optional("hostname", .string, default: "localhost", "The name or IP address.")
    let count = parameters.optional("count", .integer(1...10_000), default: 5, "How many requests.")
    return LuaFunction(
        "Ping", parameters,
        returns: .of(
            "integer, integer, number",
            "how many were answered, how many were not, and the average time of an answer in milliseconds"),
        waits: true,
        "Sends echo requests. Each is sent when the one before is answered or 1 s old. Raises IOError when the system does not allow them."
    ) { (call) throws(LuaFault) in
        let host = call[hostname]
        guard !host.isEmpty else {
            throw LuaFault(.valueError, "argument 'hostname' of Ping must be a host name or an IP address, got ''")
        }
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = PingCall.begin(host, count: call[count], in: context.environment) { result in
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
    var parameters = ParameterList()
    let macAddress = parameters.required(
        "macAddress", .string, "The hardware address, such as '01-23-45-67-ab-cd'.")
    let port = parameters.optional(
        "port", .integer(0...65_535), default: 9, "The UDP port; 0, 7 and 9 are common.")
    return LuaFunction(
        "WakeOnLan", parameters, waits: true,
        "Wakes a machine of the local network. Raises IOError when the system cannot send."
    ) { (call) throws(LuaFault) in
        let given = call[macAddress]
        guard let address = WakeUpCall.hardwareAddress(given) else {
            throw LuaFault(
                .valueError, "argument 'macAddress' of WakeOnLan must look like '01-23-45-67-ab-cd', got '\(given)'")
        }
        return try call.wait { (waiter) throws(LuaFault) in
            WakeUpCall.send(to: address, port: call[port], in: context.environment) { result in
                switch result {
                case .success: waiter.resume()
                case .failure(let fault): waiter.resume(throwing: LuaFault(fault))
                }
            }
            return nil
        }
    }
}
