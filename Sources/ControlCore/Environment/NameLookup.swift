import Glibc
public import NIOCore
import NIOPosix

/// The blocking look-up of names, and the threads on which it blocks.
public enum NameLookup {
    /// Finds a name's addresses, blocking until it has them. The addresses carry port 0.
    public typealias Function = @Sendable (_ name: String) -> Result<[SocketAddress], ConnectFailure>

    /// How many names may be under way at once in this process. The C library waits about 5 to 30 s for a dead server.
    public static let threadCount = 16

    /// The process's threads for look-ups. They start with the first one and, idle, cost address space only.
    static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: threadCount)
        pool.start()
        return pool
    }()

    /// Asks the system: `/etc/hosts`, DNS and whatever else `nsswitch.conf` names. Fails with
    /// ``ConnectFailure/hostError``, or with ``ConnectFailure/other(_:)`` when the process has no descriptor to ask
    /// with. Blocks.
    @Sendable public static func system(_ name: String) -> Result<[SocketAddress], ConnectFailure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        // Without it, machines without IPv6 would try IPv6 addresses first and in vain.
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else {
            return .failure(ConnectFailure.hostError.orDescriptorTrouble)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next?.pointee {
            if let raw = UnsafeRawPointer(info.ai_addr) {
                switch info.ai_family {
                case AF_INET: addresses.append(SocketAddress(raw.loadUnaligned(as: sockaddr_in.self)))
                case AF_INET6: addresses.append(SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self)))
                default: break
                }
            }
            next = info.ai_next
        }
        return addresses.isEmpty ? .failure(.hostError) : .success(addresses)
    }
}
