internal import ControlCore
internal import LuaRuntime
internal import NIOCore

// What `Send` and `SendAndWait` have in common wherever they appear.

/// The parameters of every `SendAndWait`.
let sendAndWaitParameters: [LuaParameter] = [
    .required("data", .string, "What to send."),
    .required("timeout", .seconds, "How long to wait for the response."),
    .optional(
        "deliLen", .integer(1...Int.max),
        "The response is complete with this number of bytes; at most limits.stringSize."),
    .optional("deliTag", .string, "The response ends with these bytes; not ''."),
    .optional(
        "deliRex", .any.annotated("string|Pattern"),
        "The response ends where this pattern's match ends: a re.compile result or a string."),
]

let sendAndWaitReturns = LuaShape.of(
    "string",
    "the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came. Raises IOError when "
        + "the response has more than limits.stringSize bytes, 16 MiB, and no delimiter; without one it is cut there")

extension LuaCall {
    /// The delimiter among arguments 3 to 5 of a `SendAndWait`.
    /// - Parameter known: those that the program has used.
    func delimiter(_ known: ResponseDelimiters) throws(LuaFault) -> ResponseDelimiter? {
        switch (isNil(3), isNil(4), isNil(5)) {
        case (true, true, true): return nil
        case (false, true, true):
            let count = integer(3) ?? 0
            guard count <= known.limit else {
                throw LuaFault(
                    .valueError,
                    "argument 'deliLen' is \(count), but a response has at most \(known.limit) bytes (limits.stringSize)"
                )
            }
            return .length(count)
        case (true, false, true):
            let tag = try withBytes(4) { (bytes) throws(LuaFault) in bytes.map { known.suffix($0) } }
            guard let tag, tag.readableBytes > 0 else {
                throw LuaFault(.valueError, "argument 'deliTag' must not be empty")
            }
            guard tag.readableBytes <= known.limit else {
                throw LuaFault(
                    .valueError,
                    "argument 'deliTag' has \(tag.readableBytes) bytes, but a response has at most \(known.limit) "
                        + "(limits.stringSize)")
            }
            return .suffix(tag)
        case (true, true, false): return .pattern(try pattern(5, known.patterns))
        default: throw LuaFault(.typeError, "SendAndWait takes one delimiter: deliLen, deliTag or deliRex")
        }
    }

    /// A compiled pattern, or a string that is compiled unless it was lately.
    private func pattern(
        _ argument: Int, _ patterns: RegularExpressionCache
    ) throws(LuaFault) -> any ResponsePattern {
        if let pattern = instance(argument)?.object as? any ResponsePattern { return pattern }
        guard let text = bytes(argument) else {
            throw LuaFault(
                .typeError,
                "argument 'deliRex' must be a pattern of re.compile or a string, got a \(typeName(argument))")
        }
        do throws(RegularExpressionError) {
            return try patterns.expression(text, flags: [])
        } catch {
            throw LuaFault(error, pattern: text)
        }
    }

    /// Suspends the task over a `sendAndWait` and returns the response.
    /// - Parameter known: the delimiters that the program has used.
    func sendAndWait(
        _ known: ResponseDelimiters,
        _ begin: (ByteBuffer, TimeAmount, ResponseDelimiter?, @escaping (SendAndWaitOutcome) -> Void) -> any Cancellable
    ) throws(LuaFault) -> LuaResult {
        let data = try buffer(1)
        let timeout = duration(2) ?? .zero
        let delimiter = try delimiter(known)
        return try wait { (waiter) throws(LuaFault) in
            let pending = begin(data, timeout, delimiter) { outcome in
                switch outcome {
                case .failed(let error as IOFault): waiter.resume(throwing: LuaFault(error))
                case .failed(let error): waiter.resume(throwing: LuaFault(.runtimeError, "deliRex: \(error)"))
                case .response(let bytes): waiter.resume(returning: bytes)
                case .cut(let bytes):
                    known.onCut()
                    waiter.resume(returning: bytes)
                case .unmet(.tooLong):
                    waiter.resume(
                        throwing: LuaFault(
                            .ioError,
                            "SendAndWait: more than \(known.limit) bytes came (limits.stringSize) and the delimiter did not; "
                                + "they go to ReceiveData"))
                case .unmet: waiter.resume(returning: "")
                }
            }
            return { pending.cancel() }
        }
    }
}

extension LuaClass where Object: DeviceInterface {
    /// Declares `Send`, `SendAndWait`, `StartKeepAlive` and `StopKeepAlive`.
    /// - Parameters:
    ///   - sending: the sentences of `Send`.
    ///   - up: how the state is called in which a keep-alive sends.
    mutating func declareTraffic(_ context: BindingContext, sending: String, up: String) {
        method("Send", [.required("data", .string, "What to send.")], waits: true, sending) {
            (device, call) throws(LuaFault) in
            let data = try call.buffer(1)
            return try call.send(over: device) { () throws(IOFault) in try device.send(data) }
        }
        let delimiters = context.delimiters
        method(
            "SendAndWait", sendAndWaitParameters, returns: sendAndWaitReturns, waits: true,
            "Sends data and waits for the response."
        ) { (device, call) throws(LuaFault) in
            try call.sendAndWait(delimiters) { device.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3) }
        }
        method(
            "StartKeepAlive",
            [
                .required("interval", .seconds(0.01...1e9), "The time between two transmissions."),
                .required("data", .string, "What to send."),
            ], "Sends data every interval while \(up), until StopKeepAlive. The first time is after one interval."
        ) { (device, call) throws(LuaFault) in
            let data = try call.buffer(2)
            try call.checked { () throws(ParameterError) in
                try device.startKeepAlive(interval: call.duration(1) ?? .seconds(1), data: data)
            }
            return .none
        }
        method("StopKeepAlive", "Ends StartKeepAlive.") { (device, _) throws(LuaFault) in
            device.stopKeepAlive()
            return .none
        }
    }
}
