internal import ByteText
internal import CLuaShim

// Names that are not there: what programs read or set on an object that does not have it, and globals that only look as
// if they were there.

extension LuaRuntime {
    /// - Parameter use: a `shim_use`.
    func missingName(_ L: OpaquePointer, classID: UInt32, use: Int32) -> shim_verdict {
        let writing = use == Int32(SHIM_WRITE.rawValue)
        let record = classes[Int(classID)]
        let stack = LuaStack(L)
        let name = Self.name(at: 2, stack)
        guard let instance = instance(at: 1, L) else { return LuaResult.none.verdict }
        var problem: String?
        if let near = NearMiss.find(name, in: record.members) {
            problem = "\(record.name) has no '\(name.showingRawBytes)'; did you mean \(record.spelling(of: near))?"
        }
        if use == Int32(SHIM_READ.rawValue), record.fallThrough == nil, let method = strayMethod(L) {
            return fault(LuaFault(.attributeError, record.unknown(name, inMethod: method)), L)
        }
        // What is read through another object may well be called nearly as something of this one.
        if let problem, writing || record.fallThrough == nil { return fault(LuaFault(.attributeError, problem), L) }
        guard let fallThrough = record.fallThrough else {
            guard use == Int32(SHIM_READ.rawValue) else { return LuaResult.none.verdict }
            return fault(LuaFault(.attributeError, record.unknown(name)), L)
        }
        if writing {
            return fault(
                LuaFault(
                    .attributeError,
                    "'\(name.showingRawBytes)' cannot be set on a \(record.name); set it on the interface: "
                        + "handler.Interface.\(name.showingRawBytes) = …"
                ),
                L)
        }
        _ = shim_reserve(L, 8)
        let level = StackLevel(stack)
        shim_push_main_table(L)
        stack.getRaw(-1, "read_through")
        shim_remove(L, -2)
        shim_push_value(L, 1)
        instance.push(fallThrough, onto: stack)
        shim_push_value(L, 2)
        stack.push(problem)
        level.expect(5)
        return LuaResult.call(arguments: 4).verdict
    }

    /// A name as messages show it. One that is longer than any name is cut: it was meant to be none.
    private static func name(at index: Int32, _ stack: LuaStack) -> String {
        stack.withBytes(at: index) { bytes in
            guard let bytes else { return "" }
            guard bytes.count > 100 else { return String(rawBytes: bytes) }
            return String(rawBytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(100))) + "…"
        }
    }

    /// The method of a program's class that has got the object at index 1 as its `self`: it was handed on without its
    /// own.
    private func strayMethod(_ L: OpaquePointer) -> String? {
        shim_stray_method(L).map { String(cString: $0) }
    }

    /// Has errors that a program makes by calling, or reading into, a global that is not there say more.
    /// - Parameters:
    ///   - name: the global.
    ///   - isFunction: whether only a call of it gets the hint; other uses may mean a variable of the program's.
    ///   - text: what follows Lua's message: what it is, and what to use instead. A read of the name still gives `nil`.
    public func setHint(missingGlobal name: String, isFunction: Bool = false, _ text: String) {
        name.withRawBytes { name in
            text.withRawBytes { text in
                name.withMemoryRebound(to: CChar.self) { name in
                    text.withMemoryRebound(to: CChar.self) { text in
                        shim_set_hint(
                            L, isFunction, name.baseAddress ?? LuaStack.noBytes, name.count,
                            text.baseAddress ?? LuaStack.noBytes, text.count)
                    }
                }
            }
        }
    }
}

extension ClassRecord {
    /// How a program writes a member.
    fileprivate func spelling(of member: String) -> String {
        methods.contains(member) ? "\(member)(…) with a colon" : member
    }

    /// What is wrong with reading a name in a method of a program's class that has got an object of this one as its
    /// `self`.
    fileprivate func unknown(_ name: String, inMethod method: String) -> String {
        let method = method.showingRawBytes
        return "\(self.name) has no '\(name.showingRawBytes)', and self is a \(self.name) here: hand on "
            + "function(...) object:\(method)(...) end, not object.\(method)"
    }

    /// What is wrong with reading a name that no object of the class has, nor was ever given.
    fileprivate func unknown(_ name: String) -> String {
        let shown = name.showingRawBytes
        if hasItems { return "\(self.name) has neither a member nor an item '\(shown)'" }
        let problem = "\(self.name) has no '\(shown)'"
        let related = NearMiss.related(name, in: members).map(spelling(of:))
        guard related.isEmpty else { return "\(problem); did you mean \(related.joined(separator: " or "))?" }
        return "\(problem); set a field of your own before you read it, or read it by rawget(object, '\(shown)')"
    }
}
