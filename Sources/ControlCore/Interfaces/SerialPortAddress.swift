/// Where the port of a ``SerialInterface`` is.
public enum SerialPortAddress: Hashable, Sendable, CustomStringConvertible {
    /// A device of this machine, such as `/dev/ttyUSB0`.
    case device(path: String)
    /// A port of a serial device server in the network, which has its own settings.
    case server(host: String, port: Int)

    /// As the configuration writes it.
    public var description: String {
        switch self {
        case .device(let path): path
        case .server(let host, let port): "tcp://\(host):\(port)"
        }
    }
}

/// Which serial ports a program uses: each is for one ``SerialInterface``.
public final class SerialPortClaims {
    private var claimed: Set<SerialPortAddress> = []

    /// Makes claims of a program that uses no port yet.
    public init() {}

    /// - Throws: when the port is claimed already.
    func claim(_ address: SerialPortAddress, name: String) throws(IOFault) {
        guard claimed.insert(address).inserted else {
            throw IOFault("\(name) is in use: there is a SerialInterface for \(address) already")
        }
    }

    func release(_ address: SerialPortAddress) { claimed.remove(address) }
}
