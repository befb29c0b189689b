internal import LuaRuntime

/// What an instance keeps in a slot.
struct Kept: LuaPushable {
    let slot: LuaEvent
    let instance: LuaInstance?

    func push(onto stack: LuaStack) {
        if let instance { instance.push(slot, onto: stack) } else { stack.pushNil() }
    }
}
