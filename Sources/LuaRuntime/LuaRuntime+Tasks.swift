internal import CLuaShim

// Starting, waiting, resuming, ending. One task runs at a time; what comes meanwhile queues in `ready`, so a task is
// never resumed from inside another task's host call and the C stack stays flat.

extension LuaRuntime {
    /// Coroutines kept for the next task. A pooled start costs an eighth of a fresh one.
    private static var mostPooled: Int { 64 }
    /// Resumes in one turn of the loop before other work gets its turn.
    private static var resumesPerTurn: Int { 256 }
    /// Finalizers that run or wait at once; the others stay in Lua's queue.
    private static var mostFinalizerTasks: Int { 16 }
    /// Finalizers that begin in one turn of the loop. A collection may find thousands, and each may compute as long as
    /// a task.
    private static var finalizersPerTurn: Int { 4 }

    /// Starts a task.
    /// - Parameters:
    ///   - name: what logs call it.
    ///   - onEnd: told once, when the task has returned or failed.
    ///   - push: pushes the function, then its arguments, and returns how many arguments.
    /// - Returns: the task. It has run up to its first wait already, unless Lua was running: then its turn comes next.
    @discardableResult
    public func start(
        _ name: TaskName, onEnd: ((TaskOutcome) -> Void)? = nil, push: (LuaStack) -> Int
    ) -> LuaTask {
        precondition(isOpen, "a closed runtime starts no task")
        let slot = takeSlot()
        slot.name = name
        slot.parent = running?.name
        slot.onEnd = onEnd
        let task = LuaTask(slot: slot, generation: slot.generation)
        _ = shim_reserve(slot.thread, 16)
        let level = StackLevel(slot.thread)
        let arguments = push(LuaStack(slot.thread))
        level.expect(arguments + 1, by: "what pushes the function and the arguments of '\(name.text)'")
        enter(slot, arguments: Int32(arguments))
        return task
    }

    /// Runs or queues a slot whose function and arguments are pushed.
    func enter(_ slot: TaskSlot, arguments: Int32) {
        if running == nil && !isDraining && ready.isEmpty && stopping == nil {
            isDraining = true  // what the task causes queues behind it
            resume(slot, waiting: nil, count: arguments, raise: false)
            isDraining = false
            drain()
        } else {
            slot.state = .ready
            ready.append(.start(slot, generation: slot.generation, arguments: arguments))
            drainUnlessRunning()
        }
    }

    func takeSlot() -> TaskSlot {
        let slot: TaskSlot
        if let pooled = pool.popLast() {
            slot = pooled
        } else {
            // The new thread is anchored at once; between push and reference nothing can collect it.
            guard let thread = shim_new_thread(L) else { preconditionFailure("lua_newthread gave no thread") }
            slot = TaskSlot(relay: relay, thread: thread, anchor: shim_reference(L))
            account.charge(TaskSlot.ownBytes)
        }
        slot.serial = nextSerial()
        slot.place = live.count
        live.append(slot)
        return slot
    }

    private func drainUnlessRunning() {
        if running == nil && !isDraining { drain() }
    }

    /// Does queued work until there is none, or until the turn's budget is spent: then the rest follows in a later
    /// turn.
    func drain() {
        guard !isDraining, isOpen else { return }
        isDraining = true
        defer {
            isDraining = false
            finalizersInTurn = 0
        }
        var budget = Self.resumesPerTurn
        while let entry = ready.popFirst() {
            switch entry {
            case .start(let slot, let generation, let arguments):
                guard slot.generation == generation else { continue }
                if slot.isCancelled || isToStop {
                    fail(slot, reason: .cancelled, status: SHIM_ERRRUN)
                } else {
                    resume(slot, waiting: nil, count: arguments, raise: false)
                }
            case .endWait(let slot, let wait, let result):
                guard slot.waitGeneration == wait, slot.state == .waiting else { continue }
                if isToStop { cancel(slot) } else { finishWait(slot, result) }
            case .cancel(let slot, let generation):
                guard slot.generation == generation else { continue }
                cancel(slot)
            }
            budget -= 1
            if budget <= 0 && !ready.isEmpty && stopping == nil {
                host.continueLater { [relay] in relay.runtime?.drainUnlessRunning() }
                return
            }
        }
    }

    /// Whether the program is being stopped, or another thread has asked for it: nothing begins or goes on then.
    private var isToStop: Bool { stopping != nil || shim_stop_is_requested(L) }

    private func resume(_ slot: TaskSlot, waiting: OpaquePointer?, count: Int32, raise: Bool) {
        slot.state = .running
        running = slot
        resumeCount &+= 1
        if let taskObserver { taskObserver.taskRuns(slot.serial, slot.name) }
        var results: Int32 = 0
        let status = shim_resume(slot.thread, waiting, count, raise, &results)
        let kill = shim_kill_reason(L)
        running = nil
        if status == Int32(SHIM_YIELD.rawValue) && kill == Int32(SHIM_KILL_NONE.rawValue) {
            slot.state = .waiting
            if let taskObserver { taskObserver.taskWaits(slot.serial) { Self.place(of: slot) } }
            if slot.isCancelled { cancel(slot) }
        } else if status == Int32(SHIM_OK.rawValue) {
            finish(slot, results)
        } else {
            fail(slot, reason: Self.reason(status: status, kill: kill), status: SHIM_ERRRUN)
        }
        guard isOpen else { return }  // whom the end was told to may have closed the runtime
        releaseDropped()
        if shim_has_finalizers(L) { runFinalizers() }
    }

    /// Where a task that waits has called what waits.
    private static func place(of slot: TaskSlot) -> String {
        guard let thread = slot.waitThread else { return "" }
        shim_push_where(thread, 1)
        defer { shim_pop(thread, 1) }
        return String((LuaStack(thread).string(at: -1) ?? "").dropLast(2))
    }

    private static func reason(status: Int32, kill: Int32) -> TaskFailure.Reason {
        switch UInt32(bitPattern: kill) {
        case SHIM_KILL_TIME.rawValue: .ranTooLong
        case SHIM_KILL_CANCELLED.rawValue: .cancelled
        case SHIM_KILL_NESTING.rawValue: .nestedTooDeep
        default: UInt32(bitPattern: status) == SHIM_ERRMEM.rawValue ? .outOfMemory : .error
        }
    }

    // MARK: - Waits

    func endWait(_ slot: TaskSlot, _ wait: UInt64, _ result: @escaping (LuaStack) -> WaitResult) {
        guard slot.waitGeneration == wait, isOpen else { return }
        if slot.isStartingWait {
            if slot.early == nil { slot.early = result }
        } else if running != nil || isDraining || !ready.isEmpty {
            ready.append(.endWait(slot, wait: wait, result))
            drainUnlessRunning()
        } else if slot.state == .waiting {
            isDraining = true
            finishWait(slot, result)
            isDraining = false
            drain()
        }
    }

    private func finishWait(_ slot: TaskSlot, _ result: (LuaStack) -> WaitResult) {
        guard let thread = slot.waitThread else { return }
        slot.waitGeneration += 1
        slot.waitThread = nil
        slot.cancelWait = nil
        slot.state = .running  // for a `result` that cancels the task
        _ = shim_reserve(thread, 16)
        let stack = LuaStack(thread)
        let level = StackLevel(stack)
        switch result(stack) {
        case .values(let count):
            level.expect(count, by: "what ends the wait of '\(slot.name.text)'")
            resume(slot, waiting: thread, count: Int32(count), raise: false)
        case .fault(let fault):
            stack.push(fault.kind.rawValue)
            stack.push(fault.message)
            resume(slot, waiting: thread, count: 2, raise: true)
        }
    }

    // MARK: - Ends

    func cancel(_ slot: TaskSlot) {
        slot.isCancelled = true
        switch slot.state {
        case .idle, .ready:
            return  // .ready: seen when its turn comes
        case .running:
            shim_kill(L, Int32(SHIM_KILL_CANCELLED.rawValue))
        case .waiting:
            if running != nil {
                ready.append(.cancel(slot, generation: slot.generation))
                return
            }
            let admitsClosers = admitsClosers()
            let thread = slot.waitThread
            slot.waitGeneration += 1
            slot.waitThread = nil
            let cancelWait = slot.cancelWait
            slot.cancelWait = nil
            let isNested = isDraining
            isDraining = true  // what the end causes queues behind it
            cancelWait?()
            if admitsClosers {
                // Raised inside, so that to-be-closed variables of all its coroutines are closed on the way out.
                shim_kill(L, Int32(SHIM_KILL_CANCELLED.rawValue))
                resume(slot, waiting: thread, count: 0, raise: false)
            } else {
                drop(slot)
            }
            isDraining = isNested
            drain()
        }
    }

    func cancelAll() {
        guard isOpen else { return }
        for slot in live.sorted(by: { $0.serial < $1.serial }) where slot.state != .idle { cancel(slot) }
        drain()
    }

    private func finish(_ slot: TaskSlot, _ results: Int32) {
        slot.state = .idle  // over: whoever is told of the end may cancel all tasks or close the runtime
        if let taskObserver { taskObserver.taskEnds(slot.serial, nil) }
        if let onEnd = slot.onEnd {
            slot.onEnd = nil
            onEnd(.finished(LuaStack(slot.thread), results: Int(results)))
        }
        if isOpen { shim_set_top(slot.thread, 0) }
        retire(slot)
        guard isOpen else { return }
        if pool.count < Self.mostPooled {
            pool.append(slot)
        } else {
            release(slot)
        }
    }

    /// Gives the coroutine of a slot that is not used again back.
    func release(_ slot: TaskSlot) {
        shim_drop_reference(L, slot.anchor)
        account.charge(-TaskSlot.ownBytes)
    }

    func retire(_ slot: TaskSlot) {
        var name = TaskName.text("")
        swap(&name, &slot.name)
        let wasHandler = slot.isHandler
        slot.generation += 1
        slot.waitGeneration += 1
        slot.state = .idle
        slot.isCancelled = false
        slot.parent = nil
        slot.isHandler = false
        slot.cancelWait = nil
        slot.waitThread = nil
        if isOpen { leave(slot) }
        if wasHandler, case .event(let instance, _) = name { instance.taskEnded() }
    }

    /// Takes a slot out of the live ones; the last one gets its place.
    private func leave(_ slot: TaskSlot) {
        let last = live.removeLast()
        guard last !== slot else { return tellIfIdle() }
        live[slot.place] = last
        last.place = slot.place
    }

    private func fail(_ slot: TaskSlot, reason: TaskFailure.Reason, status: shim_status) {
        let refusal = shim_take_refusal(L)
        let isStackFull = reason == .outOfMemory && refusal == Int32(SHIM_REFUSED_STACK.rawValue)
        let reason = isStackFull ? .recursedTooDeep : reason
        let failure = describe(slot, reason)
        // Not pooled: on 5.4.4 a thread reset while suspended in xpcall keeps a stale message handler.
        if admitsClosers() {
            running = slot  // closers may call the host
            shim_reset(slot.thread)
            running = nil
        }
        release(slot)
        slot.state = .idle
        let onEnd = slot.onEnd
        slot.onEnd = nil
        let cancelWait = slot.cancelWait  // of a wait that began when the task was to end already
        slot.cancelWait = nil
        cancelWait?()
        // To collect takes long, and what is being stopped gives everything back at once.
        let isShort = refusal == Int32(SHIM_REFUSED_MEMORY.rawValue) || reason == .outOfMemory
        if isShort, stopping == nil { recoverMemory() }
        if reason != .cancelled { host.luaTaskFailed(failure) }
        if let taskObserver { taskObserver.taskEnds(slot.serial, reason) }
        onEnd?(.failed(failure))
        retire(slot)
    }

    /// Reads the error and the dead coroutine's frames, which are intact until the thread is reset.
    private func describe(_ slot: TaskSlot, _ reason: TaskFailure.Reason) -> TaskFailure {
        let thread = slot.thread
        var failure = TaskFailure(
            task: slot.name.text, parent: slot.parent?.text, reason: reason, message: "", traceback: [])
        guard slot.state == .running, shim_top(thread) > 0 else {
            failure.message = "the task was cancelled before it began"
            return failure
        }
        _ = shim_reserve(thread, 32)
        let level = StackLevel(thread)
        let mainLevel = StackLevel(L)
        shim_mend_message(thread)
        shim_push_traceback(thread, -1)
        failure.traceback = Traceback.lines(LuaStack(thread).string(at: -1) ?? "")
        shim_pop(thread, 1)
        shim_push_where(thread, 0)
        let place = LuaStack(thread).string(at: -1) ?? ""
        shim_pop(thread, 1)
        shim_move(thread, L, 1)
        let stack = LuaStack(L)
        switch reason {
        case .outOfMemory:
            failure.message = "\(place)not enough memory (the program may hold \(limits.memoryBytes >> 10) KiB)"
        case .recursedTooDeep:
            failure.message = "\(place)stack overflow: calls are nested too deep"
        default:
            failure.message = stack.content(at: -1).map { place + $0 } ?? stack.text(at: -1)
            if shim_type(L, -1) == Int32(SHIM_TTABLE.rawValue) {
                stack.getRaw(-1, "kind")
                failure.kind = stack.string(at: -1)
                shim_pop(L, 1)
            }
        }
        shim_pop(L, 1)
        level.expect(-1)
        mainLevel.expect(0)
        return failure
    }

    func reportSlow(_ thread: OpaquePointer, _ nanoseconds: UInt64) {
        // Without a task it is the program's text that is being read, while the program stands at no line of it.
        guard let running else { return }
        let level = StackLevel(thread)
        shim_push_where(thread, 0)
        let place = LuaStack(thread).string(at: -1) ?? ""
        shim_push_running(thread)
        let function = LuaStack(thread).string(at: -1) ?? ""
        shim_pop(thread, 2)
        level.expect(0)
        let location = place.dropLast(2) + (function.isEmpty ? "" : " in \(function)")
        host.luaTaskIsSlow(
            running.name.text, at: String(location), elapsed: .nanoseconds(Int64(nanoseconds)))
    }

    // MARK: - Finalizers

    /// Runs the finalizers of dropped objects, each in a task of its own. The end of each calls for the next, until the
    /// turn has had its share.
    func runFinalizers() {
        guard isOpen, stopping == nil else { return }
        while shim_has_finalizers(L) && finalizerTasks < Self.mostFinalizerTasks {
            guard finalizersInTurn < Self.finalizersPerTurn else {
                planFinalizers()
                break
            }
            finalizersInTurn += 1
            let slot = takeSlot()
            slot.onEnd = { [relay] _ in relay.runtime?.finalizerTasks -= 1 }
            finalizerTasks += 1
            slot.name = .text("finalizer")
            guard shim_next_finalizer(L) else { return }
            shim_move(L, slot.thread, 2)
            slot.state = .ready
            ready.append(.start(slot, generation: slot.generation, arguments: 1))
        }
        drainUnlessRunning()
    }

    private func planFinalizers() {
        guard !areFinalizersPlanned else { return }
        areFinalizersPlanned = true
        host.continueLater { [relay] in
            guard let runtime = relay.runtime else { return }
            runtime.areFinalizersPlanned = false
            runtime.runFinalizers()
        }
    }
}
