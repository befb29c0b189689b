public import ControlCore

/// Why an exchange came to nothing.
public enum HttpFailure: Error, Equatable, Sendable {
    /// No connection came about, or it broke; or the whole took too long, or was called off. The words are those of
    /// `Connect`.
    case connection(ConnectFailure)
    /// What came is no answer that this side can make sense of, or that it must not follow. What is wrong with it.
    case badResponse(String)
    /// The answer is larger than allowed. What is too large.
    case tooLarge(String)
    /// One redirect led to the next. Where the last one points to.
    case tooManyRedirects(String)

    /// The time-out passed.
    public static let timedOut = HttpFailure.connection(.timedOut)
    /// The exchange was called off, as its session was closed.
    public static let calledOff = HttpFailure.connection(.calledOff)

    /// The stable word that programs see: one of `Connect`'s, `BadResponse`, `TooLarge` or `TooManyRedirects`.
    public var reason: String {
        switch self {
        case .connection(let failure): failure.reason
        case .badResponse: "BadResponse"
        case .tooLarge: "TooLarge"
        case .tooManyRedirects: "TooManyRedirects"
        }
    }

    /// What a person needs to know beyond the ``reason``; `nil` when that says it all. Holds no secret.
    public var detail: String? {
        switch self {
        case .connection(let failure): failure.detail
        case .badResponse(let detail), .tooLarge(let detail), .tooManyRedirects(let detail): detail
        }
    }

    /// The reason and what is to be said beyond it, for messages.
    public var text: String { detail.map { "\(reason): \($0)" } ?? reason }
}
