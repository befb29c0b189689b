/// One entry of a program's log.
public struct ProgramLogEntry: Equatable, Sendable {
    /// How bad it is, from harmless to bad.
    public enum Severity: String, Comparable, CaseIterable, Sendable {
        /// Of use to whoever looks for a defect.
        case debug
        /// What a program prints.
        case info
        /// Something is odd; the program goes on.
        case warning
        /// Something failed.
        case error

        /// Harmless before bad.
        public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }

        private var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    /// What an entry is about.
    public enum Topic: String, Sendable {
        /// The program and its tasks.
        case program
        /// A connection, a port or a server.
        case connection
    }

    /// The wall clock: nanoseconds since 1970 UTC.
    public var time: Int64
    /// How bad it is.
    public var severity: Severity
    /// The task that it is about; nil for the program as a whole.
    public var task: String?
    /// What happened. May have several lines.
    public var text: String
    /// What it is about.
    public var topic: Topic
    /// Lua's traceback, one frame each; empty when there is none.
    public var traceback: [String]

    /// Bundles an entry.
    public init(
        time: Int64, severity: Severity, task: String? = nil, text: String, topic: Topic = .program,
        traceback: [String] = []
    ) {
        self.topic = topic
        self.time = time
        self.severity = severity
        self.task = task
        self.text = text
        self.traceback = traceback
    }
}

/// Where a program's log goes. Called on the program's loop; it must not block it.
public protocol ProgramLogSink: AnyObject {
    /// Takes one entry, in order.
    func write(_ entry: ProgramLogEntry)
}
