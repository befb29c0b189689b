internal import CLuaShim

/// What the host's objects hold for one program: bytes outside of Lua that count against the same limit as Lua's own.
///
/// Whatever keeps bytes that a program or its peers gave charges them here while it keeps them: instances of host
/// classes by ``LuaClass/holds(_:also:)``, events that queue, tasks, caches. The host itself is never refused anything:
/// the program's next allocation is, once both together are above the limit.
public final class MemoryAccount {
    private let L: OpaquePointer
    private var isOpen = true

    init(_ L: OpaquePointer) { self.L = L }

    /// Bytes that are charged at present.
    public var heldBytes: Int { isOpen ? shim_held_bytes(L) : 0 }

    /// Charges `bytes`, or gives them back when negative. Garbage may be collected, so objects that the program has
    /// dropped may go; no Lua code runs.
    public func charge(_ bytes: Int) {
        if isOpen { shim_charge(L, Int64(bytes)) }
    }

    /// Makes what one holder is charged with what it holds now.
    func change(_ charged: inout Int, to bytes: Int) {
        let difference = bytes - charged
        guard difference != 0 else { return }
        charged = bytes
        charge(difference)
    }

    /// The state is being closed: all that was charged goes with it.
    func close() { isOpen = false }
}

/// Memory that several objects hold together, charged once as long as any of them is there: the parts of a value that
/// may be shared.
public final class MemoryCharge {
    private let account: MemoryAccount
    private let bytes: Int
    /// What the value's parts hold, each charged by itself.
    private let parts: [MemoryCharge]

    /// Charges `bytes` until the last holder of this lets go.
    public init(_ bytes: Int, to account: MemoryAccount, parts: [MemoryCharge] = []) {
        self.account = account
        self.bytes = bytes
        self.parts = parts
        account.charge(bytes)
    }

    deinit { account.charge(-bytes) }
}
