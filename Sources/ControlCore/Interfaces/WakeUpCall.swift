public import Bytes
public import Polling

/// Wakes a machine by its hardware address: one broadcast of the magic datagram, as `WakeOnLan` sends it.
public final class WakeUpCall {
    private let environment: any Environment
    private let completion: (Result<Void, IOFault>) -> Void
    private var transport: (any DatagramTransport)?
    private var fault: IOFault?

    /// The six bytes of a hardware address; `nil` when `text` is none. Hyphens or colons part them.
    public static func hardwareAddress(_ text: String) -> [UInt8]? {
        for separator in ["-", ":"] as [Character] {
            let parts = text.split(separator: separator, omittingEmptySubsequences: false)
            guard parts.count == 6, parts.allSatisfy({ $0.utf8.count == 2 }) else { continue }
            let bytes = parts.compactMap { part in part.allSatisfy(\.isHexDigit) ? UInt8(part, radix: 16) : nil }
            return bytes.count == 6 ? bytes : nil
        }
        return nil
    }

    /// Sends the datagram to every machine of the local network.
    /// - Parameters:
    ///   - hardwareAddress: six bytes.
    ///   - port: the UDP port, 0…65535; machines do not look at it.
    ///   - environment: the world from which the datagram goes.
    ///   - completion: called once, on a later turn of the loop: with a failure when the system has not sent it.
    ///     Whether anybody woke up nobody tells.
    public static func send(
        to hardwareAddress: [UInt8], port: Int, in environment: any Environment,
        completion: @escaping (Result<Void, IOFault>) -> Void
    ) {
        let call = WakeUpCall(environment, completion)
        environment.openDatagrams(DatagramOptions(address: "0.0.0.0")) { result in
            switch result {
            case .success(let transport): call.send(hardwareAddress, port, through: transport)
            case .failure(let failure): completion(.failure(IOFault("the wake-up was not sent: \(failure.reason)")))
            }
        }
    }

    private init(_ environment: any Environment, _ completion: @escaping (Result<Void, IOFault>) -> Void) {
        self.environment = environment
        self.completion = completion
    }

    private func send(_ hardwareAddress: [UInt8], _ port: Int, through transport: any DatagramTransport) {
        guard let everybody = try? SocketAddress(ipAddress: "255.255.255.255", port: port) else {
            preconditionFailure("the broadcast address is an IP address")
        }
        self.transport = transport
        transport.start(delegate: self)
        var datagram = ByteBuffer(repeating: 0xFF, count: 6)
        for _ in 0..<16 { datagram.writeBytes(hardwareAddress) }
        transport.send(datagram, to: everybody)
        // A failure is told on the next turn, which was planned before this one.
        environment.execute { transport.close() }
    }
}

extension WakeUpCall: DatagramDelegate {
    /// Nobody answers a wake-up: ignored.
    public func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress)
    {}

    /// The system has not sent it.
    public func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {
        fault = IOFault("the wake-up was not sent: \(failure.reason)")
    }

    /// One datagram never fills a queue.
    public func transportDidDrain(_ transport: any DatagramTransport) {}

    /// Reports the end.
    public func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {
        self.transport = nil
        completion(fault.map { .failure($0) } ?? .success(()))
    }
}
