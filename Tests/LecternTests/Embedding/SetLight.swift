// Sources/Room/SetLight.swift
import LuaRuntime

func setLight() -> LuaFunction {
    LuaFunction(
        "SetLight",
        [
            .required("Name", .string, "The light."),
            .optional("Level", .integer(0...100), default: "100", "Its brightness in percent."),
        ], returns: "what is set", "Sets a light."
    ) { (call) throws(LuaFault) in
        guard let name = call.string(1), name == "ceiling" else {
            throw LuaFault(.valueError, "there is no light '\(call.string(1) ?? "")'")
        }
        return call.returning("\(name) \(call.integer(2) ?? 100) %")
    }
}
