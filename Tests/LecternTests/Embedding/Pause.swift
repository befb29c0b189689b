// Sources/Room/Pause.swift
import LuaRuntime
import NIOCore

func pause(on loop: any EventLoop) -> LuaFunction {
    LuaFunction(
        "Pause", [.required("Time", .seconds, "How long.")], waits: true, "Suspends the calling task."
    ) { (call) throws(LuaFault) in
        let time = TimeAmount.nanoseconds(Int64((call.number(1) ?? 0) * 1e9))
        return try call.wait { waiter in
            let scheduled = loop.assumeIsolated().scheduleTask(in: time) { waiter.resume() }
            return { scheduled.cancel() }
        }
    }
}
