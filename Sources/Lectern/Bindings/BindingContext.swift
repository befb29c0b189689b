import Bytes
internal import ControlCore
internal import LuaRuntime
import Polling

/// What the declarations of Lua classes need of the program that they are made for.
final class BindingContext {
    unowned let runtime: LuaRuntime
    let environment: any Environment
    /// The same, when it is watched by a trace.
    let trace: TracedEnvironment?
    let configuration: ProgramConfiguration
    /// Where the program's files are.
    let folder: ProgramFolder
    /// The newest entries of the program log, oldest first.
    let savedLog: () -> [ProgramLogEntry]
    /// The serial ports that the program uses.
    let serialPorts = SerialPortClaims()
    /// The patterns that the program used last.
    let patterns = RegularExpressionCache(capacity: 256)
    /// What the program awaits at the end of responses.
    private(set) lazy var delimiters = ResponseDelimiters(
        patterns: patterns, stringBytes: configuration.limits.stringBytes
    ) { [log = self.log] in log(.warning, $0) }
    /// Writes to the program log.
    let log: (ProgramLogEntry.Severity, String) -> Void
    /// Ends the program with an exit code.
    let exit: (Int) -> Void
    /// The tables of the program that survive restarts.
    private(set) lazy var persistentValues = makePersistentValues()
    /// The same, when the program uses them.
    private(set) var usedPersistentValues: PersistentValues?
    /// Logs what becomes of connections, ports and servers.
    let connections: ConnectionLog
    /// What the connection handlers share.
    let handlers = HandlerContext()
    /// What the device modules that are declared by `DeviceModule` hear of their interfaces by.
    let deviceModules = DeviceModuleContext()

    /// What ``warnOnce(_:_:)`` has warned of.
    private var warnings: Set<String> = []
    /// A program that makes its mistakes at ever new places is warned of no more than this.
    private static let mostWarnings = 256

    init(
        runtime: LuaRuntime, environment: any Environment, configuration: ProgramConfiguration, folder: ProgramFolder,
        savedLog: @escaping () -> [ProgramLogEntry],
        log: @escaping (ProgramLogEntry.Severity, String) -> Void, connections: ConnectionLog,
        exit: @escaping (Int) -> Void
    ) {
        self.connections = connections
        self.runtime = runtime
        self.environment = environment
        trace = environment as? TracedEnvironment
        self.configuration = configuration
        self.folder = folder
        self.savedLog = savedLog
        self.log = log
        self.exit = exit
    }

    private func makePersistentValues() -> PersistentValues {
        let persistence = configuration.persistent
        let folder = persistence.folder(program: folder.path, isSimulated: environment.isRepeatable)
        let made = PersistentValues(
            runtime: runtime, environment: environment,
            file: folder.map { KeptFile(folder: $0, name: "values.json", limit: PersistentValues.fileLimit) },
            interval: TimeAmount(seconds: persistence.interval / .seconds(1)), log: log)
        usedPersistentValues = made
        return made
    }

    /// Warns of a mistake that a program is likely to make again at the same place, the first time only.
    /// - Parameter subject: tells this mistake from others.
    func warnOnce(_ subject: String, _ text: String) {
        guard warnings.count < Self.mostWarnings, warnings.insert(subject).inserted else { return }
        log(.warning, text)
    }

    /// Makes every class and function of the Global Scripter environment known to the program: each when it is first
    /// named, as most programs use few.
    func registerAll() throws(LuaFault) {
        registerSecretKeeping()
        registerInterfaces()
        registerScheduling()
        runtime.addLibrary(["ProcessorDevice"]) { [unowned self] in runtime.register(declareProcessorDevice(self)) }
        runtime.addLibrary(systemFunctionNames) { [unowned self] in
            for function in declareSystemFunctions(self) { runtime.setGlobal(function) }
        }
        runtime.addLibrary(["Email"]) { [unowned self] in runtime.register(declareEmail(self)) }
        runtime.addLibrary(["persistent"]) { [unowned self] in runtime.setGlobal(declarePersistent(self)) }
        addTable("checksum") { _ in declareChecksumFunctions() }
        addTable("hex") { _ in declareHexadecimalFunctions() }
        describeJSON()
        registerPythonLibraries()
        runtime.addLibrary(["event"]) { [unowned self] () throws(LuaFault) in
            try runtime.run(PackageResources.event_lua, chunk: "=[lectern event]", arguments: [])
        }
        runtime.addLibrary(["re", "Pattern", "Match"]) { [unowned self] () throws(LuaFault) in
            try registerRegularExpressions()
        }
        runtime.addLibrary(["MESet"]) { [unowned self] () throws(LuaFault) in try registerMESet() }
        runtime.addLibrary(Self.handlerNames, needs: ["ProgramLog", "Timer"]) {
            [unowned self] () throws(LuaFault) in try registerHandlers()
        }
        runtime.addLibrary(Self.httpNames) { [unowned self] () throws(LuaFault) in try registerHttp() }
        runtime.addLibrary(Self.secsgemNames) { [unowned self] () throws(LuaFault) in try registerSecsgem() }
        // The profile without file access has none of these.
        if configuration.profile != .strict {
            runtime.addLibrary(["File", "RFile", "SaveProgramLog"]) {
                [unowned self] () throws(LuaFault) in try registerFiles()
            }
        }
        runtime.addLibrary(["DeviceModule"], needs: Self.deviceModuleNeeds) {
            [unowned self] () throws(LuaFault) in try registerDeviceModules()
        }
        for (name, text) in MissingNames.globals { runtime.setHint(missingGlobal: name, text) }
        for (name, text) in MissingNames.functions { runtime.setHint(missingGlobal: name, isFunction: true, text) }
        try runtime.run(PackageResources.environment_lua, chunk: "=[lectern environment]", arguments: [])
    }

    private func registerInterfaces() {
        runtime.addLibrary(["EthernetClientInterface"]) { [unowned self] in
            runtime.register(declareEthernetClientInterface(self))
        }
        runtime.addLibrary(["EthernetServerInterfaceEx", "ClientObject"]) { [unowned self] in
            let server = declareEthernetServerInterfaceEx(self)
            runtime.register(declareClientObject(self))
            runtime.register(server)
        }
        runtime.addLibrary(["EthernetServerInterface"]) { [unowned self] in
            runtime.register(declareEthernetServerInterface(self))
        }
        runtime.addLibrary(["SerialInterface"]) { [unowned self] in runtime.register(declareSerialInterface(self)) }
        runtime.addLibrary(["TCPInterface", "TCPConnection"]) { [unowned self] in
            runtime.register(declareTCPConnection())
            runtime.register(declareTCPInterface(self))
        }
    }

    private func registerScheduling() {
        runtime.addLibrary(["Timer", "Wait"]) { [unowned self] () throws(LuaFault) in
            runtime.register(declareTimer(self))
            runtime.register(declareWait(self))
            try runtime.run(PackageResources.timers_lua, chunk: "=[lectern timers]", arguments: [])
        }
        runtime.addLibrary(["Clock"]) { [unowned self] in runtime.register(declareClock(self)) }
    }

    /// A global table of functions.
    private func addTable(_ name: String, _ declare: @escaping (BindingContext) -> [LuaFunction]) {
        runtime.addLibrary([name]) { [unowned self] in
            runtime.setGlobal(table: name, functions: declare(self), constants: [])
        }
    }
}

// MARK: - Conversions

extension LuaFault {
    /// A parameter that the core refused.
    init(_ error: ParameterError) {
        self.init(.valueError, "argument '\(error.parameter)' \(error.problem); it must be \(error.allowed)")
    }

    /// A send that was not possible.
    init(_ error: IOFault) { self.init(.ioError, error.text) }
}

extension LuaCall {
    /// Runs core code that refuses parameters.
    func checked<T>(_ body: () throws(ParameterError) -> T) throws(LuaFault) -> T {
        do throws(ParameterError) { return try body() } catch { throw LuaFault(error) }
    }

    /// Sends, and waits for room when the queue is long and the task may wait.
    ///
    /// What cannot be queued now as a whole stays in the program until its last piece is queued, where the task may
    /// wait.
    func send(
        _ message: Parameter<ByteBuffer>, toClient line: some PiecewiseSender,
        _ send: (ByteBuffer) throws(IOFault) -> Void
    ) throws(LuaFault) -> LuaResult {
        let text = argument(for: message)
        let count = text.byteCount
        let isLarge = count > line.largestWholeMessage
        guard isLarge || (!line.isWritable && canWait), let reference = text.reference else {
            let data = self[message]
            return try self.send(over: line) { () throws(IOFault) in try send(data) }
        }
        guard canWait else {
            throw LuaFault(
                .ioError,
                "a message of \(count) bytes is too large to be sent where Send cannot wait: at most "
                    + "\(line.largestWholeMessage) bytes wait for one client")
        }
        let message = LuaStringPieces(text: reference, count: count, runtime: runtime)
        return try wait { (waiter) throws(LuaFault) in
            do throws(IOFault) {
                let pending = try line.send(message) { result in
                    switch result {
                    case .success: waiter.resume()
                    case .failure(let fault): waiter.resume(throwing: LuaFault(fault))
                    }
                }
                return { pending.cancel() }
            } catch {
                throw LuaFault(error)
            }
        }
    }

    /// Sends, and waits for room when the queue is long and the task may wait.
    func send(over line: some Writable, _ send: () throws(IOFault) -> Void) throws(LuaFault) -> LuaResult {
        do throws(IOFault) { try send() } catch { throw LuaFault(error) }
        guard !line.isWritable, canWait else { return .none }
        return try wait { (waiter) throws(LuaFault) in
            guard let room = line.whenWritable({ waiter.resume() }) else {
                waiter.resume()
                return nil
            }
            return { room.cancel() }
        }
    }
}

/// A string of a program that is sent in pieces. It stays the program's, and counts as its memory, until the last one.
private struct LuaStringPieces: MessagePieces {
    let text: LuaReference
    let count: Int
    let runtime: LuaRuntime

    func piece(at offset: Int, count: Int) -> ByteBuffer {
        guard runtime.isOpen else { return ByteBuffer() }
        let stack = runtime.mainStack
        guard stack.reserve(2) else { return ByteBuffer() }
        stack.push(text)
        defer { stack.pop() }
        return stack.withBytes(at: -1) { bytes in
            guard let bytes, offset + count <= bytes.count else { return ByteBuffer() }
            return ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        }
    }
}

/// Something that is known only after the closure that needs it was made.
final class Box<Value> {
    var value: Value?
}
