internal import CLuaShim

/// A Swift object as Lua has it: the table that programs hold, and the queue of its events.
///
/// Lua's handle owns the instance and the instance owns the object. When a program has dropped the table and the
/// object is not active, both go.
public final class LuaInstance {
    /// The object of the binding.
    public let object: AnyObject
    let record: ClassRecord
    /// Instances that were made later have a higher one.
    let serial: UInt64
    /// What tells this instance from others of its class, where the object itself cannot say: where it was made.
    public var name: String?
    // A program may have a hundred thousand instances: what few of them need is made when it is needed.
    // The variables without a check of exclusive access are of values that no access holds on to while other code runs.
    @exclusivity(unchecked) private var knownReference: WeakReference?
    /// Whether the runtime has it among its instances.
    let isListed: Bool
    @exclusivity(unchecked) package private(set) var isForgotten = false
    @exclusivity(unchecked) private var isBusy = false
    @exclusivity(unchecked) private var tellsWhenIdle = false
    /// What the program is charged with for it.
    @exclusivity(unchecked) private var chargedBytes = 0
    /// Where Lua keeps it alive.
    @exclusivity(unchecked) private var anchor = Int32(SHIM_NO_ANCHOR)
    /// Which events have a handler: part of Lua's handle, which is there until the instance is forgotten. Most events
    /// of most objects have none, and to ask Lua takes long.
    @exclusivity(unchecked) var handlers: UnsafePointer<UInt64>?

    /// Told `true` when events queue up because a handler waits, and `false` when it has caught up: the binding stops
    /// and resumes reading then, so that nothing is dropped. See also ``LuaClass/whenHeldUp(_:)``.
    public var onBackPressure: ((Bool) -> Void)? {
        get { knownReference?.backlog?.onBackPressure }
        set { madeBacklog().onBackPressure = newValue }
    }

    /// What an instance itself takes, in bytes.
    static let ownBytes = 256

    /// Charges the program with what the object holds now. After each call of a method that is done anyway; call it
    /// when that has changed by what the world does.
    public func recount() {
        guard !isForgotten else { return }
        runtime.account.change(&chargedBytes, to: record.baseBytes + record.held(object))
    }

    /// Events that may queue before reading is paused.
    private static let pauseAbove = 16

    init(object: AnyObject, record: ClassRecord, isListed: Bool = true) {
        self.object = object
        self.record = record
        self.serial = record.runtime.nextSerial()
        self.isListed = isListed
    }

    deinit {
        knownReference?.instance = nil
        // The object may have got another one when Lua had dropped this.
        if let memory = record.memory, memory.recall(object) === self { memory.remember(object, nil) }
    }

    /// Used only until ``forget()``, which the runtime calls before it goes.
    package var runtime: LuaRuntime { record.runtime }

    /// For the closures of ``object``, which must not keep this instance alive.
    public var weakReference: WeakReference {
        if let knownReference { return knownReference }
        let reference = WeakReference()
        reference.instance = self
        knownReference = reference
        return reference
    }

    /// Finds an instance while it is there. Not a `weak` one of Swift: counting the references to an object takes twice
    /// as long for ever once there was one of these, and every event counts those to its instance.
    public final class WeakReference {
        /// The instance; `nil` when it has gone.
        @exclusivity(unchecked) public fileprivate(set) unowned(unsafe) var instance: LuaInstance?
        /// Here, and not in the instance, since few have one.
        @exclusivity(unchecked) fileprivate var backlog: Backlog?
    }

    /// The class's name and what the binding says of the object, for logs and `tostring`.
    public func describe() -> String { name.map { "\(record.name) \($0)" } ?? record.describe(object) }

    /// ``setActive(_:)`` for the closures of ``object``, which must not keep this instance alive.
    public var activityHandler: (Bool) -> Void {
        { [reference = weakReference] in reference.instance?.setActive($0) }
    }

    /// Keeps the instance alive while its resource is active: an open socket, a running timer.
    public func setActive(_ active: Bool) {
        guard !isForgotten, runtime.isOpen, active != (anchor != SHIM_NO_ANCHOR) else { return }
        if active {
            anchor = shim_anchor(runtime.L, address)
            runtime.activeInstances += 1
        } else {
            shim_drop_anchor(runtime.L, address, anchor)
            anchor = Int32(SHIM_NO_ANCHOR)
            runtime.activeInstances -= 1
            runtime.tellIfIdle()
        }
    }

    /// What Lua knows it by.
    private var address: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    /// Calls the handler of `event`, if the program has set one, with this instance and `argument`.
    ///
    /// Events of one instance come in order and one at a time: while a handler waits, the next ones queue.
    public func fire(_ event: LuaEvent, _ argument: some LuaPushable) { fire(event, declaredOn: self, argument) }

    /// Calls the handler that the program has set on `owner` with this instance and `argument`: a server's event of one
    /// of its clients. The order is kept for this instance, not for all of the owner.
    public func fire(_ event: LuaEvent, declaredOn owner: LuaInstance, _ argument: some LuaPushable) {
        guard !isForgotten, runtime.isOpen else { return }
        if isBusy {
            enqueue(Event(event: event, owner: owner, argument: argument))
        } else {
            deliver(event, owner, argument)
        }
    }

    /// Calls the handler of `event`, if the program has set one, without arguments.
    public func call(_ event: LuaEvent) {
        guard !isForgotten, runtime.isOpen else { return }
        if isBusy {
            enqueue(Event(event: event, owner: self, argument: nil))
        } else {
            deliver(event, self)
        }
    }

    /// Keeps the value on top of `stack`, which it pops, in `slot`.
    public func keep(_ slot: LuaEvent, popping stack: LuaStack) {
        let level = StackLevel(stack)
        shim_set_handler(stack.L, address, anchor, Int32(slot.index))
        level.expect(-1)
    }

    /// Keeps an argument of the call in `slot`.
    public func keep(_ slot: LuaEvent, _ argument: LuaArgument) {
        argument.push(onto: argument.stack)
        keep(slot, popping: argument.stack)
    }

    /// Pushes what is kept in `slot`, or `nil`.
    public func push(_ slot: LuaEvent, onto stack: LuaStack) {
        let level = StackLevel(stack)
        defer { level.expect(1) }
        guard shim_push_handler(stack.L, address, anchor, Int32(slot.index)) else {
            stack.pushNil()
            return
        }
        shim_pop(stack.L, 1)
    }

    /// Pushes a new list of what the list in `slot` has, or `nil`: the program may change it.
    public func pushCopy(ofList slot: LuaEvent, onto stack: LuaStack) {
        let level = StackLevel(stack)
        defer { level.expect(1) }
        push(slot, onto: stack)
        let L = stack.L
        guard shim_type(L, -1) == Int32(SHIM_TTABLE.rawValue) else { return }
        let list = shim_top(L)
        shim_push_table(L, 0, 0)
        for index in 0..<shim_raw_length(L, list) {
            shim_raw_get_index(L, list, Int64(index) + 1)
            shim_raw_set_index(L, -2, Int64(index) + 1)
        }
        shim_remove(L, list)
    }

    /// True when something is kept in `slot`.
    public func has(_ slot: LuaEvent) -> Bool {
        guard !isForgotten, mayHave(slot) else { return false }
        let level = StackLevel(runtime.L)
        defer { level.expect(0) }
        guard shim_push_handler(runtime.L, address, anchor, Int32(slot.index)) else { return false }
        shim_pop(runtime.L, 2)
        return true
    }

    /// False when there is no handler of `event` for sure. Not to be asked of one that is forgotten.
    private func mayHave(_ event: LuaEvent) -> Bool { handlers.map { $0.pointee & event.bit != 0 } ?? false }

    /// Starts a task of its own, beside the queue of events, that calls the function in `slot` with this instance.
    public func start(_ slot: LuaEvent, onEnd: @escaping (TaskOutcome) -> Void) {
        guard !isForgotten, runtime.isOpen else { return }
        runtime.start(.event(self, slot), onEnd: onEnd) { stack in
            if !shim_push_handler(stack.L, address, anchor, Int32(slot.index)) {
                stack.pushNil()
                push(onto: stack)
            }
            return 1
        }
    }

    /// True while a handler of this instance runs or waits.
    public var isHandling: Bool { isBusy }

    /// Whether firing `event` now does anything: the program has set a handler, or still can before the event's turn
    /// comes. Worth asking where the argument is dear.
    public func awaits(_ event: LuaEvent) -> Bool {
        guard !isForgotten, runtime.isOpen else { return false }
        return isBusy || has(event)
    }

    private func deliver(_ event: LuaEvent, _ owner: LuaInstance, _ argument: some LuaPushable) {
        guard let slot = takeHandler(of: event, setOn: owner) else { return }
        let level = StackLevel(slot.thread)
        shim_move(runtime.L, slot.thread, 2)
        LuaStack(slot.thread).push(argument)
        level.expect(3)
        runtime.enter(slot, arguments: 2)
    }

    private func deliver(_ event: LuaEvent, _ owner: LuaInstance) {
        guard let slot = takeHandler(of: event, setOn: owner) else { return }
        let level = StackLevel(slot.thread)
        shim_pop(runtime.L, 1)
        shim_move(runtime.L, slot.thread, 1)
        level.expect(1)
        runtime.enter(slot, arguments: 0)
    }

    /// Pushes the handler and this instance onto the main stack, and takes a slot for the task that is to run it; nil,
    /// with nothing pushed, when there is no handler.
    private func takeHandler(of event: LuaEvent, setOn owner: LuaInstance) -> TaskSlot? {
        guard !owner.isForgotten, owner.mayHave(event) else { return nil }
        // Looked up on the main stack first: without a handler no task is taken.
        let L = runtime.L
        let level = StackLevel(L)
        guard shim_push_handler(L, owner.address, owner.anchor, Int32(event.index)) else { return nil }
        if owner !== self {
            shim_pop(L, 1)
            guard shim_push_instance(L, address, anchor) else {
                shim_pop(L, 1)
                level.expect(0)
                return nil
            }
        }
        level.expect(2)
        let slot = runtime.takeSlot()
        slot.name = .event(self, event)
        slot.isHandler = true
        isBusy = true
        return slot
    }

    private func enqueue(_ event: Event) {
        let backlog = madeBacklog()
        if backlog.count >= runtime.limits.queuedEvents {
            if !backlog.overflowed {
                backlog.overflowed = true
                runtime.host.luaDidWarn(
                    "\(describe()): more than \(runtime.limits.queuedEvents) events wait for a handler; further ones are dropped",
                    task: nil)
            }
            return
        }
        backlog.append(event)
        runtime.account.charge(event.heldBytes)
        if backlog.count > Self.pauseAbove && !backlog.isPaused {
            backlog.isPaused = true
            tellHeldUp(true)
        }
    }

    private func madeBacklog() -> Backlog {
        if let backlog = weakReference.backlog { return backlog }
        let backlog = Backlog()
        weakReference.backlog = backlog
        return backlog
    }

    private func tellHeldUp(_ isHeldUp: Bool) {
        record.heldUp?(object, isHeldUp)
        knownReference?.backlog?.onBackPressure?(isHeldUp)
    }

    /// Has ``LuaClass/whenIdle(_:)`` told, once, when the last handler of this instance has ended and no event is
    /// queued.
    public func tellWhenIdle() { tellsWhenIdle = true }

    /// The handler's task has ended: the next event's turn.
    func taskEnded() {
        isBusy = false
        if let backlog = knownReference?.backlog { deliver(backlog) }
        if tellsWhenIdle && !isBusy {
            tellsWhenIdle = false
            record.idle?(object, self)
        }
    }

    private func deliver(_ backlog: Backlog) {
        while !isBusy, !isForgotten, runtime.isOpen, let next = backlog.popFirst() {
            runtime.account.charge(-next.heldBytes)
            if let argument = next.argument {
                deliver(next.event, next.owner, argument)
            } else {
                deliver(next.event, next.owner)
            }
        }
        if backlog.isPaused && backlog.count <= Self.pauseAbove / 2 {
            backlog.isPaused = false
            backlog.overflowed = false
            tellHeldUp(false)
        }
    }

    func forget() {
        guard !isForgotten else { return }
        runtime.account.charge(-chargedBytes)
        isForgotten = true
        guard let backlog = knownReference?.backlog else { return }
        while let event = backlog.popFirst() { runtime.account.charge(-event.heldBytes) }
        backlog.removeAll()
    }

    fileprivate struct Event {
        let event: LuaEvent
        let owner: LuaInstance
        let argument: (any LuaPushable)?

        /// What it takes while it queues.
        var heldBytes: Int { 64 + (argument?.heldBytes ?? 0) }
    }

    /// The events that wait for a handler, first in first out, and who is told of it.
    fileprivate final class Backlog {
        private var items: [Event] = []
        private var head = 0
        var isPaused = false
        var overflowed = false
        var onBackPressure: ((Bool) -> Void)?

        var count: Int { items.count - head }

        func append(_ event: Event) { items.append(event) }

        func removeAll() {
            items = []
            head = 0
        }

        func popFirst() -> Event? {
            guard head < items.count else { return nil }
            let item = items[head]
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
            }
            return item
        }
    }
}

extension LuaInstance {
    /// Pushes the table that programs hold; false, and nothing pushed, when Lua has dropped it.
    func tryToPush(onto stack: LuaStack) -> Bool { shim_push_instance(stack.L, address, anchor) }
}

/// What an instance keeps in a slot, as a value to push; `nil` without one.
public struct LuaKept: LuaPushable {
    private let slot: LuaEvent
    private let instance: LuaInstance?

    /// - Parameters:
    ///   - slot: where the value is kept.
    ///   - instance: whose slot it is.
    public init(_ slot: LuaEvent, of instance: LuaInstance?) {
        self.slot = slot
        self.instance = instance
    }

    /// Pushes the value that is kept.
    public func push(onto stack: LuaStack) {
        if let instance { instance.push(slot, onto: stack) } else { stack.pushNil() }
    }
}

extension LuaInstance: LuaPushable {
    /// Pushes the table that programs hold; `nil` when Lua has dropped it.
    public func push(onto stack: LuaStack) {
        guard !isForgotten, tryToPush(onto: stack) else {
            stack.pushNil()
            return
        }
    }
}
