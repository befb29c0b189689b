import Glibc

/// An open serial line, which is a stream whose settings can change.
///
/// A line has no close of its own: the stream ends with ``CloseReason/failed(_:)`` when the port is pulled out.
public protocol SerialTransport: StreamTransport {
    /// Changes the settings, behind what was sent before: that still goes out with the former ones.
    ///
    /// Never waits. A port that refuses the settings ends the stream, with ``CloseReason/failed(_:)`` and the reason.
    func reconfigure(_ settings: SerialSettings)
}

/// Why a serial port could not be opened.
public enum SerialFailure: Error, Equatable, Sendable {
    /// There is no such port at present.
    case missing
    /// Somebody else has the port, in this process or another.
    case inUse
    /// The process has not the right to use it.
    case permissionDenied
    /// The port cannot do what the settings ask for; what that is.
    case unsupported(String)
    /// Anything else: the system's text.
    case other(String)

    /// What is wrong with the port, as the end of a sentence that begins with its name.
    public var reason: String {
        switch self {
        case .missing: "is not there"
        case .inUse: "is in use"
        case .permissionDenied: "cannot be opened: \(systemErrorText(EACCES))"
        case .unsupported(let what): "cannot do \(what)"
        case .other(let text): "cannot be opened: \(text)"
        }
    }
}
