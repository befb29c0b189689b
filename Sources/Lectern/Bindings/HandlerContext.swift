internal import ControlCore
internal import LuaRuntime

/// What `GetConnectionHandler`, handlers.lua and the declarations of the handlers share.
final class HandlerContext {
    /// What handlers.lua does for a declared function or method.
    enum Step: String, CaseIterable { case make, subscribe }

    /// Makes the handlers of one kind, whose declaration knows its slots.
    typealias Maker = (HandlerRequest) throws(LuaFault) -> LuaResult

    var steps = NamedValues<LuaReference>()
    private(set) var makers = NamedValues<Maker>()
    /// Where instances keep the program's callback for the ConnectionStatus; set as the makers are.
    var listeners = NamedValues<LuaEvent>()
    /// The handlers of a program take turns to poll.
    var pollPhases = PollPhases()

    /// Sets how the handlers of one kind are made.
    func makes(_ kind: ConnectionHandlerKind, _ maker: @escaping Maker) {
        makers[kind] = maker
    }

    /// Calls what handlers.lua does, with `instance`, if any, and the call's first arguments.
    func call(
        _ step: Step, _ call: LuaCall, instance: LuaInstance? = nil, arguments: Int
    ) throws(LuaFault) -> LuaResult {
        guard let function = steps[step] else {
            throw LuaFault(.runtimeError, "handlers.lua did not bring '\(step.rawValue)'")
        }
        call.stack.push(function)
        if let instance { call.stack.push(instance) }
        for argument in 0..<arguments { call.push(argument: argument + 1) }
        return .call(arguments: arguments + (instance == nil ? 0 : 1))
    }
}

extension LuaFault {
    /// A maker got an interface of another kind: a defect of the choice, not of the program.
    static let notThatInterface = LuaFault(.typeError, "GetConnectionHandler: no handler is for this interface")
}

/// One call of `GetConnectionHandler`, checked, as handlers.lua hands it on.
struct HandlerRequest {
    /// Where the arguments are that handlers keep.
    enum Argument: Int {
        /// What the program handed in: an interface or a device module.
        case given = 1
        case query = 2
        /// A function that has the module ask, and one that tells it of a loss; `nil` without module.
        case ask = 13
        case tellLoss = 14
    }

    let call: LuaCall
    /// The interface: what was handed in, or what that has in its field `Interface`.
    let interface: AnyObject
    let options: HandlerOptions

    /// Gives Lua a handler that was just made.
    /// - Parameters:
    ///   - className: of the declaration.
    ///   - kept: the arguments that the instance keeps, and where.
    /// - Returns: the handler, and whether it is a module's.
    func push(
        _ handler: AnyObject, as className: String, keeping kept: [(slot: LuaEvent, argument: Argument)],
        isForModule: Bool = false
    ) -> LuaResult {
        let instance = call.runtime.instance(for: handler, class: className)
        instance.push(onto: call.stack)
        for (slot, argument) in kept {
            call.push(argument: argument.rawValue)
            instance.keep(slot, popping: call.stack)
        }
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
