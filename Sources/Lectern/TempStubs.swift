import ControlCore
import LuaRuntime

func compilePattern(_ t: [UInt8], flags: Int) throws(LuaFault) -> any ResponsePattern {
    throw LuaFault(.valueError, "x")
}
