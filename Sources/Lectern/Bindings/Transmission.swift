import Bytes
internal import ControlCore
internal import LuaRuntime
import Polling

// What `Send` and `SendAndWait` have in common wherever they appear.

let sendAndWaitReturns = LuaShape.of(
    "string",
    "the response up to the delimiter, '' when the delimiter was not met; without delimiter all that came. Raises IOError when "
        + "the response has more than limits.stringSize bytes, 16 MiB, and no delimiter; without one it is cut there")

/// The parameters of every `SendAndWait`.
struct SendAndWaitParameters {
    /// How a device sends data, waits so long at most, and for what.
    typealias Begin<Device> = (
        Device, ByteBuffer, TimeAmount, ResponseDelimiter?, @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable

    private let data: Parameter<ByteBuffer>
    private let timeout: Parameter<TimeAmount>
    private let length: Parameter<Int?>
    private let tag: Parameter<[UInt8]?>
    private let pattern: Parameter<LuaArgument?>

    init(_ parameters: inout ParameterList) {
        data = parameters.required("data", .data, "What to send.")
        timeout = parameters.required("timeout", .duration, "How long to wait for the response.")
        length = parameters.optional(
            "deliLen", .integer(1...Int.max),
            "The response is complete with this number of bytes; at most limits.stringSize.")
        tag = parameters.optional("deliTag", .bytes, "The response ends with these bytes; not ''.")
        pattern = parameters.optional(
            "deliRex", .any.annotated("string|Pattern"),
            "The response ends where this pattern's match ends: a re.compile result or a string.")
    }

    /// Sends, suspends the task until the response is there, and returns it.
    /// - Parameter known: the delimiters that the program has used.
    func wait<Device>(
        for device: Device, in call: LuaCall, _ known: ResponseDelimiters, _ begin: Begin<Device>
    ) throws(LuaFault) -> LuaResult {
        let data = call[data]
        let timeout = call[timeout]
        let delimiter = try delimiter(of: call, known)
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = begin(device, data, timeout, delimiter) { outcome in
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

    /// - Parameter known: those that the program has used.
    private func delimiter(of call: LuaCall, _ known: ResponseDelimiters) throws(LuaFault) -> ResponseDelimiter? {
        // The bytes are not copied: they are nearly always those of the call before.
        let tag = call.argument(for: tag)
        switch (call[length], tag.isNil, call[pattern]) {
        case (nil, true, nil): return nil
        case (let count?, true, nil):
            guard count <= known.limit else {
                throw LuaFault(
                    .valueError,
                    "argument 'deliLen' is \(count), but a response has at most \(known.limit) bytes (limits.stringSize)"
                )
            }
            return .length(count)
        case (nil, false, nil):
            let tag = tag.withBytes { bytes in bytes.map { known.suffix($0) } }
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
        case (nil, true, let pattern?): return .pattern(try compiled(pattern, known.patterns))
        default: throw LuaFault(.typeError, "SendAndWait takes one delimiter: deliLen, deliTag or deliRex")
        }
    }

    /// A compiled pattern, or a string that is compiled unless it was lately.
    private func compiled(
        _ pattern: LuaArgument, _ patterns: RegularExpressionCache
    ) throws(LuaFault) -> any ResponsePattern {
        if let pattern = pattern.instance?.object as? any ResponsePattern { return pattern }
        guard let text = pattern.bytes else {
            throw LuaFault(
                .typeError,
                "argument 'deliRex' must be a pattern of re.compile or a string, got a \(pattern.typeName)")
        }
        do throws(RegularExpressionError) {
            return try patterns.expression(text, flags: [])
        } catch {
            throw LuaFault(error, pattern: text)
        }
    }
}

extension LuaClass where Object: DeviceInterface {
    /// Declares `Send`, `SendAndWait`, `StartKeepAlive` and `StopKeepAlive`.
    /// - Parameters:
    ///   - documentation: the sentences of `Send`.
    ///   - up: how the state is called in which a keep-alive sends.
    mutating func declareTraffic(_ context: BindingContext, sending documentation: String, up: String) {
        var sending = ParameterList()
        let data = sending.required("data", .data, "What to send.")
        method("Send", sending, waits: true, documentation) { (device, call) throws(LuaFault) in
            let data = call[data]
            return try call.send(over: device) { () throws(IOFault) in try device.send(data) }
        }
        var asking = ParameterList()
        let question = SendAndWaitParameters(&asking)
        let delimiters = context.delimiters
        method(
            "SendAndWait", asking, returns: sendAndWaitReturns, waits: true, "Sends data and waits for the response."
        ) { (device, call) throws(LuaFault) in
            try question.wait(for: device, in: call, delimiters) {
                $0.sendAndWait($1, timeout: $2, delimiter: $3, completion: $4)
            }
        }
        var keepingAlive = ParameterList()
        let interval = keepingAlive.required(
            "interval", .duration(0.01...1e9), "The time between two transmissions.")
        let repeatedData = keepingAlive.required("data", .data, "What to send.")
        method(
            "StartKeepAlive", keepingAlive,
            "Sends data every interval while \(up), until StopKeepAlive. The first time is after one interval."
        ) { (device, call) throws(LuaFault) in
            try call.checked { () throws(ParameterError) in
                try device.startKeepAlive(interval: call[interval], data: call[repeatedData])
            }
            return .none
        }
        method("StopKeepAlive", "Ends StartKeepAlive.") { (device, _) throws(LuaFault) in
            device.stopKeepAlive()
            return .none
        }
    }
}
