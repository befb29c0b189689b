internal import CLuaShim

/// What one program may use before it is warned, refused or ended.
public struct LuaLimits: Equatable, Sendable {
    /// Bytes of memory that Lua, and the host's objects for the program, may hold together. Binds while Lua runs; a
    /// refused allocation is an error in the program. 0: none.
    public var memoryBytes: Int = 64 << 20

    /// How long a task may run without a wait before a warning is logged. `.zero`: never.
    public var slowTaskWarning: Duration = .milliseconds(100)

    /// How long a task may run without a wait before it is ended. `.zero`: never.
    public var taskBurst: Duration = .seconds(1)

    /// Steps of one pattern match (`find`, `match`, `gmatch`, `gsub`) before it is an error.
    public var patternSteps: Int = 1_000_000

    /// The largest result of `string.rep` and `string.format`, in bytes.
    public var stringBytes: Int = 16 << 20

    /// Events that may queue for one object while its handler waits; reading is paused well before.
    public var queuedEvents: Int = 1024

    /// How long the end of a program may take, all of it: the to-be-closed variables of its tasks together have half of
    /// it, and what is still to be sent has the rest. What is left then is dropped.
    public var stop: Duration = .seconds(2)

    /// Values that the stack of one task may hold at most, arguments and local variables of all calls under way: 4,000
    /// to 8,000 calls of a small function within each other. More is an error in the program.
    public static let stackValues = Int(SHIM_STACK_LIMIT)

    /// Lists and objects within one another that `json` reads and writes at most.
    public static let jsonDepth = Int(SHIM_JSON_DEEPEST)

    /// The defaults named at each property.
    public init() {}
}

/// Which libraries a program sees.
public enum LuaProfile: String, Sendable, CaseIterable {
    /// Everything that Lua has, files and processes included: for the owner's own programs.
    case trusted
    /// No process execution, no bytecode, files only below the program's folder. The default.
    case standard
    /// As `standard`, without any file access but `require`, and without `load`.
    case strict
}
