/// The processor whose ports a program uses: a name that the configuration maps to this machine.
final class ProcessorDevice {
    /// The name under which the configuration has the ports.
    let alias: String
    /// The part that the program was written for; without effect.
    let partNumber: String?
    /// Counts the handlers that were set for Online: only the newest is told.
    var onlineHandlers = 0

    init(alias: String, partNumber: String?) {
        self.alias = alias
        self.partNumber = partNumber
    }
}
