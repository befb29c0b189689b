internal import ControlCore
internal import HttpClient
internal import LuaRuntime

/// A session as a program has it: its exchanges are calls that wait.
final class ProgramHttpSession {
    let core: HttpSession
    private let environment: any Environment
    /// Counts anew what it holds, once Lua has it.
    var recount: () -> Void = {}

    init(_ environment: any Environment, _ settings: HttpSessionSettings) throws(ParameterError) {
        self.environment = environment
        core = try HttpSession(environment: environment, settings: settings)
    }

    deinit {
        guard !core.isClosed else { return }
        // Perhaps in the middle of a collection, where nothing of the program may run.
        environment.execute { [core] in core.close() }
    }

    /// Makes a request, and suspends the task until the whole response is there.
    func collect(
        _ request: HttpRequest, _ options: HttpOptions, _ call: LuaCall, _ http: HttpContext
    ) throws(LuaFault) -> LuaResult {
        try call.wait { (waiter) throws(LuaFault) in
            let exchange = try call.checked { () throws(ParameterError) in
                try core.send(request, options: options) { [weak self] result in
                    self?.recount()
                    waiter.resume { stack in
                        switch result {
                        case .success(let response):
                            http.push(response, onto: stack)
                            return .values(1)
                        case .failure(let failure): return failure.push(onto: stack)
                        }
                    }
                }
            }
            exchange.onGrowth = { [weak self, weak exchange] in
                self?.recount()
                guard let exchange, http.hasNoMemory else { return }
                exchange.end(with: .tooLarge("the program's memory does not suffice for the response"))
            }
            recount()
            return { exchange.cancel() }
        }
    }

    /// Makes a request, and suspends the task until the head of the response is there.
    func stream(
        _ request: HttpRequest, _ options: HttpOptions, _ call: LuaCall, _ http: HttpContext
    ) throws(LuaFault) -> LuaResult {
        try call.wait { (waiter) throws(LuaFault) in
            let reception = StreamReception()
            let exchange = try call.checked { () throws(ParameterError) in
                try core.stream(
                    request, options: options,
                    onHead: { [environment] head in
                        guard let exchange = reception.exchange else { return }
                        let stream = ReceivedStream(head, exchange, of: self, in: environment)
                        reception.stream = stream
                        reception.hasBegun = true
                        waiter.resume { stack in
                            http.push(stream, onto: stack)
                            return .values(1)
                        }
                    }, onBody: { reception.stream?.take($0) },
                    completion: { [weak self] result in
                        self?.recount()
                        reception.stream?.finish(result)
                        guard !reception.hasBegun, case .failure(let failure) = result else { return }
                        waiter.resume { failure.push(onto: $0) }
                    })
            }
            reception.exchange = exchange
            recount()
            return { exchange.cancel() }
        }
    }

    /// How many bytes of memory it keeps.
    var heldBytes: Int { core.heldBytes }
}

extension ProgramHttpSession: ClosableResource {
    static var closingOrder: ClosingOrder { HttpSession.closingOrder }
    func close() { core.close() }
}

/// What ties the callbacks of a streamed exchange to the stream that a program has. The exchange keeps these, so here
/// neither is kept.
private final class StreamReception {
    weak var exchange: HttpExchange?
    weak var stream: ReceivedStream?
    var hasBegun = false
}

extension HttpFailure {
    /// Pushes `nil`, the word and the details, as calls return them.
    func push(onto stack: LuaStack) -> WaitResult {
        stack.pushNil()
        stack.push(reason)
        guard let detail else { return .values(2) }
        stack.push(detail)
        return .values(3)
    }
}
