import Bytes
public import ControlCore

/// Streams and functions on a session: callbacks for primary messages, requests with their replies, and the answers
/// that SEMI E5 demands where a message cannot be handled.
///
/// Such a message is reported in stream 9 by equipment; a host, which never sends stream 9, aborts it with SxF0 if
/// a reply is expected.
///
/// | what | equipment | host |
/// |---|---|---|
/// | a stream without any callback | S9F3 | SxF0 |
/// | a function without callback | S9F5 | SxF0 |
/// | no SECS-II, or ``SecsIllegalData`` thrown by a callback | S9F7 | SxF0 |
/// | over ``textLimits`` | S9F11 | SxF0 |
/// | any other error thrown by a callback | SxF0 | SxF0 |
///
/// The session does the same for a foreign device ID (S9F1) and a reply that does not come (S9F9).
///
/// A handler belongs to its session's event loop.
public class SecsHandler: SecsSessionObserver {
    /// What handles a primary message. It answers through the request, at once or later.
    public typealias Callback = (SecsRequest) throws -> Void

    /// The session.
    public let session: any SecsSession
    /// What is accepted before a text counts as too large.
    public var textLimits = SecsLimits()
    /// Called with the text of a fault in the program on top: an error thrown by a callback, a reply that cannot be
    /// written. The peer has been answered then.
    public var onFault: ((String) -> Void)?
    /// Called when the peer reports an error in stream 9, with the header that it quotes. The request that it belongs
    /// to fails by itself.
    public var onErrorMessage: ((HsmsErrorMessage, HsmsHeader) -> Void)?

    private struct Key: Hashable {
        let stream: UInt8
        let function: UInt8
    }

    private var callbacks: [Key: Callback] = [:]
    /// The messages that the handler answers by itself, without the program.
    private var ownAnswers: Set<Key> = []

    /// Makes a handler and becomes the session's observer. It keeps the session; the session does not keep it.
    public init(session: any SecsSession) {
        self.session = session
        session.observer = self
    }

    /// Which party this side is.
    public var role: HsmsConfiguration.Role { session.role }

    /// The environment of the session.
    public var environment: any Environment { session.environment }

    // MARK: Callbacks

    /// Lets `callback` handle the primary message; the last one registered does.
    /// - Precondition: `function` is odd, and `stream` at most 127.
    public func register(stream: UInt8, function: UInt8, callback: @escaping Callback) {
        precondition(!function.isMultiple(of: 2), "a primary message has an odd function")
        precondition(stream < 128, "a stream has seven bits")
        callbacks[Key(stream: stream, function: function)] = callback
        ownAnswers.remove(Key(stream: stream, function: function))
    }

    /// As ``register(stream:function:callback:)``, for a message that is answered from what the handler knows, at once:
    /// it waits for nothing that the program does.
    func answer(stream: UInt8, function: UInt8, callback: @escaping Callback) {
        register(stream: stream, function: function, callback: callback)
        ownAnswers.insert(Key(stream: stream, function: function))
    }

    /// Whether the message goes to the program: a callback of its own, or something that it is told. All others are
    /// answered at once, however long the program takes.
    public func isForProgram(_ header: HsmsHeader) -> Bool {
        let key = Key(stream: header.stream, function: header.function)
        return callbacks[key] != nil && !ownAnswers.contains(key)
    }

    /// Whether the message must not wait even for a program that listens to all messages: without its answer nothing
    /// else goes on.
    public func isUrgent(_ header: HsmsHeader) -> Bool { false }

    /// Lets the message be unknown again.
    public func unregister(stream: UInt8, function: UInt8) {
        callbacks[Key(stream: stream, function: function)] = nil
    }

    // MARK: Sending

    /// Sends a primary message. Does not wait.
    /// - Parameters:
    ///   - message: stream, function, whether a reply is expected, and the item.
    ///   - completion: gets the reply, or nil when the message expects none and was sent. Called exactly once, after
    ///     this call has returned.
    public func send(_ message: SecsMessage, completion: @escaping (SecsResult<SecsMessage?>) -> Void = { _ in }) {
        if let failure = obstacle(to: message) {
            environment.execute { completion(.failure(failure)) }
            return
        }
        transmit(message, completion: completion)
    }

    /// Reports in S9F13 that the peer did not go on with a conversation. Equipment only; else nothing is sent.
    /// - Parameters:
    ///   - expected: the message that did not come, such as S2F31.
    ///   - identifier: what the conversation was about.
    public func reportConversationTimeout(expected: (stream: UInt8, function: UInt8), identifier: SecsItem) {
        guard role == .equipment else { return }
        func digits(_ number: UInt8) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let name = "S\(digits(expected.stream))F\(digits(expected.function))"
        transmit(SecsMessage(stream: 9, function: 13, item: [.ascii(name), identifier])) { _ in }
    }

    /// Why a message may not be sent now; a subclass knows more reasons.
    func obstacle(to message: SecsMessage) -> SecsFailure? { nil }

    /// Sends without asking for obstacles.
    func transmit(_ message: SecsMessage, completion: @escaping (SecsResult<SecsMessage?>) -> Void) {
        var text = ByteBuffer()
        do throws(SecsEncodingError) {
            try message.item?.encode(into: &text)
        } catch {
            environment.execute { completion(.failure(.unencodable(error))) }
            return
        }
        guard message.expectsReply else {
            let result = sent(message, text)
            environment.execute { completion(result) }
            return
        }
        let limits = textLimits
        session.sendRequest(stream: message.stream, function: message.function, text: text) { outcome in
            completion(Self.result(of: outcome, to: message, limits: limits))
        }
    }

    private func sent(_ message: SecsMessage, _ text: ByteBuffer) -> SecsResult<SecsMessage?> {
        guard session.isSelected else { return .failure(.notSelected) }
        do throws(IOFault) {
            try session.sendUnanswered(stream: message.stream, function: message.function, text: text)
            return .success(nil)
        } catch {
            return .failure(.busy)
        }
    }

    private static func result(
        of outcome: HsmsOutcome, to message: SecsMessage, limits: SecsLimits
    ) -> SecsResult<SecsMessage?> {
        switch outcome {
        case .timedOut: return .failure(.timedOut)
        case .rejected(let packet): return .failure(.rejected(HsmsRejectReason(rawValue: packet.header.function)))
        case .aborted: return .failure(.aborted)
        case .errorReported(let packet):
            return .failure(.errorMessage(HsmsErrorMessage(rawValue: packet.header.function)))
        case .notConnected: return .failure(.notConnected)
        case .notSelected: return .failure(.notSelected)
        case .busy: return .failure(.busy)
        case .closed: return .failure(.closed)
        case .reply(let packet):
            let header = packet.header
            do throws(SecsDecodingError) {
                let item = try SecsItem.decode(packet.data, limits: limits)
                let reply = SecsMessage(stream: header.stream, function: header.function, item: item)
                let isRight = header.stream == message.stream && header.function == message.function &+ 1
                return isRight ? .success(reply) : .failure(.unexpectedReply(reply))
            } catch {
                return .failure(.malformedReply(error))
            }
        }
    }

    // MARK: Answering

    func answer(_ request: SecsRequest, function: UInt8, item: SecsItem?) {
        var text = ByteBuffer()
        var function = function
        do throws(SecsEncodingError) {
            try item?.encode(into: &text)
        } catch {
            function = 0
            onFault?("the reply to \(request.message.name): \(error)")
        }
        sendReply(to: request.header, function: function, text: text)
    }

    private func sendReply(to request: HsmsHeader, function: UInt8, text: ByteBuffer = ByteBuffer()) {
        do throws(IOFault) {
            try session.sendReply(to: request, function: function, text: text)
        } catch {
            // Without a session the peer has given the transaction up, and a fault that all replies share is the
            // session's.
            guard session.isSelected else { return }
            onFault?("the reply to S\(request.stream)F\(request.function): \(error.text)")
        }
    }

    /// Reports an error in stream 9.
    private func report(_ error: HsmsErrorMessage, quoting header: HsmsHeader) {
        transmit(SecsMessage(stream: 9, function: error.rawValue, item: .binary(header.bytes))) { _ in }
    }

    /// Answers a message that cannot be handled.
    private func refuse(_ header: HsmsHeader, as error: HsmsErrorMessage) {
        switch role {
        case .equipment: report(error, quoting: header)
        case .host: if header.requireResponse { sendReply(to: header, function: 0) }
        }
    }

    // MARK: The session

    /// What a subclass wants done with a primary message before it is looked at.
    enum Admission {
        case admitted
        /// To be dropped without an answer.
        case discarded
        /// To be answered with SxF0.
        case aborted
    }

    func admission(of header: HsmsHeader) -> Admission { .admitted }

    /// For the session.
    public func sessionSelected() {}

    /// For the session.
    public func sessionDeselected() {}

    /// For the session.
    public func sessionReceived(_ packet: HsmsPacket) {
        let header = packet.header
        if header.stream == 9 {
            receivedErrorMessage(packet)
            return
        }
        switch admission(of: header) {
        case .admitted: handle(packet)
        case .discarded: break
        case .aborted: if header.requireResponse { sendReply(to: header, function: 0) }
        }
    }

    private func handle(_ packet: HsmsPacket) {
        let header = packet.header
        guard let callback = callbacks[Key(stream: header.stream, function: header.function)] else {
            let isStreamKnown = callbacks.keys.contains { $0.stream == header.stream }
            refuse(header, as: isStreamKnown ? .unrecognizedFunction : .unrecognizedStream)
            return
        }
        let item: SecsItem?
        do throws(SecsDecodingError) {
            item = try SecsItem.decode(packet.data, limits: textLimits)
        } catch {
            refuse(header, as: error.isOverLimit ? .dataTooLong : .illegalData)
            return
        }
        let request = SecsRequest(
            SecsMessage(
                stream: header.stream, function: header.function, expectsReply: header.requireResponse, item: item),
            header: header, handler: self)
        do {
            try callback(request)
        } catch is SecsIllegalData where !request.isAnswered || !request.message.expectsReply {
            refuse(header, as: .illegalData)
        } catch {
            request.abort()
            onFault?("\(request.message.name): \(error)")
        }
    }

    private func receivedErrorMessage(_ packet: HsmsPacket) {
        guard let error = HsmsErrorMessage(rawValue: packet.header.function),
            let quoted = HsmsErrorMessage.quotedHeader(of: packet)
        else { return }
        onErrorMessage?(error, quoted)
    }
}
