public import Logging

/// Hands a program's log to swift-log, with the task as metadata.
public final class LoggerSink: ProgramLogSink {
    private let logger: Logger

    /// Writes to `logger`; its level applies.
    public init(_ logger: Logger) { self.logger = logger }

    /// Logs an entry.
    public func write(_ entry: ProgramLogEntry) {
        let level: Logger.Level =
            switch entry.severity {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        var metadata: Logger.Metadata = [:]
        if let task = entry.task { metadata["task"] = "\(task)" }
        if entry.topic != .program { metadata["topic"] = "\(entry.topic.rawValue)" }
        if !entry.traceback.isEmpty { metadata["traceback"] = .array(entry.traceback.map { .string($0) }) }
        logger.log(level: level, "\(entry.text)", metadata: metadata)
    }
}
