internal import ControlCore
internal import HSMS
internal import LuaRuntime
internal import NIOCore

/// The range of timers: 1 ms to ten years, as the core has it.
private let timer = LuaType.seconds(0.001...315_360_000)

/// How a connection behaves: the last parameters of everything that makes one, given by keyword.
let hsmsOptions: [LuaParameter] = [
    .optional("T3", timer, default: "45", "How long to wait for a reply to a data message."),
    .optional("T5", timer, default: "10", "The least time between two attempts to connect."),
    .optional("T6", timer, default: "5", "How long to wait for the answer to a control message."),
    .optional("T7", timer, default: "10", "How long a connection may exist without a session."),
    .optional("T8", timer, default: "5", "The longest pause within one message."),
    .optional("connect_timeout", timer, default: "10", "How long an attempt to connect may take."),
    .optional(
        "linktest_interval", .seconds(0...315_360_000), default: "30",
        "When the peer sent nothing for so long, a Linktest.req is sent; 0: never."),
    .optional("select_delay", .seconds, default: "0.01", "How long the active side waits before it selects."),
    .optional("select_attempts", .integer(1...1_000), default: "2", "How often the active side sends Select.req."),
    .optional(
        "tolerated_linktest_failures", .integer(0...1_000_000), default: "0",
        "How many unanswered Linktest.req in a row do not end the connection."),
    .optional(
        "temperament", .oneOf(["lenient", "strict"]), default: "'lenient'",
        "Whether unexpected messages are rejected (E37) or end the connection (E37.1)."),
    .optional(
        "duplicates", .oneOf(["refuse", "replace"]), default: "'refuse'",
        "What happens when a peer connects while there is already a connection."),
    .optional(
        "max_message_length", .integer(10...0xFFFF_FFFF), default: "16842752",
        "The longest message that is received, in bytes."),
    .optional("bind_ip", .string, "The local address that passive connections listen on; nil: all."),
    .optional(
        "sessions", .table.annotated("integer[]"),
        "The session IDs of a connection with several sessions (E37.2); nil: a single session."),
]

extension LuaCall {
    /// The behaviour that the arguments from `first` on ask for, in the order of ``hsmsOptions``.
    /// - Parameter base: what is left alone by arguments that were left out.
    func hsmsConfiguration(
        from first: Int, base: HsmsConfiguration = HsmsConfiguration()
    ) throws(LuaFault) -> HsmsConfiguration {
        var configuration = base
        let timers: [WritableKeyPath<HsmsTimers, TimeAmount>] = [\.t3, \.t5, \.t6, \.t7, \.t8, \.connect]
        for (offset, timer) in timers.enumerated() {
            if let duration = duration(first + offset) { configuration.timers[keyPath: timer] = duration }
        }
        if let interval = duration(first + 6) { configuration.timers.linktest = interval > .zero ? interval : nil }
        if let delay = duration(first + 7) { configuration.timers.selectDelay = delay }
        if let attempts = integer(first + 8) { configuration.selectAttempts = attempts }
        if let failures = integer(first + 9) { configuration.toleratedLinktestFailures = failures }
        if let word = string(first + 10) { configuration.temperament = word == "strict" ? .strict : .lenient }
        if let word = string(first + 11) { configuration.duplicatePolicy = word == "replace" ? .replace : .refuse }
        if let length = integer(first + 12) { configuration.maximumMessageLength = length }
        if let address = string(first + 13) { configuration.bindAddress = address }
        if !isNil(first + 14) { configuration.sessionModel = .general(try sessions(first + 14)) }
        return configuration
    }

    private func sessions(_ argument: Int) throws(LuaFault) -> [UInt16] {
        guard case .list(let values) = try value(argument) else {
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
        stack.push(false)
        stack.push(fault.text)
        return .values(2)
    }
}
