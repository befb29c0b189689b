internal import ByteText
internal import CLuaShim

// Libraries: parts of a program's world that few programs use, each made when a text that is loaded first names it.

/// A part of a program's world that is made when it is first named.
struct LuaLibrary {
    /// The globals that it brings.
    let names: [String]
    /// Names of others that are opened before it.
    let needs: [String]
    /// Makes the globals; `nil` once it has begun.
    var open: (() throws(LuaFault) -> Void)?
}

extension LuaRuntime {
    /// Declares globals that are made when they are first named: by a text that is loaded, or by what needs them.
    /// - Parameters:
    ///   - names: the globals. A program that has set one of them by then keeps what it has set.
    ///   - needs: globals of other libraries that `open` uses.
    ///   - open: makes the globals. It runs once, in the middle of a task perhaps; it is the host's own doing, so it
    ///     counts neither against the task's time nor, while it runs, against the program's memory.
    public func addLibrary(
        _ names: [String], needs: [String] = [], open: @escaping () throws(LuaFault) -> Void
    ) {
        for name in names {
            libraryIndices[name] = libraries.count
            let isNoted = name.withRawBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    shim_add_library_name(L, $0.baseAddress ?? LuaStack.noBytes, $0.count, Int32(libraries.count))
                }
            }
            precondition(isNoted, "there is no memory for the name of a library")
        }
        libraries.append(LuaLibrary(names: names, needs: needs, open: open))
        closedLibraries += 1
        shim_open_by_load(L, true)
    }

    /// The globals that libraries bring.
    package var libraryNames: Set<String> { Set(libraryIndices.keys) }

    /// Opens every library.
    public func openLibraries() {
        for index in libraries.indices { open(library: index) }
    }

    /// Opens the libraries that a text names.
    func openLibraries(namedIn text: UnsafeRawBufferPointer) {
        guard closedLibraries > 0 else { return }
        let count = libraries.count
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: count) { found in
            found.initialize(repeating: false)
            text.withMemoryRebound(to: CChar.self) {
                shim_find_libraries(L, $0.baseAddress ?? LuaStack.noBytes, $0.count, found.baseAddress)
            }
            for index in 0..<count where found[index] { open(library: index) }
        }
    }

    /// Opens the library that brings a global, if there is one and it is not open.
    func openLibrary(of name: String) {
        if let index = libraryIndices[name] { open(library: index) }
    }

    /// Pushes the global of a library as the library made it, whatever the program has done to it since.
    private func pushBrought(_ name: String, onto stack: LuaStack) {
        openLibrary(of: name)
        shim_push_main_table(stack.L)
        stack.getRaw(-1, "brought")
        stack.getRaw(-1, name)
        shim_remove(stack.L, -2)
        shim_remove(stack.L, -2)
    }

    private func open(library index: Int) {
        guard isOpen, let open = libraries[index].open else { return }
        libraries[index].open = nil
        closedLibraries -= 1
        let library = libraries[index]
        for name in library.needs { openLibrary(of: name) }
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        _ = shim_reserve(L, 16)
        shim_begin_set_up(L)
        defer {
            shim_end_set_up(L)
            if closedLibraries == 0 { shim_open_by_load(L, false) }
            level.expect(0)
        }
        let kept = library.names.map { takeGlobal($0, stack) }
        do throws(LuaFault) { try open() } catch {
            preconditionFailure("opening \(library.names): \(error.message)")
        }
        for (name, own) in zip(library.names, kept) { bring(name, own, stack) }
    }

    /// What the program has as a global of a library that is opened now; takes it away.
    private func takeGlobal(_ name: String, _ stack: LuaStack) -> LuaReference? {
        shim_push_globals(L)
        defer { shim_pop(L, 1) }
        guard stack.getRaw(-1, name) != Int32(SHIM_TNIL.rawValue) else {
            shim_pop(L, 1)
            return nil
        }
        let own = LuaReference(popping: stack, runtime: self)
        stack.pushNil()
        stack.setTop(name)
        return own
    }

    /// Notes what a library has made, and gives the program back what it had.
    private func bring(_ name: String, _ own: LuaReference?, _ stack: LuaStack) {
        shim_push_main_table(L)
        stack.getRaw(-1, "brought")
        shim_push_globals(L)
        stack.getRaw(-1, name)
        shim_remove(L, -2)
        stack.setTop(name)
        shim_pop(L, 2)
        guard let own else { return }
        shim_push_globals(L)
        stack.push(own)
        stack.setTop(name)
        shim_pop(L, 1)
    }

    /// Gives `load`, and Lua text of the host's own, what opens libraries.
    func openLibraryNames() {
        shim_push_main_table(L)
        LuaStack(L).pushTable()
        LuaStack(L).setTop("brought")
        shim_pop(L, 1)
        var loading = ParameterList()
        _ = loading.optional("text", .string, "")
        setInternal(
            "open_libraries",
            LuaFunction("load", loading, "") { (call) throws(LuaFault) in
                let runtime = call.runtime
                call.stack.withBytes(at: 1) { text in
                    if let text { runtime.openLibraries(namedIn: text) } else { runtime.openLibraries() }
                }
                return .none
            })
        var bringing = ParameterList()
        let name = bringing.required("name", .string, "")
        setInternal(
            "bring",
            LuaFunction("require", bringing, "") { (call) throws(LuaFault) in
                call.runtime.pushBrought(call[name], onto: call.stack)
                return .values(1)
            })
    }
}
