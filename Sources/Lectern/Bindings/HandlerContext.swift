internal import ControlCore
internal import LuaRuntime

/// What `GetConnectionHandler`, handlers.lua and the declarations of the handlers share.
final class HandlerContext {
    /// What handlers.lua does for a declared function or method.
    enum Function: String, CaseIterable { case make, subscribe }

    /// Makes the handlers of one kind, whose declaration knows its slots.
    typealias Maker = (HandlerRequest) throws(LuaFault) -> LuaResult

    let functions = LuaExports<Function>()
    /// Set when it is declared.
    var wantedClass: RegisteredClass<WantedHandler>?
    private(set) var makers = NamedValues<Maker>()
    /// Where instances keep the program's callback for the ConnectionStatus; set as the makers are.
    var listeners = NamedValues<LuaEvent>()
    /// The handlers of a program take turns to poll.
    var pollPhases = PollPhases()

    /// Sets how the handlers of one kind are made.
    func makes(_ kind: ConnectionHandlerKind, _ maker: @escaping Maker) {
        makers[kind] = maker
    }

    /// The class of what `GetConnectionHandler` hands to handlers.lua.
    var wanted: RegisteredClass<WantedHandler> {
        guard let wantedClass else { preconditionFailure("it is declared before a program runs") }
        return wantedClass
    }
}

extension LuaFault {
    /// A maker got an interface of another kind: a defect of the choice, not of the program.
    static let notThatInterface = LuaFault(.typeError, "GetConnectionHandler: no handler is for this interface")
}

/// One call of `GetConnectionHandler`, checked, as handlers.lua hands it on.
struct HandlerRequest {
    let call: LuaCall
    /// The interface: what was handed in, or what that has in its field `Interface`.
    let interface: AnyObject
    let options: HandlerOptions
    /// What the program handed in: an interface or a device module.
    let given: LuaArgument
    let query: LuaArgument
    /// A function that has the module ask, and one that tells it of a loss; `nil` without module.
    let ask: LuaArgument
    let tellLoss: LuaArgument

    /// Gives Lua a handler that was just made.
    /// - Parameters:
    ///   - className: of the declaration.
    ///   - kept: the arguments that the instance keeps, and where.
    /// - Returns: the handler, and whether it is a module's.
    func push(
        _ handler: AnyObject, as className: String, keeping kept: [(slot: LuaEvent, argument: LuaArgument)],
        isForModule: Bool = false
    ) -> LuaResult {
        let instance = call.runtime.instance(for: handler, class: className)
        instance.push(onto: call.stack)
        for (slot, argument) in kept { instance.keep(slot, argument) }
        call.stack.push(isForModule)
        return .values(2)
    }

    /// The interface as a simple pipe; `nil` when it is none.
    var pipe: SimplePipe? {
        switch interface {
        case let serial as SerialInterface: .serial(serial)
        case let client as EthernetClientInterface: .datagrams(client)
        default: nil
        }
    }
}

/// Values for the cases of an enumeration, by the names of the cases.
///
/// For a dictionary whose keys are of a type of its own the Swift runtime searches all conformances of the process when
/// it first meets it, and a start would meet six of them. All dictionaries of strings share one search.
struct NamedValues<Value> {
    private var values: [String: Value] = [:]

    var count: Int { values.count }

    subscript(_ name: some RawRepresentable<String>) -> Value? {
        get { values[name.rawValue] }
        set { values[name.rawValue] = newValue }
    }

    mutating func removeAll() { values.removeAll(keepingCapacity: true) }
}
