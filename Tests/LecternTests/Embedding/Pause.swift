// Sources/Room/Pause.swift
import LuaRuntime
import Polling

func pause() -> LuaFunction {
    var parameters = ParameterList()
    let seconds = parameters.required("Time", .seconds, "How long.")
    return LuaFunction("Pause", parameters, waits: true, "Suspends the calling task.") { (call) throws(LuaFault) in
        let time = TimeAmount.nanoseconds(Int64(call[seconds] * 1e9))
        return try call.wait { waiter in
            let timer = PollLoop.current?.schedule(after: time) { waiter.resume() }
            return { timer?.cancel() }
        }
    }
}
