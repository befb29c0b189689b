// Sources/Room/SetLight.swift
import LuaRuntime

func setLight() -> LuaFunction {
    var parameters = ParameterList()
    let name = parameters.required("Name", .string, "The light.")
    let level = parameters.optional("Level", .integer(0...100), default: 100, "Its brightness in percent.")
    return LuaFunction("SetLight", parameters, returns: "what is set", "Sets a light.") { (call) throws(LuaFault) in
        let name = call[name]
        guard name == "ceiling" else { throw LuaFault(.valueError, "there is no light '\(name)'") }
        return call.returning("\(name) \(call[level]) %")
    }
}
