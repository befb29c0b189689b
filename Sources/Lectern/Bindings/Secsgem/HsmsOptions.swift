internal import ControlCore
internal import HSMS
internal import LuaRuntime
import Polling

/// The range of timers: 1 ms to ten years, as the core has it.
private let timer = ParameterType.duration(0.001...315_360_000)

/// How a connection behaves: the last parameters of everything that makes one, given by keyword.
struct HsmsOptions {
    private var settings: [(LuaCall, inout HsmsConfiguration) -> Void]
    private let bindAddress: Parameter<String?>
    private let sessions: Parameter<LuaArgument?>

    init(_ parameters: inout ParameterList) {
        let usual = HsmsConfiguration()
        var settings: [(LuaCall, inout HsmsConfiguration) -> Void] = []
        func add<Value>(
            _ name: String, _ type: ParameterType<Value>, _ setting: WritableKeyPath<HsmsConfiguration, Value>,
            _ documentation: String
        ) {
            let parameter = parameters.optional(name, type, usual: usual[keyPath: setting], documentation)
            settings.append { call, configuration in
                if let value = call[parameter] { configuration[keyPath: setting] = value }
            }
        }
        add("T3", timer, \.timers.t3, "How long to wait for a reply to a data message.")
        add("T5", timer, \.timers.t5, "The least time between two attempts to connect.")
        add("T6", timer, \.timers.t6, "How long to wait for the answer to a control message.")
        add("T7", timer, \.timers.t7, "How long a connection may exist without a session.")
        add("T8", timer, \.timers.t8, "The longest pause within one message.")
        add("connect_timeout", timer, \.timers.connect, "How long an attempt to connect may take.")
        add(
            "linktest_interval", .duration(0...315_360_000), \.timers.linktestInterval,
            "When the peer sent nothing for so long, a Linktest.req is sent; 0: never.")
        add("select_delay", .duration, \.timers.selectDelay, "How long the active side waits before it selects.")
        add(
            "select_attempts", .integer(1...1_000), \.selectAttempts, "How often the active side sends Select.req.")
        add(
            "tolerated_linktest_failures", .integer(0...1_000_000), \.toleratedLinktestFailures,
            "How many unanswered Linktest.req in a row do not end the connection.")
        add(
            "conformance", .oneOf(HsmsConfiguration.Conformance.self), \.conformance,
            "Whether unexpected messages are rejected (E37) or end the connection (E37.1).")
        add(
            "duplicates", .oneOf(HsmsConfiguration.DuplicatePolicy.self), \.duplicatePolicy,
            "What happens when a peer connects while there is already a connection.")
        add(
            "max_message_length", .integer(10...0xFFFF_FFFF), \.maximumMessageLength,
            "The longest message that is received, in bytes.")
        self.settings = settings
        bindAddress = parameters.optional(
            "bind_ip", .string, "The local address that passive connections listen on; nil: all.")
        sessions = parameters.optional(
            "sessions", .table.annotated("integer[]"),
            "The session IDs of a connection with several sessions (E37.2); nil: a single session.")
    }

    /// The behaviour that a call asks for.
    /// - Parameter base: what is left alone by options that were left out.
    func configuration(
        _ call: LuaCall, over base: HsmsConfiguration = HsmsConfiguration()
    ) throws(LuaFault) -> HsmsConfiguration {
        var configuration = base
        for set in settings { set(call, &configuration) }
        if let address = call[bindAddress] { configuration.bindAddress = address }
        if call[sessions] != nil { configuration.sessionModel = .general(try sessionIDs(call)) }
        return configuration
    }

    private func sessionIDs(_ call: LuaCall) throws(LuaFault) -> [UInt16] {
        guard case .list(let values) = try call.value(of: sessions) else {
            throw LuaFault(.typeError, "argument 'sessions' must be a list of session IDs")
        }
        let sessions = values.compactMap { value -> UInt16? in
            if case .integer(let id) = value { UInt16(exactly: id) } else { nil }
        }
        guard sessions.count == values.count else {
            throw LuaFault(.valueError, "argument 'sessions' must hold whole numbers from 0 to 65534")
        }
        return sessions
    }
}

extension HsmsTimers {
    /// ``linktest`` as programs have it: 0 for never.
    fileprivate var linktestInterval: TimeAmount {
        get { linktest ?? .zero }
        set { linktest = newValue > .zero ? newValue : nil }
    }
}

extension ParameterList {
    /// Adds the port of a peer, or the port to listen on.
    mutating func hsmsPort(_ documentation: String) -> Parameter<Int> {
        optional("port", .integer(0...65_535), default: 5_000, documentation)
    }

    /// Adds the session ID of a connection.
    mutating func hsmsSession(_ documentation: String) -> Parameter<UInt16> {
        optional("session_id", .sessionID, default: 0, documentation)
    }
}

extension LuaCall {
    /// Begins something that ends soon, and waits for that where the task may wait.
    func finishing(_ begin: (@escaping () -> Void) -> Void) throws(LuaFault) -> LuaResult {
        guard canWait else {
            begin {}
            return .none
        }
        return try wait { (waiter) throws(LuaFault) in
            begin { waiter.resume() }
            return nil
        }
    }

    /// Returns true for something that was queued, or false and the reason.
    func returningWhether(_ send: () throws(IOFault) -> Void) -> LuaResult {
        do throws(IOFault) {
            try send()
            return returning(true)
        } catch {
            return returningFailure(error)
        }
    }

    /// Returns false and the reason.
    func returningFailure(_ fault: IOFault) -> LuaResult {
        returning(false, fault.text)
    }
}
