import Bytes
internal import ControlCore
internal import DequeModule
internal import HttpClient

/// A response that a program reads as it comes. What is unread is bounded: the server is held back meanwhile.
final class ReceivedStream {
    /// More unread bytes than these hold the server back; fewer than half of them let it go on.
    private static let unreadLimit = 128 << 10
    /// So many bytes are taken apart at a time: a piece may be nothing but ends of lines.
    private static let sliceBytes = 1 << 10

    /// How it is read: the first call that reads says it.
    enum Mode: String { case bytes = "read", lines, events }

    /// What a reader gets.
    enum Item {
        case bytes(ByteBuffer)
        case event(ServerSentEvent)
    }

    /// What a call that reads comes to.
    enum Outcome {
        case item(Item)
        /// Nothing more follows.
        case end
        /// It has broken.
        case failure(HttpFailure)
    }

    let head: HttpResponseHead
    let url: String
    private let environment: any Environment
    /// Kept, as it is closed when it goes.
    private let session: ProgramHttpSession
    private var exchange: HttpExchange?
    private var pieces = Deque<ByteBuffer>()
    private var unread = 0
    private var items = Deque<Item>()
    private var lines = HttpLineSplitter()
    private var events = ServerSentEventReader()
    private var hasFinishedLines = false
    private var ending: Result<Void, HttpFailure>?
    private var reader: ((Outcome) -> Void)?
    private var largest = Int.max
    /// Counts anew what it holds, once Lua has it.
    var recount: () -> Void = {}

    /// How it is read; `nil` before the first call that does.
    private(set) var mode: Mode?
    /// Why it broke, once the reader has been told.
    private(set) var failure: HttpFailure?

    init(
        _ head: HttpResponseHead, _ exchange: HttpExchange, of session: ProgramHttpSession,
        in environment: any Environment
    ) {
        self.head = head
        self.exchange = exchange
        self.session = session
        self.environment = environment
        url = exchange.url.text
    }

    deinit {
        // Perhaps in the middle of a collection, where nothing of the program may run.
        guard let exchange else { return }
        environment.execute { exchange.cancel() }
    }

    /// How many bytes of memory it keeps.
    var heldBytes: Int {
        unread + lines.heldBytes + events.heldBytes + items.count * 64 + url.utf8.count
            + (items.isEmpty ? 0 : Self.sliceBytes)
    }

    /// Whether a call waits for what comes.
    var isBeingRead: Bool { reader != nil }

    // MARK: From the exchange

    func take(_ piece: ByteBuffer) {
        guard ending == nil else { return }
        pieces.append(piece)
        unread += piece.readableBytes
        if unread > Self.unreadLimit { exchange?.pause() }
        serve()
        recount()
    }

    func finish(_ result: Result<HttpResponse, HttpFailure>) {
        guard ending == nil else { return }
        ending = result.map { _ in }
        exchange = nil
        serve()
        recount()
    }

    // MARK: For the program

    /// Settles how it is read.
    /// - Returns: the other way that it is read already; `nil` when all is well.
    func begin(_ mode: Mode) -> Mode? {
        if let other = self.mode, other != mode { return other }
        self.mode = mode
        return nil
    }

    /// Gives what comes next, at once or when it has come.
    /// - Parameters:
    ///   - largest: the most bytes, when it is read by bytes; at least 1.
    ///   - completion: called once, unless ``stopReading()`` came before.
    func next(_ largest: Int = .max, completion: @escaping (Outcome) -> Void) {
        self.largest = largest
        reader = completion
        serve()
    }

    /// Nobody waits any more.
    func stopReading() { reader = nil }

    private func serve() {
        guard let reader, let outcome = outcome() else { return }
        self.reader = nil
        if case .failure(let failure) = outcome { self.failure = failure }
        reader(outcome)
    }

    /// What a reader gets now; `nil` when it has to wait.
    private func outcome() -> Outcome? {
        while true {
            if let item = items.popFirst() { return .item(item) }
            if let slice = takeSlice() {
                do throws(HttpFailure) {
                    try takeApart(slice)
                } catch {
                    drop(.failure(error))
                }
            } else if mode == .lines, ending != nil, !hasFinishedLines {
                hasFinishedLines = true
                if let line = lines.finish() { items.append(.bytes(line)) }
            } else {
                switch ending {
                case nil: return nil
                case .success: return .end
                case .failure(let failure): return .failure(failure)
                }
            }
        }
    }

    private func takeApart(_ slice: ByteBuffer) throws(HttpFailure) {
        switch mode {
        case .lines: for line in try lines.feed(slice) { items.append(.bytes(line)) }
        case .events: for event in try events.feed(slice) { items.append(.event(event)) }
        case .bytes, nil: items.append(.bytes(slice))
        }
    }

    private func takeSlice() -> ByteBuffer? {
        guard let first = pieces.first else { return nil }
        let count = min(first.readableBytes, mode == .bytes ? largest : Self.sliceBytes)
        let slice = pieces[0].readSlice(length: count)
        if pieces[0].readableBytes == 0 { pieces.removeFirst() }
        unread -= count
        if unread < Self.unreadLimit / 2 { exchange?.resume() }
        return slice
    }

    private func drop(_ ending: Result<Void, HttpFailure>) {
        self.ending = ending
        pieces = []
        items = []
        unread = 0
        lines = HttpLineSplitter()
        events = ServerSentEventReader()
        hasFinishedLines = true
        exchange?.cancel()
        exchange = nil
    }
}

extension ReceivedStream: ClosableResource {
    static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// Ends it: a call that waits for what comes, and each later one, finds its end.
    func close() {
        drop(.success(()))
        serve()
    }
}
