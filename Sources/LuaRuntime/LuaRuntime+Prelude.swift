internal import ByteText
internal import CLuaShim

/// What the prelude needs of the outside: time, randomness, files. The host fills it in before the program loads.
public struct LuaSurroundings {
    /// Seconds since 1970 UTC, for `os.time` and `os.date`.
    public var wallClock: () -> Int
    /// The offset from UTC in seconds, and whether that is daylight saving time, at an instant (seconds since 1970
    /// UTC), for `os.time` and `os.date`. Nil: the zone is the machine's, which the C library knows.
    public var localTime: ((_ unixTime: Int) -> (offset: Int, isDaylightSaving: Bool))?
    /// Seconds of processor time or anything like it, for `os.clock`.
    public var cpuClock: () -> Double
    /// The seed of `math.random`.
    public var randomSeed: Int
    /// Whether a run must be repeatable: `pairs` then visits keys in the order of their values, not of their hashes.
    public var isRepeatable = false
    /// Opens the file of a path that a program named, and hands its descriptor over. The mode is that of `io.open`.
    public var openFile: (_ path: String, _ mode: String) throws(LuaFault) -> Result<CInt, LuaFileProblem>
    /// Removes a file that a program named; gives what the system says against it.
    public var removeFile: (_ path: String) throws(LuaFault) -> LuaFileProblem?
    /// Gives a file that a program named another name; gives what the system says against it.
    public var renameFile: (_ path: String, _ newPath: String) throws(LuaFault) -> LuaFileProblem?
    /// The text of module `name` and the path to show in messages.
    public var loadModule: (_ name: String) throws(LuaFault) -> (text: [UInt8], shownPath: String)
    /// The text of a file of the program's folder, and the path to show in messages.
    public var loadFile: (_ path: String) throws(LuaFault) -> (text: [UInt8], shownPath: String)

    /// Surroundings without files, with a clock that stands still: for states that run no program.
    public init() {
        wallClock = { 0 }
        cpuClock = { 0 }
        randomSeed = 0
        openFile = { (path, _) throws(LuaFault) in throw LuaFault(.ioError, "'\(path)': this host has no files") }
        removeFile = { (path) throws(LuaFault) in throw LuaFault(.ioError, "'\(path)': this host has no files") }
        renameFile = { (path, _) throws(LuaFault) in throw LuaFault(.ioError, "'\(path)': this host has no files") }
        loadModule = { (name) throws(LuaFault) in throw LuaFault(.importError, "module '\(name)' not found") }
        loadFile = { (path) throws(LuaFault) in throw LuaFault(.ioError, "'\(path)': this host has no files") }
    }
}

/// What the system says against a use of a file: Lua's own functions return it.
public struct LuaFileProblem: Error, Sendable {
    /// The system's number.
    public let code: CInt
    /// The file's name and the system's words.
    public let message: String

    /// Bundles them.
    public init(code: CInt, message: String) {
        self.code = code
        self.message = message
    }
}

extension LuaCall {
    /// Returns `nil`, the message and the number, as Lua's own functions do; or true when there is no problem.
    fileprivate func returning(_ problem: LuaFileProblem?) -> LuaResult {
        guard let problem else { return returning(true) }
        return returning(LuaNil(), problem.message, Int(problem.code))
    }
}

extension LuaRuntime {
    /// Runs the parts of the prelude that do not depend on surroundings.
    func openPrelude() throws(LuaFault) {
        var finding = ParameterList()
        let name = finding.required("name", .string, "")
        let candidates = finding.required("names", .table, "")
        setInternal(
            "nearest",
            LuaFunction("nearest", finding, "") { (call) throws(LuaFault) in
                call.returning(NearMiss.find(call[name], in: call[candidates].strings ?? []))
            })
        var relating = ParameterList()
        // A key that is no string may be asked for: nothing is related to it.
        let key = relating.required("name", .any, "")
        let members = relating.required("names", .table, "")
        setInternal(
            "related",
            LuaFunction("related", relating, "") { (call) throws(LuaFault) in
                let names = NearMiss.related(call[key].string ?? "", in: call[members].strings ?? [])
                return call.returning(names.isEmpty ? nil : names.joined(separator: " or "))
            })
        try run(PackageResources.classes_lua, chunk: "=[lectern classes]", arguments: [])
    }

    /// Connects the libraries to the surroundings and closes off what the profile does not allow. Called once, before
    /// any program runs.
    public func openLibraries(_ surroundings: LuaSurroundings) throws(LuaFault) {
        try withoutTimeLimits { () throws(LuaFault) in try open(surroundings) }
    }

    private func open(_ surroundings: LuaSurroundings) throws(LuaFault) {
        setInternal(
            "wall_clock",
            LuaFunction("time", "") { (call) throws(LuaFault) in
                call.returning(surroundings.wallClock())
            })
        if let localTime = surroundings.localTime {
            var parameters = ParameterList()
            let time = parameters.required("time", .integer, "")
            setInternal(
                "local_time",
                LuaFunction("time", parameters, "") { (call) throws(LuaFault) in
                    let local = localTime(call[time])
                    return call.returning(local.offset, local.isDaylightSaving)
                })
        }
        setInternal(
            "cpu_clock",
            LuaFunction("clock", "") { (call) throws(LuaFault) in
                call.returning(surroundings.cpuClock())
            })
        setInternal(
            "random_seed",
            LuaFunction("random_seed", "") { (call) throws(LuaFault) in
                call.returning(surroundings.randomSeed)
            })
        setInternal(
            "is_repeatable",
            LuaFunction("pairs", "") { (call) throws(LuaFault) in call.returning(surroundings.isRepeatable) })
        openFiles(surroundings)
        openLoaders(surroundings)
        openModuleWaits()
        openLibraryNames()
        shim_push_main_table(L)
        LuaStack(L).pushTable()
        LuaStack(L).setTop("modules")
        shim_pop(L, 1)
        try run(PackageResources.modules_lua, chunk: "=[lectern modules]", arguments: [])
        try run(PackageResources.local_time_lua, chunk: "=[lectern local time]", arguments: [])
        try run(PackageResources.sandbox_lua, chunk: "=[lectern sandbox]", arguments: [profile.rawValue])
    }

    private func openFiles(_ surroundings: LuaSurroundings) {
        var ofPath = ParameterList()
        let path = ofPath.required("path", .string, "")
        var opening = ofPath
        let mode = opening.optional("mode", .string, default: "r", "")
        var renaming = ofPath
        let newName = renaming.required("newname", .string, "")
        let level = StackLevel(L)
        shim_push_main_table(L)
        let opener = LuaFunction("open", opening, "") { (call) throws(LuaFault) in
            switch try surroundings.openFile(call[path], call[mode]) {
            case .success(let descriptor): call.returning(Int(descriptor))
            case .failure(let problem): call.returning(problem)
            }
        }
        LuaStack(L).push(function: opener, of: self)
        shim_wrap_opener(L)
        LuaStack(L).setTop("open_file")
        shim_pop(L, 1)
        level.expect(0)
        setInternal(
            "remove_file",
            LuaFunction("remove", ofPath, "") { (call) throws(LuaFault) in
                call.returning(try surroundings.removeFile(call[path]))
            })
        setInternal(
            "rename_file",
            LuaFunction("rename", renaming, "") { (call) throws(LuaFault) in
                call.returning(try surroundings.renameFile(call[path], call[newName]))
            })
    }

    private func openLoaders(_ surroundings: LuaSurroundings) {
        var loading = ParameterList()
        let path = loading.required("path", .string, "")
        let environment = loading.optional("env", .any, "")
        setInternal(
            "load_file",
            LuaFunction("loadfile", loading, "") { (call) throws(LuaFault) in
                let file = try surroundings.loadFile(call[path])
                try call.runtime.load(file.text, path: file.shownPath, on: call.stack)
                if let environment = call[environment] { call.setEnvironment(environment) }
                return .values(1)
            })
        var requiring = ParameterList()
        let name = requiring.required("name", .string, "")
        setInternal(
            "load_module",
            LuaFunction("require", requiring, "") { (call) throws(LuaFault) in
                let file = try surroundings.loadModule(call[name])
                try call.runtime.load(file.text, path: file.shownPath, on: call.stack)
                call.stack.push(file.shownPath)
                return .values(2)
            })
    }

    /// Makes `require(name)` give what `chunk`, Lua text of the host, returns.
    public func addModule(_ name: String, text: [UInt8]) throws(LuaFault) {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        defer { level.expect(0) }
        shim_push_main_table(L)
        stack.getRaw(-1, "modules")
        defer { shim_pop(L, 2) }
        try compile(text, path: "=[lectern \(name)]", on: stack)
        stack.setTop(name)
    }

    /// Whether `require(name)` gives a module of the host or of Lua itself.
    public func hasModule(_ name: String) -> Bool {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        shim_push_main_table(L)
        stack.getRaw(-1, "modules")
        let isHost = stack.getRaw(-1, name) != Int32(SHIM_TNIL.rawValue)
        shim_pop(L, 3)
        level.expect(0)
        return isHost || ["coroutine", "debug", "io", "math", "os", "string", "table", "utf8", "_G"].contains(name)
    }

    /// Runs Lua text of the host, with the internals table and `arguments` as its arguments. What it finds as globals
    /// is as it was before the program began, whatever that has set since.
    public func run(_ text: [UInt8], chunk: String, arguments: [String]) throws(LuaFault) {
        try run(text, chunk: chunk, arguments: arguments, results: 0)
    }

    /// As the other; pushes `results` values that the text returns.
    func run(_ text: [UInt8], chunk: String, arguments: [String], results: Int32) throws(LuaFault) {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        try compile(text, path: chunk, on: stack)
        shim_push_main_table(L)
        let isSetUp = stack.getRaw(-1, "environment") != Int32(SHIM_TNIL.rawValue)
        shim_remove(L, -2)
        if isSetUp { shim_set_environment(L) } else { shim_pop(L, 1) }
        shim_push_main_table(L)
        for argument in arguments { stack.push(argument) }
        guard shim_call(L, Int32(1 + arguments.count), results) == Int32(SHIM_OK.rawValue) else {
            let message = stack.text(at: -1)
            shim_pop(L, 1)
            level.expect(0)
            throw LuaFault(.runtimeError, "\(chunk): \(message)")
        }
        level.expect(Int(results))
    }

    /// Compiles text and pushes the function.
    /// - Parameters:
    ///   - text: the source, as bytes; with the profile ``LuaProfile/trusted`` it may be a compiled chunk.
    ///   - path: what messages show; a name that begins with `=` is shown as it is.
    ///   - stack: gets the function.
    /// - Throws: ``LuaFault`` of kind ``LuaFault/Kind/importError`` with Lua's message: file, line, what was wrong.
    ///
    /// What the text names of the libraries is opened; see ``addLibrary(_:needs:open:)``.
    public func load(_ text: [UInt8], path: String, on stack: LuaStack) throws(LuaFault) {
        text.withUnsafeBytes { openLibraries(namedIn: $0) }
        try compile(text, path: path, on: stack)
    }

    /// As ``load(_:path:on:)``, for text of the host's own, which opens nothing.
    package func compile(_ text: [UInt8], path: String, on stack: LuaStack) throws(LuaFault) {
        var text = text[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }  // a byte order mark of some editors
        if text.first == UInt8(ascii: "#") {
            // A #! line; its line end stays, so that line numbers hold.
            text = text.drop { $0 != UInt8(ascii: "\n") }
        }
        if text.first == 0x1B && profile != .trusted {
            throw LuaFault(.importError, "\(path): this is a compiled chunk; only Lua source text is loaded")
        }
        let name = path.hasPrefix("=") ? path : "@" + path
        let level = StackLevel(stack)
        let status = text.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                name.withRawCString { shim_load(stack.L, text.baseAddress ?? LuaStack.noBytes, text.count, $0) }
            }
        }
        guard status == Int32(SHIM_OK.rawValue) else {
            let message = stack.text(at: -1)
            shim_pop(stack.L, 1)
            level.expect(0)
            throw LuaFault(.importError, message)
        }
        level.expect(1)
    }

    /// Gives Lua text of the host function `name` of its internals table, which no program sees.
    package func setInternal(_ name: String, _ function: LuaFunction) {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        shim_push_main_table(L)
        stack.push(function: function, of: self)
        stack.setTop(name)
        shim_pop(L, 1)
        level.expect(0)
    }

    /// Lets a task that requires a module wait while another task's load of it waits.
    private func openModuleWaits() {
        let gates = ModuleGates()
        var parameters = ParameterList()
        let name = parameters.required("name", .string, "")
        setInternal(
            "module_begins",
            LuaFunction("require", parameters, "") { (call) throws(LuaFault) in
                gates.loaders[call[name]] = call.runtime.running.map(ObjectIdentifier.init)
                return .none
            })
        setInternal(
            "module_ends",
            LuaFunction("require", parameters, "") { (call) throws(LuaFault) in
                gates.loaders[call[name]] = nil
                let waiting = gates.waiting.removeValue(forKey: call[name]) ?? []
                for (task, waiter) in waiting {
                    gates.waitsFor[task] = nil
                    waiter.resume(returning: true)
                }
                return .none
            })
        setInternal(
            "wait_for_module",
            LuaFunction("require", parameters, waits: true, "") { (call) throws(LuaFault) in
                let module = call[name]
                guard let task = call.runtime.running.map(ObjectIdentifier.init), !gates.isLoading(task, module) else {
                    return call.returning(false)
                }
                return try call.wait { (waiter) throws(LuaFault) in
                    gates.waitsFor[task] = module
                    gates.waiting[module, default: []].append((task, waiter))
                    return { gates.waitsFor[task] = nil }
                }
            })
    }
}

/// Which task loads a module, and who waits for it.
private final class ModuleGates {
    var loaders: [String: ObjectIdentifier] = [:]
    var waiting: [String: [(task: ObjectIdentifier, waiter: LuaWaiter)]] = [:]
    /// The module that a waiting task needs.
    var waitsFor: [ObjectIdentifier: String] = [:]

    /// Whether `module` can only be loaded after `task` has gone on: it loads it itself, or a module that is needed.
    func isLoading(_ task: ObjectIdentifier, _ module: String) -> Bool {
        var needed: String? = module
        while let name = needed, let loader = loaders[name] {
            if loader == task { return true }
            needed = waitsFor[loader]
        }
        return false
    }
}

extension LuaCall {
    /// Lets the compiled text on top find its globals in an argument.
    package func setEnvironment(_ environment: LuaArgument) {
        stack.push(environment)
        shim_set_environment(stack.L)
    }

    /// Lets the running task's time begin anew: what it took so far, the host has done.
    package func forgiveTime() { shim_forgive_time(stack.L) }
}
