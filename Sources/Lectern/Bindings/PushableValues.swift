public import ControlCore
public import LuaRuntime
public import NIOCore

// How values of the core look in Lua.

extension ByteBuffer: LuaPushable {
    /// Pushes the readable bytes as a string.
    public func push(onto stack: LuaStack) { withUnsafeReadableBytes { stack.push($0) } }
}

extension CivilTime: LuaPushable {
    /// Pushes a table as `os.date('*t')` gives it.
    public func push(onto stack: LuaStack) {
        stack.pushTable(fields: 9)
        stack.set("year", year)
        stack.set("month", month)
        stack.set("day", day)
        stack.set("hour", hour)
        stack.set("min", minute)
        stack.set("sec", second)
        stack.set("wday", (weekday.rawValue + 1) % 7 + 1)
        stack.set("yday", yearDay)
        stack.set("isdst", isDaylightSaving)
    }
}
