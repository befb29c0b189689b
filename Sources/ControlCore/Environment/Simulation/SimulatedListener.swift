/// A listening socket of a simulated host.
final class SimulatedListener: Listener {
    let address: String?
    let port: Int
    var onTrouble: ((String) -> Void)?
    private let accept: (any StreamTransport) -> Void
    private weak var host: SimulatedHost?

    /// - Parameter address: the only address that it serves; `nil` serves all.
    init(host: SimulatedHost, address: String?, port: Int, accept: @escaping (any StreamTransport) -> Void) {
        self.host = host
        self.address = address
        self.port = port
        self.accept = accept
    }

    var isOpen: Bool { host != nil }

    func close() {
        host?.remove(self)
        host = nil
    }

    func deliver(_ transport: SimulatedTransport) {
        accept(transport)
    }
}
