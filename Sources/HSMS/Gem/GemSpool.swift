/// Spooling on equipment: messages that cannot be sent for want of communication wait until the host asks for them.
/// S2F43 says which streams are spooled, S6F23 fetches or drops what waits.
///
/// While something waits, new messages of those streams wait behind it, so that the host gets them in order. It belongs
/// to its handler.
public final class GemSpool {
    /// Whether the equipment spools at all: the equipment constant ConfigSpool. It does not by default.
    public var isEnabled = false
    /// The most messages that the host gets for one S6F23 (MaxSpoolTransmit); nil for all.
    public var maximumTransmit: Int?
    /// Called when spooling begins (true) and when nothing waits any more (false).
    public var onActiveChanged: ((Bool) -> Void)?
    /// Called when the host did not take a message that it had asked for; it stays in the spool.
    public var onTransmitFailed: ((SecsFailure) -> Void)?

    private var store = GemSpoolStore()
    private unowned let handler: GemEquipmentHandler

    init(_ handler: GemEquipmentHandler) {
        self.handler = handler
        handler.answer(stream: 2, function: 43) { [unowned self] in try streamsReceived($0) }
        handler.answer(stream: 6, function: 23) { [unowned self] in try dataRequested($0) }
    }

    /// The most messages that wait. 1,000 by default.
    public var capacity: Int {
        get { store.capacity }
        set { store.capacity = max(newValue, 0) }
    }

    /// The most bytes of memory that they take. 16 MiB by default.
    public var byteCapacity: Int {
        get { store.byteCapacity }
        set { store.byteCapacity = max(newValue, 0) }
    }

    /// About the bytes of memory that the messages take that wait.
    public var heldBytes: Int { store.bytes }

    /// Whether the oldest message makes room when the spool is full, as it does by default; else the new one is
    /// dropped.
    public var overwrites: Bool {
        get { store.overwrites }
        set { store.overwrites = newValue }
    }

    /// Whether spooling goes on: since communication was lost, until nothing waits any more.
    public var isActive: Bool { store.isActive }
    /// Whether messages have been lost because the spool was full.
    public var isFull: Bool { store.isFull }
    /// How many messages wait (SpoolCountActual).
    public var count: Int { store.messages.count }
    /// How many messages were to be spooled since spooling began (SpoolCountTotal).
    public var total: Int { store.total }
    /// The streams that are spooled, with their functions; no functions are all of the stream.
    public var streams: [UInt8: Set<UInt8>] { store.streams }

    func communicationLost() {
        guard isEnabled else { return }
        change { $0.communicationLost() }
    }

    /// A message was sent, and the session has ended before its reply came.
    /// - Returns: whether it waits in the spool now.
    func takeBack(_ message: SecsMessage) -> Bool {
        guard isEnabled, store.spools(message) else { return false }
        // This is told before the end of communication is, and is the first that is known of it.
        communicationLost()
        return store.load(message)
    }

    /// - Returns: whether the message waits in the spool now.
    func load(_ message: SecsMessage) -> Bool { store.load(message) }

    private func change(_ body: (inout GemSpoolStore) -> Void) {
        let wasActive = store.isActive
        body(&store)
        if store.isActive != wasActive { onActiveChanged?(store.isActive) }
    }

    // MARK: Messages

    /// RSPACK 0 done, 1 some are wrong; then STRACK for each stream: 1 not allowed, 3 unknown function, 4 a secondary
    /// one.
    private func streamsReceived(_ request: SecsRequest) throws {
        var streams: [UInt8: Set<UInt8>] = [:]
        var faults: [SecsItem] = []
        for entry in try request.message.item.list() {
            let fields = try entry.list(2)
            let stream = try fields[0].code()
            let functions =
                try fields[1].unsignedIntegers?.map { UInt8(clamping: $0) } ?? fields[1].list().map { try $0.code() }
            let secondary = functions.filter { $0.isMultiple(of: 2) }
            if stream == 1 || stream == 9 || stream > 127 {
                faults.append([.u1(stream), .binary(1), .list(functions.map { .u1($0) })])
            } else if !secondary.isEmpty {
                faults.append([.u1(stream), .binary(4), .list(secondary.map { .u1($0) })])
            } else {
                streams[stream] = Set(functions)
            }
        }
        if faults.isEmpty { store.streams = streams }
        request.reply([.binary(faults.isEmpty ? 0 : 1), .list(faults)])
    }

    /// RSDA: 0 done, 1 not now, 2 nothing waits.
    private func dataRequested(_ request: SecsRequest) throws {
        guard let code = request.message.item?.unsignedInteger, code <= 1 else {
            throw SecsIllegalData("RSDC is 0 or 1")
        }
        guard store.isActive else {
            request.reply(code: 2)
            return
        }
        guard store.unloading == .none else {
            request.reply(code: 1)
            return
        }
        request.reply(code: 0)
        if code == 1 || store.messages.isEmpty {
            change { $0.purge() }
        } else {
            store.transmit(atMost: maximumTransmit)
            sendNext()
        }
    }

    private func sendNext() {
        guard let message = store.next else { return }
        handler.transmit(message) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success:
                change { _ = $0.acknowledged() }
                sendNext()
            case .failure(let failure):
                store.transmissionFailed()
                onTransmitFailed?(failure)
            }
        }
    }
}
