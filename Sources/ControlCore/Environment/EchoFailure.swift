/// Why an echo request has no answer.
public enum EchoFailure: Error, Equatable, Sendable {
    /// Nobody answered in time.
    case timedOut
    /// The host, or its network, cannot be reached, as far as the system or a router knows.
    case unreachable
    /// The system does not let this process send echo requests.
    case notPermitted
    /// There is no descriptor for it: too many files are open. The whole as one line.
    case noDescriptor(String)
    /// Anything else: the system's text.
    case other(String)
}

extension EchoFailure: OpeningFailure {}
