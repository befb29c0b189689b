internal import CLuaShim

extension LuaRuntime {
    /// Makes a declared class known to programs as a global, and to Swift for ``instance(for:class:)``.
    /// - Returns: what ``push(new:of:keeping:onto:)`` wants.
    @discardableResult
    public func register<Object>(_ declaration: LuaClass<Object>) -> RegisteredClass<Object> {
        register(declaration, isHidden: false)
    }

    /// Makes a declared class known to Swift and to Lua text of the host, which gets its objects: programs do not see
    /// it.
    @discardableResult
    public func register<Object>(hidden declaration: LuaClass<Object>) -> RegisteredClass<Object> {
        register(declaration, isHidden: true)
    }

    private func register<Object>(_ declaration: LuaClass<Object>, isHidden: Bool) -> RegisteredClass<Object> {
        if let base = declaration.baseName, classesByName[base] == nil { openLibrary(of: base) }
        let id = UInt32(classes.count)
        let record = ClassRecord(id: id, declaration, of: self, isHidden: isHidden)
        classes.append(record)
        classesByName[declaration.name] = record
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        _ = shim_reserve(L, 16)

        shim_push_main_table(L)
        stack.getRaw(-1, "define_class")
        shim_remove(L, -2)
        stack.push(declaration.name)
        stack.pushTable(fields: declaration.members.count)  // the class
        stack.pushTable(fields: declaration.members.count)  // its accessors
        for member in declaration.members { bind(member, of: record, stack) }
        if let items = declaration.items {
            shim_push_function(L, method("[]", items.parameters.declarations, record, items.body))
            // The name under which the shim looks for it.
            stack.setTop("")
        }
        bindConstructor(declaration, record, stack)
        stack.push(Int(id))
        var shown = ParameterList()
        let object = shown.required("self", .any, "")
        let toString = LuaFunction("tostring", shown, "") { (call) throws(LuaFault) in
            guard let instance = call[object].instance else { return call.returning("<\(record.name)>") }
            guard let text = record.text else { return call.returning("<\(instance.describe())>") }
            return call.returning(try text(instance.object, call))
        }
        stack.push(function: toString, of: self)
        shim_push_globals(L)
        stack.getRaw(-1, declaration.baseName ?? "")
        shim_remove(L, -2)
        level.expect(7)
        // A start-up call of the prelude: it fails only by a defect of Lectern.
        let status = withoutTimeLimits { shim_call(L, 6, 2) }
        precondition(status == Int32(SHIM_OK.rawValue), "define_class: \(stack.string(at: -1) ?? "?")")
        record.metatable = LuaReference(popping: stack, runtime: self)
        if !isHidden {
            shim_push_globals(L)
            shim_insert(L, -2)
            stack.setTop(declaration.name)
        }
        shim_pop(L, 1)
        level.expect(0)
        return RegisteredClass(record: record)
    }

    /// The visible surface of every class that programs see. Opens every library.
    public var surface: [ClassSurface] {
        openLibraries()
        return classes.filter { !$0.isHidden }.map(\.surface)
    }

    /// Registers a declared function and returns what pushes it.
    func register(_ declaration: LuaFunction) -> UInt32 {
        let checks = ArgumentChecks(function: declaration.name, parameters: declaration.parameters)
        let body = declaration.body
        return add(
            HostFunction(name: declaration.name, parameters: declaration.parameters) { (call) throws(LuaFault) in
                try checks.apply(call.runtime, call.stack.L, base: 0)
                let level = StackLevel(call.stack)
                let result = try body(call)
                level.expect(result, by: call.function.name)
                return result
            })
    }

    // MARK: - Members

    /// With the class at -2 and the accessors at -1.
    private func bind<Object>(_ member: LuaClass<Object>.Member, of record: ClassRecord, _ stack: LuaStack) {
        let level = StackLevel(stack)
        defer { level.expect(0) }
        switch member {
        case .method(let name, let parameters, _, _, _, let body):
            let function = method(name, parameters, record, body)
            shim_push_function(L, function)
            shim_insert(L, -2)  // class, function, accessors
            let accessors = shim_top(L)
            shim_push_value(L, accessors - 1)
            shim_remove(L, accessors - 1)  // class, accessors, function
            setField(name, table: accessors - 2)
        case .property(let name, _, _, let get, let set):
            let getter = accessor(name, [], record) { (object, call) throws(LuaFault) in try get(object, call) }
            var setter: UInt32 = 0
            if let set {
                setter = accessor(name, set.parameters.declarations, record) {
                    (object: Object, call) throws(LuaFault) in
                    defer { if record.isRecounted { call.selfInstance?.recount() } }
                    try set.body(object, call)
                    return .none
                }
            }
            shim_push_integer(L, shim_property_code(getter, setter))
            stack.setTop(name)
        case .event(let name, _, _, let index, let assigned):
            var notice: UInt32 = 0
            if let assigned {
                notice = accessor(name, [], record) { (object: Object, call) throws(LuaFault) in
                    if let instance = call.selfInstance { assigned(object, instance) }
                    return .none
                }
            }
            shim_push_integer(L, shim_event_code(Int32(index), notice))
            stack.setTop(name)
        }
    }

    /// Sets a field of the table at `table` to the value on top, which it pops.
    private func setField(_ name: String, table: Int32) {
        let level = StackLevel(L)
        shim_push_value(L, table)
        shim_insert(L, -2)
        LuaStack(L).setTop(name)
        shim_pop(L, 1)
        level.expect(-1)
    }

    /// With the class at -2 and the accessors at -1.
    private func bindConstructor<Object>(_ declaration: LuaClass<Object>, _ record: ClassRecord, _ stack: LuaStack) {
        let function: UInt32
        if let constructor = declaration.constructor {
            let name = record.name
            let checks = ArgumentChecks(function: name, parameters: constructor.parameters)
            let body = constructor.body
            let begin = constructor.begin
            function = add(
                HostFunction(name: name, base: 1, parameters: constructor.parameters) { (call) throws(LuaFault) in
                    let L = call.stack.L
                    guard shim_type(L, 1) == Int32(SHIM_TTABLE.rawValue) else {
                        throw LuaFault(.typeError, "\(name).init: the first argument must be self, the new object")
                    }
                    guard shim_object(L, 1, nil) == nil else {
                        throw LuaFault(.runtimeError, "\(name).init was called twice for one object")
                    }
                    try checks.apply(call.runtime, L, base: 1)
                    let object = try body(call)
                    call.runtime.attach(object, record, at: 1, call)
                    return try begin?(object, call) ?? .none
                })
        } else {
            let name = record.name
            function = add(
                HostFunction(name: name) { (_) throws(LuaFault) in
                    throw LuaFault(.typeError, "\(name) objects are made by the host, not by a program")
                })
        }
        let level = StackLevel(stack)
        shim_push_function(L, function)
        setField("init", table: shim_top(L) - 2)
        level.expect(0)
    }

    private func method<Object: AnyObject>(
        _ name: String, _ parameters: [LuaParameter], _ record: ClassRecord,
        _ body: @escaping (Object, LuaCall) throws(LuaFault) -> LuaResult
    ) -> UInt32 {
        let checks = ArgumentChecks(function: name, parameters: parameters)
        return add(
            HostFunction(name: name, base: 1, parameters: parameters) { (call) throws(LuaFault) in
                let L = call.stack.L
                let object: Object = try call.runtime.object(at: 1, L, method: name, of: record)
                try checks.apply(call.runtime, L, base: 1)
                let level = StackLevel(L)
                let instance = record.isRecounted ? call.selfInstance : nil
                defer { instance?.recount() }
                let result = try body(object, call)
                level.expect(result, by: name)
                return result
            })
    }

    private func accessor<Object: AnyObject>(
        _ name: String, _ parameters: [LuaParameter], _ record: ClassRecord,
        _ body: @escaping (Object, LuaCall) throws(LuaFault) -> LuaResult
    ) -> UInt32 {
        let checks = ArgumentChecks(function: "property \(name)", parameters: parameters)
        return add(
            HostFunction(name: name, base: 1, parameters: parameters) { (call) throws(LuaFault) in
                let L = call.stack.L
                guard let object: Object = call.runtime.object(at: 1, L, of: record) else {
                    throw LuaFault(
                        .runtimeError,
                        "property '\(name)' is not there yet: call \(record.name).init(self, …) first in the derived init"
                    )
                }
                if !parameters.isEmpty { try checks.apply(call.runtime, L, base: 1) }
                let level = StackLevel(L)
                let result = try body(object, call)
                level.expect(result, by: name)
                return result
            })
    }

    /// The object of the method's first argument, or an error that says what to write instead.
    private func object<Object: AnyObject>(
        at index: Int32, _ L: OpaquePointer, method: String, of record: ClassRecord
    ) throws(LuaFault) -> Object {
        if let object: Object = self.object(at: index, L, of: record) { return object }
        if let instance = instance(at: index, L) {
            throw LuaFault(
                .typeError, "\(method) is a method of \(record.name), but self is a \(instance.record.name)")
        }
        var isMethodCall = false
        _ = shim_call_name(L, &isMethodCall)
        if isMethodCall && shim_type(L, index) == Int32(SHIM_TTABLE.rawValue) {
            throw LuaFault(
                .runtimeError,
                "\(method) is not possible yet: call \(record.name).init(self, …) first in the derived init")
        }
        throw LuaFault(.typeError, "call \(method) with a colon: object:\(method)(…), not object.\(method)(…)")
    }

    /// The object of the instance at `index`, if it is one of `record` or kin to it.
    private func object<Object: AnyObject>(at index: Int32, _ L: OpaquePointer, of record: ClassRecord) -> Object? {
        var id: UInt32 = 0
        guard let address = shim_object(L, index, &id) else { return nil }
        let object = Unmanaged<LuaInstance>.fromOpaque(address).takeUnretainedValue().object
        // An instance of this very class was made with an Object; asking the object for its type takes long.
        return id == record.id ? unsafeDowncast(object, to: Object.self) : object as? Object
    }

    // MARK: - Instances

    private func attach(_ object: AnyObject, _ record: ClassRecord, at index: Int32, _ call: LuaCall) {
        let instance = LuaInstance(object: object, record: record)
        list(instance)
        instance.handlers = shim_attach(
            call.stack.L, index, Unmanaged.passRetained(instance).toOpaque(), record.id, record.eventCount)
        record.attached?(object, instance, call)
        instance.recount()
    }

    /// The instance of an object that the host made: the one that Lua has, or a new one of the registered class `name`.
    public func instance(for object: AnyObject, class name: String) -> LuaInstance {
        if classesByName[name] == nil { openLibrary(of: name) }
        guard let record = classesByName[name] else {
            preconditionFailure("class \(name) is not registered")
        }
        precondition(record.isOf(object), "\(type(of: object)) is not what class \(name) is declared for")
        let level = StackLevel(L)
        defer { level.expect(0) }
        if let known = record.memory.map({ $0.recall(object) as? LuaInstance }) ?? knownInstance(of: object),
            known.tryToPush(onto: LuaStack(L))
        {
            shim_pop(L, 1)
            return known
        }
        let stack = LuaStack(L)
        _ = shim_reserve(L, 8)
        let instance = pushNew(object, record, isListed: true, keeping: 0, onto: stack)
        // Only the weak table of instances has it now: the caller pushes or activates it before anything is allocated.
        shim_pop(L, 1)
        return instance
    }

    /// Pushes the instance of an object that the host has just made, for what comes and goes often: nobody but the
    /// program finds it again. ``knownInstance(of:)`` and ``objects`` do not have it, it cannot be pushed once more,
    /// and it has no events; what it keeps is found by calls of its methods, see ``LuaCall/pushKept(_:)``. Nobody but
    /// the instance may keep the object.
    /// - Parameters:
    ///   - object: what has no instance yet.
    ///   - registered: what `register` has returned.
    ///   - kept: so many values on top are popped, and kept in the first slots of the class in their order.
    ///   - stack: gets the table that the program holds.
    public func push<Object>(
        new object: Object, of registered: RegisteredClass<Object>, keeping kept: Int, onto stack: LuaStack
    ) {
        _ = pushNew(object, registered.record, isListed: false, keeping: kept, onto: stack)
    }

    /// No call into Lua: that would fail when the program has used up its memory.
    private func pushNew(
        _ object: AnyObject, _ record: ClassRecord, isListed: Bool, keeping kept: Int, onto stack: LuaStack
    ) -> LuaInstance {
        guard let metatable = record.metatable?.index else { preconditionFailure("a registered class has a metatable") }
        let instance = LuaInstance(object: object, record: record, isListed: isListed)
        let level = StackLevel(stack)
        if isListed { list(instance) }
        instance.handlers = shim_push_new_instance(
            stack.L, Unmanaged.passRetained(instance).toOpaque(), record.id, metatable, record.eventCount, Int32(kept),
            isListed)
        record.attached?(object, instance, nil)
        instance.recount()
        level.expect(1 - kept)
        return instance
    }

    /// Sees to it that the instance of its object is found.
    private func list(_ instance: LuaInstance) {
        objectCount += 1
        if let memory = instance.record.memory {
            memory.remember(instance.object, instance)
        } else {
            instances[ObjectIdentifier(instance.object)] = Unmanaged.passUnretained(instance)
        }
    }

    /// The instance that Lua has of `object`; nil when there is none (any more). Not for classes whose objects remember
    /// it themselves, see ``LuaClass/remembersInstance(recall:remember:)``.
    public func knownInstance(of object: AnyObject) -> LuaInstance? {
        instances[ObjectIdentifier(object)]?.takeUnretainedValue()
    }

    /// ``knownInstance(of:)`` as a closure that outlives the runtime harmlessly: it then finds nothing. For classes of
    /// which a program has many objects: they can all have the same closures.
    public var instanceFinder: (AnyObject) -> LuaInstance? {
        { [relay] in relay.runtime?.knownInstance(of: $0) }
    }

    /// The objects of all instances that Lua has, in the order in which the instances were made.
    public var objects: [AnyObject] {
        listedInstances.sorted { $0.serial < $1.serial }.map(\.object)
    }

    /// The instances that Lua has, in no order. Those whose objects remember them are found in Lua.
    var listedInstances: [LuaInstance] {
        guard isOpen else { return [] }
        let level = StackLevel(L)
        defer { level.expect(0) }
        var found = instances.values.map { $0.takeUnretainedValue() }
        _ = shim_reserve(L, 8)
        for isAnchored in [true, false] {
            shim_push_instances(L, isAnchored)
            shim_push_nil(L)
            while shim_next(L, -2) {
                if let instance = instance(at: -1, L), instance.isListed, instance.record.memory != nil {
                    found.append(instance)
                }
                shim_pop(L, 1)
            }
            shim_pop(L, 1)
        }
        return found
    }

    /// Lua has dropped the instance. Called from inside a collection: no Lua here.
    func released(_ instance: LuaInstance) {
        instance.forget()
        guard instance.isListed else { return }
        objectCount -= 1
        let key = ObjectIdentifier(instance.object)
        if instance.record.memory == nil, let known = instances[key],
            known.toOpaque() == Unmanaged.passUnretained(instance).toOpaque()
        {
            instances.removeValue(forKey: key)
        }
    }
}

extension LuaStack {
    /// Pushes a declared function.
    public func push(function declaration: LuaFunction, of runtime: LuaRuntime) {
        shim_push_function(L, runtime.register(declaration))
    }
}
