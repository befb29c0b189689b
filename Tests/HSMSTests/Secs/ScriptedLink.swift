import Bytes
import ControlCore
import HSMS
import Polling

/// A session whose other end is the test: it notes what is sent in SML, and lets the test answer.
final class ScriptedSession: SecsSession {
    let world = SimulatedWorld(seed: 1)
    let environment: any Environment
    let role: HsmsConfiguration.Role
    private(set) var isSelected = false
    weak var observer: (any SecsSessionObserver)?
    /// Requests that await a reply, in order.
    private var requests: [(HsmsOutcome) -> Void] = []
    private var lines: [String] = []
    /// The last reply as it would stand on the wire.
    private(set) var lastReply: HsmsPacket?

    init(_ role: HsmsConfiguration.Role, isSelected: Bool = true) {
        self.role = role
        self.isSelected = isSelected
        environment = world.environment(named: "here", address: "10.0.0.1")
    }

    func sendRequest(
        stream: UInt8, function: UInt8, text: ByteBuffer, completion: @escaping (HsmsOutcome) -> Void
    ) {
        note(stream, function, expectsReply: true, text)
        requests.append(completion)
    }

    func sendUnanswered(stream: UInt8, function: UInt8, text: ByteBuffer) throws(IOFault) {
        note(stream, function, expectsReply: false, text)
    }

    func sendReply(to primary: HsmsHeader, function: UInt8, text: ByteBuffer) throws(IOFault) {
        let header = HsmsHeader.data(
            session: primary.sessionID, stream: primary.stream, function: function, requireResponse: false,
            system: primary.system)
        lastReply = HsmsPacket(header, data: text)
        note(primary.stream, function, expectsReply: false, text)
    }

    func renewSession() { lines.append("renew") }

    private func note(_ stream: UInt8, _ function: UInt8, expectsReply: Bool, _ text: ByteBuffer) {
        let name = "S\(stream)F\(function)" + (expectsReply ? " W" : "")
        let item = try? SecsItem.decode(text)
        // On one line, so that a test can tell what it expects.
        let words = item.map { $0.description.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        lines.append(words.map { "\(name) \($0)" } ?? name)
    }

    // MARK: The script

    /// What was sent since the last call.
    func takeSent() -> [String] {
        world.run(for: .zero)
        defer { lines = [] }
        return lines
    }

    func select() {
        isSelected = true
        observer?.sessionSelected()
    }

    func deselect() {
        isSelected = false
        let open = requests
        requests = []
        for request in open { request(.closed) }
        observer?.sessionDeselected()
    }

    /// Lets a primary message come in.
    func receive(
        _ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil, expectsReply: Bool = true, system: UInt32 = 1
    ) throws {
        receive(stream, function, text: try item?.encoded() ?? ByteBuffer(), expectsReply: expectsReply, system: system)
    }

    func receive(
        _ stream: UInt8, _ function: UInt8, text: ByteBuffer, expectsReply: Bool = true, system: UInt32 = 1
    ) {
        let header = HsmsHeader.data(
            session: 0, stream: stream, function: function, requireResponse: expectsReply, system: system)
        observer?.sessionReceived(HsmsPacket(header, data: text))
    }

    /// Answers the oldest request.
    func answer(_ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil) throws {
        answer(stream, function, text: try item?.encoded() ?? ByteBuffer())
    }

    func answer(_ stream: UInt8, _ function: UInt8, text: ByteBuffer) {
        let header = HsmsHeader.data(
            session: 0, stream: stream, function: function, requireResponse: false, system: 1)
        end(.reply(HsmsPacket(header, data: text)))
    }

    /// Ends the oldest request.
    func end(_ outcome: HsmsOutcome) {
        requests.removeFirst()(outcome)
    }
}
