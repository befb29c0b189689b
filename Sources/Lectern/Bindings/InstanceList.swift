internal import LuaRuntime

/// A list of host objects as Lua sees them.
struct InstanceList: LuaPushable {
    let objects: [AnyObject]
    let className: String
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        stack.push(list: objects) { object, stack in runtime.instance(for: object, class: className).push(onto: stack) }
    }
}
