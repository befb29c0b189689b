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
    public var store: [SecsText: SecsItem] = [:] {
        didSet { storeBytes = nil }
    }
    /// The most programs that the store takes from the peer. 1,000 by default.
    public var maximumPrograms = 1_000
    /// The most bytes of memory that the store takes for programs of the peer. 32 MiB by default.
    public var maximumBytes = 32 << 20
    /// About the bytes of memory that the store takes.
    public var heldBytes: Int {
        if let storeBytes { return storeBytes }
        let sum = store.reduce(0) { $0 + Self.bytes(of: $1.key, $1.value) }
        storeBytes = sum
        return sum
    }
    private var storeBytes: Int?
    /// Asked when the peer announces a program of so many bytes. Without it every one is granted.
    public var onAnnounced: ((_ id: SecsText, _ length: UInt64) -> Grant)?
    /// Asked before a program of the peer enters the store. Without it every one is accepted.
    public var onReceived: ((_ id: SecsText, _ body: SecsItem) -> Acknowledge)?
    /// Asked before programs are deleted for the host. Without it they are.
    public var onDelete: ((_ ids: [SecsText]) -> Acknowledge)?

    private unowned let handler: GemHandler

    init(_ handler: GemHandler) {
        self.handler = handler
        handler.register(stream: 7, function: 1) { [unowned self] in try announced($0) }
        handler.register(stream: 7, function: 3) { [unowned self] in try received($0) }
        handler.answer(stream: 7, function: 5) { [unowned self] in try requested($0) }
        guard handler.role == .equipment else { return }
        handler.register(stream: 7, function: 17) { [unowned self] in try deletionRequested($0) }
        handler.answer(stream: 7, function: 19) { [unowned self] request in
            request.reply(.list(store.keys.sorted().map { .ascii($0) }))
        }
    }

    // MARK: Requests

    /// Asks with S7F1 whether a program of so many bytes may come. Does not wait.
    public func announce(_ id: SecsText, length: UInt64, completion: @escaping (SecsResult<Grant>) -> Void) {
        handler.request(7, 1, [.ascii(id), .unsigned(length)], completion: completion) { reply in
            reply.flatMap { try? $0.code() }.map { Grant(rawValue: $0) ?? .refused }
        }
    }

    /// Sends a program (S7F3). Does not wait.
    /// - Parameters:
    ///   - id: its identifier (PPID).
    ///   - body: the program (PPBODY), a `B` or an `A`.
    ///   - completion: gets the answer; a code beyond those of ``Acknowledge`` counts as not permitted.
    public func send(_ id: SecsText, body: SecsItem, completion: @escaping (SecsResult<Acknowledge>) -> Void) {
        handler.requestCode(7, 3, [.ascii(id), body]) { result in
            completion(result.map { Acknowledge(rawValue: $0) ?? .notPermitted })
        }
    }

    /// Asks for a program (S7F5). Does not wait.
    /// - Parameters:
    ///   - id: its identifier (PPID).
    ///   - completion: gets the body; nil when the peer has none of that identifier.
    public func request(_ id: SecsText, completion: @escaping (SecsResult<SecsItem?>) -> Void) {
        handler.request(7, 5, .ascii(id), completion: completion) { reply in
            switch reply?.items?.count {
            case 0: .some(nil)
            case 2: .some(reply?[1])
            default: nil
            }
        }
    }

    /// Lets the equipment delete programs (S7F17), or all with an empty list. Does not wait.
    public func delete(_ ids: [SecsText], completion: @escaping (SecsResult<Acknowledge>) -> Void) {
        handler.requestCode(7, 17, .list(ids.map { .ascii($0) })) { result in
            completion(result.map { Acknowledge(rawValue: $0) ?? .notPermitted })
        }
    }

    /// Asks the equipment which programs it holds (S7F19). Does not wait.
    public func list(completion: @escaping (SecsResult<[SecsText]>) -> Void) {
        handler.request(7, 19, completion: completion) { reply in
            guard let items = reply?.items else { return nil }
            let ids = items.compactMap(\.secsText)
            return ids.count == items.count ? ids : nil
        }
    }

    // MARK: Answers

    private func announced(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let id = try fields[0].requireText()
        guard let length = fields[1].unsignedInteger else { throw SecsIllegalData("a length is expected") }
        var answer = onAnnounced?(id, length) ?? .granted
        if answer == .granted, !hasRoom(for: id, bytes: Int(clamping: length)) { answer = .noSpace }
        request.reply(code: answer.rawValue)
    }

    private func received(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        let id = try fields[0].requireText()
        var answer = onReceived?(id, fields[1]) ?? .accepted
        if answer == .accepted {
            let bytes = Self.bytes(of: id, fields[1])
            if hasRoom(for: id, bytes: bytes) {
                let sum = heldBytes - (store[id].map { Self.bytes(of: id, $0) } ?? 0) + bytes
                store[id] = fields[1]
                storeBytes = sum
            } else {
                answer = .overflow
            }
        }
        request.reply(code: answer.rawValue)
    }

    private static func bytes(of id: SecsText, _ body: SecsItem) -> Int { id.count + body.heldBytes }

    /// Whether the store may take a program of the peer, in the place of the one of that identifier.
    private func hasRoom(for id: SecsText, bytes: Int) -> Bool {
        let old = store[id]
        guard old != nil || store.count < maximumPrograms else { return false }
        let others = heldBytes - (old.map { Self.bytes(of: id, $0) } ?? 0)
        return bytes <= maximumBytes && others <= maximumBytes - bytes
    }

    private func requested(_ request: SecsRequest) throws {
        guard let id = request.message.item?.secsText else { throw SecsIllegalData("a PPID is expected") }
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
