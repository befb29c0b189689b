/// The messages that wait for the host, and how they leave: the spooling state model of SEMI E30 as a plain value.
struct GemSpoolStore {
    enum Unloading: Equatable {
        case none
        /// So many more messages are to go, one after another; nil for all.
        case transmitting(left: Int?)
    }

    /// The streams that are spooled, with their functions; no functions are all of the stream.
    var streams: [UInt8: Set<UInt8>] = [:]
    /// The most messages that wait.
    var capacity = 1_000
    /// The most bytes of memory that they take. A message is kept when it is the only one, however long it is.
    var byteCapacity = Self.mostBytes
    /// 16 MiB.
    static let mostBytes = 16 << 20
    /// Whether the oldest message makes room for a new one, rather than that the new one is dropped.
    var overwrites = true
    private(set) var isActive = false
    private(set) var unloading = Unloading.none
    private(set) var messages: [SecsMessage] = []
    /// About the bytes of memory that they take.
    private(set) var bytes = 0
    /// How many messages were spooled or dropped since spooling became active.
    private(set) var total = 0
    private(set) var isFull = false

    /// Whether messages of that stream and function are spooled.
    func spools(_ message: SecsMessage) -> Bool {
        guard let functions = streams[message.stream] else { return false }
        return functions.isEmpty || functions.contains(message.function)
    }

    /// Communication is lost.
    mutating func communicationLost() {
        unloading = .none
        guard !isActive, !streams.isEmpty else { return }
        isActive = true
        total = 0
        isFull = false
    }

    /// Takes a message that cannot be sent, or that must wait behind those that could not.
    /// - Returns: false when the message is not one that is spooled.
    mutating func load(_ message: SecsMessage) -> Bool {
        guard isActive, spools(message) else { return false }
        total += 1
        while isFull(for: message) {
            isFull = true
            // The first of them is being sent while a transmission goes on; it leaves by its reply.
            let oldest = unloading == .none || messages.count == 1 ? 0 : 1
            guard overwrites, messages.indices.contains(oldest) else { return true }
            bytes -= messages.remove(at: oldest).heldBytes
        }
        messages.append(message)
        bytes += message.heldBytes
        return true
    }

    private func isFull(for message: SecsMessage) -> Bool {
        if messages.count >= capacity { return true }
        // The one that is being sent stays.
        let kept = unloading == .none ? 0 : 1
        return messages.count > kept && bytes + message.heldBytes > byteCapacity
    }

    /// The host wants the messages, so many at the most (nil: all).
    mutating func transmit(atMost limit: Int?) {
        guard isActive, unloading == .none else { return }
        unloading = .transmitting(left: limit)
    }

    /// The message to send now; nil when there is none to send.
    var next: SecsMessage? {
        guard case .transmitting(let left) = unloading, left != 0 else { return nil }
        return messages.first
    }

    /// The host has taken ``next``.
    /// - Returns: whether spooling has ended with it: nothing waits any more.
    mutating func acknowledged() -> Bool {
        guard case .transmitting(let left) = unloading, !messages.isEmpty else { return false }
        bytes -= messages.removeFirst().heldBytes
        let rest = left.map { $0 - 1 }
        unloading = rest == 0 || messages.isEmpty ? .none : .transmitting(left: rest)
        return endIfEmpty()
    }

    /// The host has not taken ``next``; it stays the first.
    mutating func transmissionFailed() {
        unloading = .none
    }

    /// Drops all messages.
    mutating func purge() {
        messages = []
        bytes = 0
        unloading = .none
        _ = endIfEmpty()
    }

    private mutating func endIfEmpty() -> Bool {
        guard messages.isEmpty else { return false }
        isActive = false
        isFull = false
        return true
    }
}
