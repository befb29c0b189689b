internal import CLuaShim

/// What a host function tells Lua to do after it has returned.
public enum LuaResult: Sendable {
    /// Return the last `count` pushed values.
    case values(Int)
    /// Suspend the task: made by ``LuaCall/wait(_:)``.
    case wait
    /// Call the function that was pushed below the last `arguments` values; its results are the results.
    case call(arguments: Int)

    /// Return nothing.
    public static let none = LuaResult.values(0)

    var verdict: shim_verdict {
        switch self {
        case .values(let count): shim_verdict(kind: Int32(SHIM_RETURN.rawValue), count: Int32(count))
        case .wait: shim_verdict(kind: Int32(SHIM_WAIT.rawValue), count: 0)
        case .call(let count): shim_verdict(kind: Int32(SHIM_CALL.rawValue), count: Int32(count))
        }
    }
}

/// A host function as the trampoline finds it by number.
final class HostFunction {
    let name: String
    /// Stack slots before argument 1: one for a method's instance.
    let base: Int32
    let parameters: [LuaParameter]
    let body: (LuaCall) throws(LuaFault) -> LuaResult

    init(
        name: String, base: Int32 = 0, parameters: [LuaParameter] = [],
        body: @escaping (LuaCall) throws(LuaFault) -> LuaResult
    ) {
        self.name = name
        self.base = base
        self.parameters = parameters
        self.body = body
    }
}

/// One call of a host function: its arguments, and ways to answer. Valid only inside the call.
///
/// The arguments were checked against the declaration before, so `call[parameter]` gives what the declaration promises.
public struct LuaCall {
    /// Not counted, as the function: neither goes while it is called.
    private let uncountedRuntime: Unmanaged<LuaRuntime>
    /// Where results are pushed.
    public let stack: LuaStack
    unowned(unsafe) let function: HostFunction

    init(runtime: LuaRuntime, stack: LuaStack, function: HostFunction) {
        uncountedRuntime = .passUnretained(runtime)
        self.stack = stack
        self.function = function
    }

    /// The runtime that is being called from.
    public var runtime: LuaRuntime { uncountedRuntime.takeUnretainedValue() }
    private var base: Int32 { function.base }
    private var name: String { function.name }

    private func slot(_ argument: Int32) -> Int32 { base + argument }

    /// The number of declared arguments, given or not.
    public var count: Int { Int(shim_top(stack.L) - base) }

    /// The value of a parameter.
    @inlinable
    public subscript<Value>(_ parameter: Parameter<Value>) -> Value { parameter.read(self.argument(for: parameter)) }

    /// The values of a parameter that may be given any number of times, without those that are `nil` where its type is
    /// not ``ParameterType/any``.
    public subscript<Value>(_ parameter: RepeatedParameter<Value>) -> [Value] {
        let first = Int(parameter.first.place.position)
        return (first..<max(count + 1, first)).compactMap { parameter.first.read(argument(at: Int32($0))) }
    }

    /// What was given for a parameter, as it is in Lua.
    @inlinable
    public func argument<Value>(for parameter: Parameter<Value>) -> LuaArgument { argument(in: parameter.place) }

    @usableFromInline
    func argument(in place: ParameterPlace) -> LuaArgument {
        assert(declares(place), "parameter \(place.position) of \(name) is another one than is read")
        return argument(at: place.position)
    }

    private func declares(_ place: ParameterPlace) -> Bool {
        function.parameters.count >= place.position && place.isOf(function.parameters[Int(place.position) - 1].name)
    }

    /// The name of a parameter, for messages.
    public func name<Value>(of parameter: Parameter<Value>) -> String {
        function.parameters[Int(parameter.place.position) - 1].name
    }

    private func argument(at position: Int32) -> LuaArgument {
        LuaArgument(uncountedRuntime: uncountedRuntime, stack: stack, slot: slot(position))
    }

    /// The method's own instance.
    public var selfInstance: LuaInstance? { base == 1 ? runtime.instance(at: 1, stack.L) : nil }

    /// Pushes the method's own instance.
    public func pushSelf() { shim_push_value(stack.L, 1) }

    /// Pushes what the method's own instance, or the one that a function got first, keeps in `slot`, or `nil`.
    public func pushKept(_ slot: LuaEvent) { shim_push_handler_at(stack.L, 1, Int32(slot.index)) }

    /// Where the program called this function: "main.lua:12", or "" when that is unknown.
    public var location: String {
        shim_push_where(stack.L, 1)
        defer { shim_pop(stack.L, 1) }
        return String((stack.string(at: -1) ?? "").dropLast(2))
    }

    /// Where the program called this function, and where the functions were called that led there, innermost first: at
    /// most `limit` places.
    public func locations(_ limit: Int32) -> [String] {
        var places: [String] = []
        for level in 1...max(limit, 1) {
            shim_push_where(stack.L, level)
            let place = String((stack.string(at: -1) ?? "").dropLast(2))
            shim_pop(stack.L, 1)
            guard !place.isEmpty else { break }
            // Levels of C and of the host give that of the next one.
            if place != places.last { places.append(place) }
        }
        return places
    }

    /// Whether the calling task can be suspended here; see ``wait(_:)``.
    public var canWait: Bool { shim_can_wait(stack.L) && runtime.running != nil }

    /// The bytes of all arguments that are strings: what an object that keeps them holds more.
    public var stringBytes: Int {
        var bytes = 0
        for number in 0..<max(count, 0) { bytes += argument(at: Int32(number) + 1).byteCount }
        return bytes
    }

    /// The bytes of a string in slices, for work that takes long for a long one: the task's time is looked at before
    /// each.
    /// - Parameters:
    ///   - parameter: a string; without one `body` is not called.
    ///   - body: gets the slices in order, each of ``sliceBytes`` but the last. Valid inside the call only.
    /// - Throws: ``LuaFault`` when the task has run too long and ends, or what `body` throws.
    public func withSlices<Value>(
        of parameter: Parameter<Value>, _ body: (UnsafeRawBufferPointer) throws(LuaFault) -> Void
    ) throws(LuaFault) {
        try argument(for: parameter).withBytes { (bytes) throws(LuaFault) in
            guard let bytes else { return }
            var start = 0
            while start < bytes.count {
                try checkTime()
                let end = min(start + Self.sliceBytes, bytes.count)
                try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end
            }
        }
    }

    /// The size of a slice of ``withSlices(of:_:)``.
    public static let sliceBytes = 64 << 10

    /// Ends the task when it has run too long: to be called again and again by work that takes long for its arguments.
    /// - Throws: ``LuaFault`` when the task ends. No `pcall` of the program stops it.
    public func checkTime() throws(LuaFault) {
        guard shim_is_over(stack.L) else { return }
        let milliseconds = runtime.limits.taskBurst / .milliseconds(1)
        throw LuaFault(
            .runtimeError,
            "the task ran for \(Int(milliseconds)) ms without a wait and was ended in '\(name)'")
    }

    /// Refuses a result that is larger than a string may be, before it is made: for functions whose result can be
    /// larger than their arguments.
    /// - Parameter bytes: the size that the result would have.
    /// - Throws: ``LuaFault`` of kind ``LuaFault/Kind/valueError`` that names the function, the size and the limit.
    public func checkSize(ofResult bytes: Int) throws(LuaFault) {
        let limit = runtime.limits.stringBytes
        guard limit > 0, bytes > limit else { return }
        throw LuaFault(
            .valueError,
            "resulting string too large: '\(name)' would make \(bytes == .max ? "countless" : "\(bytes)") bytes, the limit is \(limit)"
        )
    }

    // MARK: - Answers

    /// Returns one value.
    public func returning(_ value: some LuaPushable) -> LuaResult {
        stack.push(value)
        return .values(1)
    }

    /// Returns several values.
    @inlinable
    public func returning<First: LuaPushable, Second: LuaPushable, each Other: LuaPushable>(
        _ first: First, _ second: Second, _ others: repeat each Other
    ) -> LuaResult {
        stack.push(first)
        stack.push(second)
        var count = 2
        for value in repeat each others {
            stack.push(value)
            count += 1
        }
        return .values(count)
    }

    /// Suspends the calling task until the waiter is resumed.
    /// - Parameter begin: starts what is waited for, and returns how to call it off. It may resume the waiter at once.
    /// - Returns: what the host function must return.
    /// - Throws: ``LuaFault`` when the task cannot wait here: inside a `string.gsub` function, a sort comparator, a
    ///   metamethod that C called, or a finalizer that is being closed.
    public func wait(_ begin: (LuaWaiter) throws(LuaFault) -> (() -> Void)?) throws(LuaFault) -> LuaResult {
        guard shim_can_wait(stack.L), let slot = runtime.running else {
            throw LuaFault(
                .runtimeError,
                "\(name) cannot wait here: inside a function that string.gsub, table.sort or another C function calls, "
                    + "a task cannot be suspended; collect the values first and call \(name) after it")
        }
        slot.waitGeneration += 1
        slot.waitThread = stack.L
        slot.early = nil
        slot.isStartingWait = true
        defer { slot.isStartingWait = false }
        slot.cancelWait = try begin(LuaWaiter(slot: slot, generation: slot.waitGeneration))
        guard let early = slot.early else { return .wait }
        slot.early = nil
        slot.waitGeneration += 1
        slot.waitThread = nil
        slot.cancelWait = nil
        switch early(stack) {
        case .values(let count): return .values(count)
        case .fault(let fault): throw fault
        }
    }
}

extension LuaRuntime {
    func call(_ function: UInt32, _ L: OpaquePointer) -> shim_verdict {
        let declared = functions[Int(function)]
        let call = LuaCall(runtime: self, stack: LuaStack(L), function: declared)
        do throws(LuaFault) {
            return try declared.body(call).verdict
        } catch {
            return fault(error, L)
        }
    }

    func fault(_ fault: LuaFault, _ L: OpaquePointer) -> shim_verdict {
        _ = shim_reserve(L, 8)
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        stack.push(fault.kind.rawValue)
        stack.push(fault.message)
        level.expect(2)
        return shim_verdict(kind: Int32(SHIM_FAULT.rawValue), count: 2)
    }

    func typeName(at index: Int32, _ L: OpaquePointer) -> String {
        if let instance = instance(at: index, L) { return instance.record.name }
        switch shim_type(L, index) {
        case Int32(SHIM_TNONE.rawValue): return "no value"
        case Int32(SHIM_TNIL.rawValue): return "nil"
        case Int32(SHIM_TBOOLEAN.rawValue): return "boolean"
        case Int32(SHIM_TNUMBER.rawValue): return "number"
        case Int32(SHIM_TSTRING.rawValue): return "string"
        case Int32(SHIM_TTABLE.rawValue): return "table"
        case Int32(SHIM_TFUNCTION.rawValue): return "function"
        case Int32(SHIM_TTHREAD.rawValue): return "coroutine"
        default: return "userdata"
        }
    }

    func instance(at index: Int32, _ L: OpaquePointer) -> LuaInstance? {
        guard let object = shim_object(L, index, nil) else { return nil }
        return Unmanaged<LuaInstance>.fromOpaque(object).takeUnretainedValue()
    }
}
