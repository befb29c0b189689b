/// The processor whose ports a program uses: a name that the configuration maps to this machine.
final class ProcessorDevice {
    /// The name under which the configuration has the ports.
    let alias: String
    /// The part that the program was written for, else that of the configuration.
    let partNumber: String?
    /// What the configuration says of the hardware.
    let identity: ProcessorIdentity
    /// A number that programs set and read.
    var executiveMode = 0
    /// Counts the handlers that were set for Online: only the newest is told.
    var onlineHandlers = 0

    init(alias: String, partNumber: String?, identity: ProcessorIdentity) {
        self.alias = alias
        self.partNumber = partNumber ?? identity.partNumber
        self.identity = identity
    }
}
