/// What a module handler goes by: the module's word, and, as long as the module does not contradict, whether the
/// interface has heard anything since the last poll.
///
/// A module that never publishes its ConnectionStatus is so judged by its interface alone.
struct ModuleEvidence {
    /// What the module has published last; `unknown`: nothing yet.
    private(set) var word = ConnectionStatus.unknown
    /// Polls since the last one that was answered. At most one more than the limit.
    private(set) var unansweredPolls = 0

    /// Whether the module has said that the device is gone though its connection was there and polls did not go unanswered for
    /// too long: it was refused, for instance. Until the module says that it is back, a connection shows nothing.
    private(set) var isRefused = false

    private var isHeard = false
    /// Whether anything was heard on this connection.
    private var hasHeard = false
    let disconnectLimit: Int

    init(disconnectLimit: Int) {
        self.disconnectLimit = disconnectLimit
    }

    /// Whether more polls than the limit went without an answer and the module does not say that the device is there.
    var isOverLimit: Bool { unansweredPolls > disconnectLimit && word != .connected }

    /// Whether the device talks, and at the second poll the module still says that it is gone.
    var isContradicted: Bool { word == .disconnected && hasHeard && unansweredPolls > 1 }

    /// A new connection: what was counted belongs to the former one.
    mutating func begin() {
        unansweredPolls = 0
        isHeard = false
        hasHeard = false
    }

    /// The interface has received something. What comes before the first poll, such as a greeting, answers none.
    mutating func heard() {
        hasHeard = true
        if unansweredPolls > 0 { isHeard = true }
    }

    /// The module has published its ConnectionStatus.
    /// - Parameter isUp: whether its connection is there.
    mutating func published(_ word: ConnectionStatus, isUp: Bool = true) {
        self.word = word
        if word != .disconnected {
            isRefused = false
        } else if isUp, unansweredPolls <= disconnectLimit {
            isRefused = true
        }
        if word == .connected { unansweredPolls = 0 }
    }

    /// A poll begins: it counts as unanswered until something is heard.
    /// - Returns: whether the last one was answered, by what is known without the module.
    mutating func beginPoll() -> Bool {
        let isAnswered = isHeard && word != .disconnected
        isHeard = false
        unansweredPolls = isAnswered ? 1 : min(unansweredPolls + 1, disconnectLimit + 1)
        return isAnswered
    }
}
