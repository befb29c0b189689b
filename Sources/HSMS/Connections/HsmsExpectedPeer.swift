import ControlCore
import Polling

/// The address from which a peer is expected: an IP literal, or a name that is looked up anew for each connection.
struct HsmsExpectedPeer {
    /// How long a name is looked up.
    private static let lookupTimeout = TimeAmount.seconds(5)

    private enum Expectation {
        case anybody
        case literal(String)
        case name(String)
    }

    private let expectation: Expectation

    /// - Parameter address: empty, `0.0.0.0` and `::` expect anybody.
    init(_ address: String) {
        if ["", "0.0.0.0", "::"].contains(address) {
            expectation = .anybody
        } else if let literal = try? SocketAddress(ipAddress: address, port: 0) {
            expectation = .literal(literal.ipAddress)
        } else {
            expectation = .name(address)
        }
    }

    /// Decides without looking up; `nil` when a name has to be.
    func accepts(_ address: SocketAddress?) -> Bool? {
        switch expectation {
        case .anybody: true
        case .literal(let text): address?.ipAddress == text
        case .name: nil
        }
    }

    /// Looks the name up, and tells whether it has `address`.
    func check(
        _ address: SocketAddress?, in environment: any Environment, completion: @escaping (Bool) -> Void
    ) {
        guard case .name(let name) = expectation else {
            let answer = accepts(address) ?? false
            environment.execute { completion(answer) }
            return
        }
        environment.resolve(name, timeout: Self.lookupTimeout) { result in
            let addresses = (try? result.get()) ?? []
            completion(address != nil && addresses.contains { $0.ipAddress == address?.ipAddress })
        }
    }
}
