internal import CLuaShim

/// A Lua value that Swift holds: a function, a table. Let go, it is collectable again.
///
/// A reference outlives its runtime harmlessly: it then pushes `nil`.
public final class LuaReference: LuaPushable {
    /// Finds the runtime while it is there.
    private let relay: CallbackRelay
    let index: Int32

    /// Takes the value on top of `stack`, which it pops.
    init(popping stack: LuaStack, runtime: LuaRuntime) {
        relay = runtime.relay
        self.index = shim_reference(stack.L)
    }

    deinit {
        // May run inside a Lua allocation (a handle's finalizer drops its object), where Lua must not be called.
        relay.runtime?.dropLater(reference: index)
    }

    /// Pushes the value; `nil` when the runtime is closed.
    public func push(onto stack: LuaStack) {
        if relay.runtime?.isOpen == true { shim_push_reference(stack.L, index) } else { stack.pushNil() }
    }
}

extension LuaRuntime {
    /// A new table, which is empty.
    package func newTable() -> LuaReference {
        _ = shim_reserve(L, 2)
        let stack = LuaStack(L)
        stack.pushTable()
        return LuaReference(popping: stack, runtime: self)
    }
}
