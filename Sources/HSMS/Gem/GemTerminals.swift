/// Terminal services (S10): lines of text between the host and the operators of equipment.
///
/// It belongs to its handler.
public final class GemTerminals {
    /// A text for or from a terminal.
    public struct Text: Hashable, Sendable {
        /// The terminal, 0 for the main one.
        public let terminal: UInt8
        /// The lines; a message of a single block has one.
        public let lines: [SecsText]
    }

    /// What becomes of a text: ACKC10.
    public enum Acknowledge: UInt8, Sendable {
        /// It will be displayed.
        case accepted = 0
        /// It will not be displayed.
        case notDisplayed = 1
        /// There is no such terminal.
        case unavailable = 2
    }

    /// Called when a text has come; what it returns is the answer. Without it texts are not displayed.
    public var onText: ((Text) -> Acknowledge)?
    /// Called on equipment for a text to all its terminals (S10F9). Without it they go to ``onText`` as for terminal 0.
    public var onBroadcast: ((SecsText) -> Acknowledge)?
    private unowned let handler: GemHandler

    init(_ handler: GemHandler) {
        self.handler = handler
        let role = handler.role
        handler.register(stream: 10, function: role == .host ? 1 : 3) { [unowned self] in try received($0) }
        guard role == .equipment else { return }
        handler.register(stream: 10, function: 5) { [unowned self] in try receivedLines($0) }
        handler.register(stream: 10, function: 9) { [unowned self] in try receivedBroadcast($0) }
    }

    /// Sends a line to the other party: S10F1 from equipment, S10F3 from a host. Does not wait.
    /// - Parameters:
    ///   - line: the text.
    ///   - terminal: which terminal of the equipment (TID), 0…255; 0 is the main one.
    ///   - completion: gets the answer; a code beyond those of ``Acknowledge`` counts as not displayed.
    public func send(
        _ line: SecsText, terminal: UInt8 = 0, completion: @escaping (SecsResult<Acknowledge>) -> Void = { _ in }
    ) {
        request(handler.role == .host ? 3 : 1, [.binary(terminal), .ascii(line)], completion)
    }

    /// Sends several lines from a host to equipment (S10F5). Does not wait.
    /// - Precondition: the handler is a host's.
    public func send(
        lines: [SecsText], terminal: UInt8 = 0, completion: @escaping (SecsResult<Acknowledge>) -> Void = { _ in }
    ) {
        precondition(handler.role == .host, "only a host sends S10F5")
        request(5, [.binary(terminal), .list(lines.map { .ascii($0) })], completion)
    }

    /// Sends a line from a host to all terminals of equipment (S10F9). Does not wait.
    /// - Precondition: the handler is a host's.
    public func broadcast(_ line: SecsText, completion: @escaping (SecsResult<Acknowledge>) -> Void = { _ in }) {
        precondition(handler.role == .host, "only a host sends S10F9")
        request(9, .ascii(line), completion)
    }

    private func request(
        _ function: UInt8, _ item: SecsItem, _ completion: @escaping (SecsResult<Acknowledge>) -> Void
    ) {
        handler.requestCode(10, function, item) { result in
            completion(result.map { Acknowledge(rawValue: $0) ?? .notDisplayed })
        }
    }

    private func received(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        answer(request, Text(terminal: try fields[0].code(), lines: [try fields[1].requireText()]))
    }

    private func receivedLines(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let lines = try fields[1].list().map { try $0.requireText() }
        answer(request, Text(terminal: try fields[0].code(), lines: lines))
    }

    private func receivedBroadcast(_ request: SecsRequest) throws {
        guard let line = request.message.item?.secsText else { throw SecsIllegalData("a text is expected") }
        guard let onBroadcast else {
            answer(request, Text(terminal: 0, lines: [line]))
            return
        }
        request.reply(code: onBroadcast(line).rawValue)
    }

    private func answer(_ request: SecsRequest, _ text: Text) {
        request.reply(code: (onText?(text) ?? .notDisplayed).rawValue)
    }
}
