public import Bytes
public import ControlCore
public import LuaRuntime

// How values of the core look in Lua.

extension ByteBuffer: LuaPushable {
    /// The readable bytes.
    public var heldBytes: Int { readableBytes }

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

extension LuaWaiter {
    /// Ends the wait with the stable word of an outcome, and behind it its details, if it has any.
    func resume(returning outcome: ConnectOutcome) {
        resume { stack in
            stack.push(outcome.text)
            guard let detail = outcome.detail else { return .values(1) }
            stack.push(detail)
            return .values(2)
        }
    }
}

/// A list of host objects as Lua sees them.
struct InstanceList: LuaPushable {
    let objects: [AnyObject]
    let className: String
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        stack.push(list: objects) { object, stack in runtime.instance(for: object, class: className).push(onto: stack) }
    }
}
