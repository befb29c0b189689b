import Glibc
import Polling
import Testing

/// A listening socket of which nobody accepts. Once its queue is full, the system ignores further connects.
final class DeafSocket {
    private let descriptor: CInt
    private var fillers: [CInt] = []
    let port: Int

    init() throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        let anyPort = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let isBound = anyPort.withSocketAddress { generic, length in
            bind(descriptor, generic, length) == 0 && listen(descriptor, 0) == 0
        }
        try #require(isBound)
        // Family, port and address as the system writes them; the port is in network order.
        var name = [UInt8](repeating: 0, count: 16)
        var length = socklen_t(name.count)
        let isNamed = name.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { generic in
                getsockname(descriptor, generic.baseAddress.unsafelyUnwrapped, &length) == 0
            }
        }
        try #require(isNamed)
        port = Int(name[2]) << 8 | Int(name[3])
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        for _ in 0..<4 {
            let filler = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
            // It fails with EINPROGRESS, as it is meant to: some of these stay in progress for good.
            address.withSocketAddress { generic, length in _ = connect(filler, generic, length) }
            fillers.append(filler)
        }
    }

    deinit {
        for filler in fillers { Glibc.close(filler) }
        Glibc.close(descriptor)
    }
}
