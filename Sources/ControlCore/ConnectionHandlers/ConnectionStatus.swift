/// What a connection handler knows of its device. Raw values are the words that programs see.
public enum ConnectionStatus: String, Equatable, Sendable {
    /// Nothing was learnt yet.
    case unknown = "Unknown"
    /// The device is there.
    case connected = "Connected"
    /// The device is gone.
    case disconnected = "Disconnected"
}
