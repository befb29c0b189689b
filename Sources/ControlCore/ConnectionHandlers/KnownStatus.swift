/// What is known of a device, for the machines of all handlers: a program is told of changes only.
struct KnownStatus {
    private(set) var value = ConnectionStatus.unknown

    /// Takes what is known now.
    /// - Returns: whether it is news.
    mutating func becomes(_ status: ConnectionStatus) -> Bool {
        guard value != status else { return false }
        value = status
        return true
    }
}
