internal import CLuaShim

/// What a runtime needs of its surroundings. All calls come on the runtime's loop.
public protocol LuaRuntimeHost: AnyObject {
    /// A program called `print`; a line without its end. Bytes that are not UTF-8 are kept: `showingRawBytes` of the
    /// module `ByteText` shows them.
    func luaDidPrint(_ text: String, task: String?)
    /// A program called `warn`, or Lua warns.
    func luaDidWarn(_ text: String, task: String?)
    /// A task has run for `elapsed` without a wait; it goes on until the burst limit.
    func luaTaskIsSlow(_ task: String, at location: String, elapsed: Duration)
    /// A task ended by a fault. Called once for each.
    func luaTaskFailed(_ failure: TaskFailure)
    /// Memory, Lua's and what the host's objects hold, stayed near the limit after everything was collected.
    func luaMemoryIsShort(usedBytes: Int, limitBytes: Int)
    /// Calls `body` on the loop soon, after other work had its turn.
    func continueLater(_ body: @escaping () -> Void)
}

/// A Lua state on an event loop: tasks, classes, limits. It knows no device and no socket.
///
/// One runtime belongs to one loop; everything is called there. Swift code enters Lua only by starting a task or ending
/// a wait, so no error and no yield of Lua ever crosses a Swift frame.
public final class LuaRuntime {
    /// The limits that the state was opened with.
    public let limits: LuaLimits
    /// The libraries that programs see.
    public let profile: LuaProfile
    package unowned let host: any LuaRuntimeHost

    package let L: OpaquePointer
    /// What the host's objects hold for the program.
    public let account: MemoryAccount
    /// False once ``close()`` was called.
    @exclusivity(unchecked) public private(set) var isOpen = true

    // The variables without a check of exclusive access are of values that no access holds on to while other code runs:
    // nothing that is appended, taken out or replaced calls anybody.
    @exclusivity(unchecked) var functions: [HostFunction] = []
    var classes: [ClassRecord] = []
    var classesByName: [String: ClassRecord] = [:]
    var libraries: [LuaLibrary] = []
    var libraryIndices: [String: Int] = [:]
    /// How many libraries have not been opened.
    var closedLibraries = 0
    /// The instances of the objects that do not remember theirs.
    @exclusivity(unchecked) var instances: [ObjectIdentifier: Unmanaged<LuaInstance>] = [:]
    /// How many instances Lua has.
    @exclusivity(unchecked) public internal(set) var objectCount = 0

    /// The task that is running Lua at this moment.
    @exclusivity(unchecked) var running: TaskSlot?
    @exclusivity(unchecked) var pool: [TaskSlot] = []
    /// The slots in use, in no order; each knows its place.
    @exclusivity(unchecked) var live: [TaskSlot] = []
    @exclusivity(unchecked) var ready = ReadyQueue()
    @exclusivity(unchecked) var isDraining = false
    /// Set once the program is being stopped: no Lua runs any more but the closers of its tasks.
    var stopping: Stopping?
    /// Tasks that run finalizers at present.
    var finalizerTasks = 0
    /// Finalizers that have begun in this turn of the loop, and whether another turn goes on with them.
    var finalizersInTurn = 0
    var areFinalizersPlanned = false
    /// Numbers slots and instances in the order in which they were made: what goes over all of them goes in this order.
    private var lastSerial: UInt64 = 0
    /// How often a task has begun or gone on: while it stays the same, nothing of the program can have changed.
    @exclusivity(unchecked) public internal(set) var resumeCount: UInt64 = 0
    @exclusivity(unchecked) private var droppedReferences: [Int32] = []
    private var memoryReserve: Int
    /// Instances that are kept alive because their resource is active.
    @exclusivity(unchecked) var activeInstances = 0
    /// Hears what becomes of tasks, and is kept; `nil`: nobody does, and nothing is done for it.
    @exclusivity(unchecked) public var taskObserver: (any LuaTaskObserver)?
    /// Called when no task is left and no instance is active: nothing of the program can run again by itself. Perhaps
    /// in the middle of what ends the last of them: ask ``isIdle`` in a turn of the loop of its own.
    public var onIdle: (() -> Void)?

    /// Whether no task is left and no instance is active.
    public var isIdle: Bool { isOpen && activeInstances == 0 && live.isEmpty && ready.isEmpty && running == nil }

    func tellIfIdle() {
        if activeInstances == 0, live.isEmpty { onIdle?() }
    }

    /// How many set-ups are under way, each inside of the one before; see ``withoutTimeLimits(_:)``.
    private var setUps = 0

    /// Opens a state with the profile's libraries.
    /// - Throws: ``LuaFault`` when there is no memory for a state, or the prelude is refused.
    public init(
        limits: LuaLimits = LuaLimits(), profile: LuaProfile = .standard, host: any LuaRuntimeHost
    )
        throws(LuaFault)
    {
        self.limits = limits
        self.profile = profile
        self.host = host
        self.memoryReserve = max(limits.memoryBytes / 8, 256 << 10)
        var raw = shim_limits()
        raw.memory_bytes = limits.memoryBytes
        raw.pattern_steps = UInt64(limits.patternSteps)
        raw.string_bytes = limits.stringBytes
        raw.allow_bytecode = profile == .trusted
        // The state needs the context's address before self is complete; a small relay holds it.
        let relay = CallbackRelay()
        var callbacks = CallbackRelay.table(context: Unmanaged.passUnretained(relay).toOpaque())
        guard let state = shim_open(&callbacks, &raw) else {
            throw LuaFault(.runtimeError, "there is no memory for a Lua state")
        }
        self.L = state
        self.account = MemoryAccount(state)
        self.relay = relay
        relay.runtime = self
        functions.append(HostFunction(name: "", body: { _ in .values(0) }))  // 0 means "none" in accessor codes
        try openPrelude()
        limitTime()
    }

    /// Runs what the host itself runs to set the program's world up: it is not the program's, and on a busy machine it
    /// may take longer than a task of the program may.
    public func withoutTimeLimits<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        setUps += 1
        shim_set_time_limits(L, 0, 0)
        defer {
            setUps -= 1
            limitTime()
        }
        return try body()
    }

    private func limitTime() {
        guard isOpen, setUps == 0 else { return }
        shim_set_time_limits(L, limits.slowTaskWarning.nanoseconds, limits.taskBurst.nanoseconds)
    }

    let relay: CallbackRelay

    deinit {
        for instance in listedInstances { instance.forget() }
        relay.runtime = nil
        account.close()
        if isOpen { shim_close(L) }
    }

    /// Ends every task as ``stopTasks()`` does, lets go of every object and closes the state. Idempotent; not to be
    /// called from inside Lua.
    public func close() {
        guard isOpen else { return }
        precondition(running == nil, "a runtime cannot be closed from inside Lua: close it in the loop's next turn")
        stopTasks()
        for instance in listedInstances { instance.forget() }
        isOpen = false
        account.close()
        instances.removeAll()
        pool.removeAll()
        ready = ReadyQueue()
        for slot in live { slot.generation += 1 }
        live.removeAll()
        shim_close(L)
        functions.removeAll()
        classes.removeAll()
        classesByName.removeAll()
        libraries.removeAll()
        libraryIndices.removeAll()
    }

    /// The release of Lua, such as "Lua 5.4.4".
    public static var luaRelease: String { String(cString: shim_lua_release()) }

    /// Bytes that Lua holds.
    public var usedBytes: Int { isOpen ? shim_used_bytes(L) : 0 }

    /// Tasks that have started and not ended.
    public var taskCount: Int { live.count }

    /// Instances of host classes that Lua holds.
    public var instanceCount: Int { isOpen ? shim_instance_count(L) : 0 }

    /// Collects all garbage.
    public func collectGarbage() {
        guard isOpen else { return }
        shim_collect(L)
        releaseDropped()
        runFinalizers()
    }

    /// The name of the running task; nil when Lua is not running.
    public var runningTaskName: String? { running?.name.text }

    /// The stack of the state itself: for loading text before a task is started.
    public var mainStack: LuaStack { LuaStack(L) }

    /// Takes the value on top of ``mainStack``.
    public func takeReference() -> LuaReference { LuaReference(popping: LuaStack(L), runtime: self) }

    /// Cancels every task that has not ended.
    public func cancelAllTasks() { cancelAll() }

    func nextSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }

    // MARK: - Globals and functions

    /// Defines global `name` as the value that `push` pushes.
    public func setGlobal(_ name: String, push: (LuaStack) -> Void) {
        let stack = LuaStack(L)
        shim_push_globals(L)
        let level = StackLevel(stack)
        push(stack)
        level.expect(1, by: "what pushes the global '\(name)'")
        stack.setTop(name)
        shim_pop(L, 1)
    }

    private var declaredFunctions: [ClassSurface.Member] = []

    /// The declared global functions, in the order of their declaration. Opens every library.
    public var globalFunctions: [ClassSurface.Member] {
        openLibraries()
        return declaredFunctions
    }

    /// Defines global `name` as a declared function.
    public func setGlobal(_ declaration: LuaFunction) {
        declaredFunctions.append(ClassSurface.Member(declaration))
        setGlobal(declaration.name) { $0.push(function: declaration, of: self) }
    }

    private var declaredTables: [GlobalTable] = []

    /// The declared global tables with their constants, in the order of their declaration. Opens every library.
    public var globalTables: [GlobalTable] {
        openLibraries()
        return declaredTables
    }

    /// Defines global `name` as a table of declared functions and constants.
    /// - Parameters:
    ///   - name: the global's name.
    ///   - functions: their names begin with `name` and a dot, as messages and the reference show them.
    ///   - constants: fields of the table that hold a number, by their names.
    public func setGlobal(table name: String, functions: [LuaFunction], constants: [(name: String, number: Int)]) {
        declaredTables.append(GlobalTable(name: name, constants: constants, values: []))
        setGlobal(name) { stack in
            stack.pushTable(fields: functions.count + constants.count)
            for function in functions {
                precondition(function.name.hasPrefix(name + "."), "\(function.name) is not of \(name)")
                declaredFunctions.append(ClassSurface.Member(function))
                stack.push(function: function, of: self)
                stack.setTop(String(function.name.dropFirst(name.count + 1)))
            }
            for constant in constants { stack.set(constant.name, constant.number) }
        }
    }

    /// Tells of a global table that is there already, written in C, as of those that are declared: for the reference,
    /// for editors and for checks before a run.
    /// - Parameters:
    ///   - name: the global's name.
    ///   - functions: their names begin with `name` and a dot.
    ///   - values: its other fields.
    public func describeGlobal(
        table name: String, functions: [ClassSurface.Member], values: [GlobalTable.Value]
    ) {
        declaredTables.append(GlobalTable(name: name, constants: [], values: values))
        declaredFunctions += functions
    }

    /// Adds declared functions to a registered class, to be called with a dot: `File.Exists(path)`.
    /// - Parameters:
    ///   - className: the name of a class that is registered.
    ///   - functions: their names begin with the class's name and a dot, as messages and the reference show them.
    public func setClassFunctions(_ className: String, _ functions: [LuaFunction]) {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        _ = shim_reserve(L, 8)
        shim_push_globals(L)
        stack.getRaw(-1, className)
        for function in functions {
            precondition(function.name.hasPrefix(className + "."), "\(function.name) is not of \(className)")
            declaredFunctions.append(ClassSurface.Member(function))
            stack.push(function: function, of: self)
            stack.setTop(String(function.name.dropFirst(className.count + 1)))
        }
        shim_pop(L, 2)
        level.expect(0)
    }

    func add(_ function: HostFunction) -> UInt32 {
        functions.append(function)
        return UInt32(functions.count - 1)
    }

    // MARK: - Memory

    /// For tests: the n-th allocation from now on that Lua makes is refused, once.
    package func refuseAllocation(_ n: Int) { shim_refuse_allocation(L, UInt64(n)) }

    /// After a refused allocation: collects, and when the program holds nearly all of its memory lets it have a little
    /// more once, so that its other tasks can go on and the log entry says why.
    func recoverMemory() {
        shim_collect(L)
        guard limits.memoryBytes > 0 else { return }
        let limit = shim_memory_limit(L)
        // What was sent or dropped since their last call, objects hold no more.
        for instance in listedInstances { instance.recount() }
        let held = usedBytes + account.heldBytes
        if held > limit - limit / 10 {
            if memoryReserve > 0 {
                shim_set_memory_limit(L, limit + memoryReserve)
                memoryReserve = 0
            }
            host.luaMemoryIsShort(usedBytes: held, limitBytes: limits.memoryBytes)
        }
    }

    func dropLater(reference: Int32) {
        guard isOpen else { return }
        droppedReferences.append(reference)
    }

    func releaseDropped() {
        guard !droppedReferences.isEmpty else { return }
        let dropped = droppedReferences
        droppedReferences.removeAll(keepingCapacity: true)
        for reference in dropped { shim_drop_reference(L, reference) }
    }
}

extension Duration {
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
