/// Unformatted process programs, or recipes (S7): a store on either side, and the messages that fill, read, list and
/// empty it.
///
/// It belongs to its handler.
public final class GemProcessPrograms {
    /// The answer to a program that is announced: PPGNT.
    public enum Grant: UInt8, Sendable {
        /// It may come.
        case granted = 0
        /// It is here already.
        case alreadyHere = 1
        /// There is no space for it.
        case noSpace = 2
        /// Its identifier is not valid.
        case invalidIdentifier = 3
        /// Not now: try later.
        case busy = 4
        /// It is not wanted.
        case refused = 5
    }

    /// The answer to a program that has come, or is to be deleted: ACKC7.
    public enum Acknowledge: UInt8, Sendable {
        /// Done.
        case accepted = 0
        /// It is not allowed.
        case notPermitted = 1
        /// Its length is not as announced.
        case lengthError = 2
        /// There is no space for it.
        case overflow = 3
        /// There is none of that identifier.
        case notFound = 4
        /// The form of the program is not supported.
        case unsupported = 5
    }

    /// The programs that this side holds: a body (`B` or `A`) for each identifier (PPID).
    public var store: [String: SecsItem] = [:]
    /// Asked when the peer announces a program of so many bytes. Without it every one is granted.
    public var onAnnounced: ((_ id: String, _ length: UInt64) -> Grant)?
    /// Asked before a program of the peer enters the store. Without it every one is accepted.
    public var onReceived: ((_ id: String, _ body: SecsItem) -> Acknowledge)?
    /// Asked before programs are deleted for the host. Without it they are.
    public var onDelete: ((_ ids: [String]) -> Acknowledge)?

    private unowned let handler: GemHandler

    init(_ handler: GemHandler) {
        self.handler = handler
        handler.register(stream: 7, function: 1) { [unowned self] in try announced($0) }
        handler.register(stream: 7, function: 3) { [unowned self] in try received($0) }
        handler.register(stream: 7, function: 5) { [unowned self] in try requested($0) }
        guard handler.role == .equipment else { return }
        handler.register(stream: 7, function: 17) { [unowned self] in try deletionRequested($0) }
        handler.register(stream: 7, function: 19) { [unowned self] request in
            request.reply(.list(store.keys.sorted().map { .ascii($0) }))
        }
    }

    // MARK: Requests

    /// Asks with S7F1 whether a program of so many bytes may come. Does not wait.
    public func announce(_ id: String, length: UInt64, completion: @escaping (SecsResult<Grant>) -> Void) {
        handler.request(7, 1, [.ascii(id), .unsigned(length)], completion: completion) { reply in
            reply.flatMap { try? $0.code() }.map { Grant(rawValue: $0) ?? .refused }
        }
    }

    /// Sends a program (S7F3). Does not wait.
    /// - Parameter completion: gets the answer; a code beyond those of ``Acknowledge`` counts as not permitted.
    public func send(_ id: String, body: SecsItem, completion: @escaping (SecsResult<Acknowledge>) -> Void) {
        handler.requestCode(7, 3, [.ascii(id), body]) { result in
            completion(result.map { Acknowledge(rawValue: $0) ?? .notPermitted })
        }
    }

    /// Asks for a program (S7F5). Does not wait.
    /// - Parameter completion: gets the body; nil when the peer has none of that identifier.
    public func request(_ id: String, completion: @escaping (SecsResult<SecsItem?>) -> Void) {
        handler.request(7, 5, .ascii(id), completion: completion) { reply in
            switch reply?.items?.count {
            case 0: .some(nil)
            case 2: .some(reply?[1])
            default: nil
            }
        }
    }

    /// Lets the equipment delete programs (S7F17), or all with an empty list. Does not wait.
    public func delete(_ ids: [String], completion: @escaping (SecsResult<Acknowledge>) -> Void) {
        handler.requestCode(7, 17, .list(ids.map { .ascii($0) })) { result in
            completion(result.map { Acknowledge(rawValue: $0) ?? .notPermitted })
        }
    }

    /// Asks the equipment which programs it holds (S7F19). Does not wait.
    public func list(completion: @escaping (SecsResult<[String]>) -> Void) {
        handler.request(7, 19, completion: completion) { reply in
            guard let items = reply?.items else { return nil }
            let ids = items.compactMap(\.text)
            return ids.count == items.count ? ids : nil
        }
    }

    // MARK: Answers

    private func announced(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let id = try fields[0].requireText()
        guard let length = fields[1].unsignedInteger else { throw SecsIllegalData("a length is expected") }
        request.reply(code: (onAnnounced?(id, length) ?? .granted).rawValue)
    }

    private func received(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let id = try fields[0].requireText()
        let answer = onReceived?(id, fields[1]) ?? .accepted
        if answer == .accepted { store[id] = fields[1] }
        request.reply(code: answer.rawValue)
    }

    private func requested(_ request: SecsRequest) throws {
        guard let id = request.message.item?.text else { throw SecsIllegalData("a PPID is expected") }
        request.reply(store[id].map { [.ascii(id), $0] } ?? [])
    }

    private func deletionRequested(_ request: SecsRequest) throws {
        let asked = try request.message.item.list().map { try $0.requireText() }
        let ids = asked.isEmpty ? store.keys.sorted() : asked
        guard ids.allSatisfy({ store[$0] != nil }) else {
            request.reply(code: Acknowledge.notFound.rawValue)
            return
        }
        let answer = onDelete?(ids) ?? .accepted
        if answer == .accepted { for id in ids { store[id] = nil } }
        request.reply(code: answer.rawValue)
    }
}
