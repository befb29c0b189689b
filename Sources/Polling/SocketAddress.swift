public import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Hashable, Sendable {
    /// The address as its bytes lie on the wire, most significant first; an IPv4 address is in the low half's end.
    private var high: UInt64
    private var low: UInt64
    /// The number of the interface through which an IPv6 address of one link is reached; 0 for others.
    public private(set) var scope: UInt32
    private var number: UInt16
    /// Whether it is an IPv6 address; else it is an IPv4 address.
    public private(set) var isIPv6: Bool

    /// The first 96 bits of an IPv6 address that stands for an IPv4 address: ::ffff:0:0.
    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    private init(v4 address: UInt32, number: UInt16) {
        self.init(high: 0, low: UInt64(address), scope: 0, number: number, isIPv6: false)
    }

    private init(high: UInt64, low: UInt64, scope: UInt32, number: UInt16, isIPv6: Bool) {
        self.high = high
        self.low = low
        self.scope = scope
        self.number = number
        self.isIPv6 = isIPv6
    }

    /// The port, 0 to 65535.
    public var port: Int {
        get { Int(number) }
        set { number = UInt16(newValue) }
    }

    // MARK: Text and bytes

    /// Reads an address such as "192.0.2.1", "2001:db8::1" or "fe80::1%eth0". Names are not looked up.
    /// - Parameters:
    ///   - ipAddress: the text.
    ///   - port: 0 to 65535.
    /// - Throws: when the text is not an address, or names an interface that there is not.
    public init(ipAddress: String, port: Int) throws(SocketAddressError) {
        // The system would see the text up to there only.
        guard !ipAddress.utf8.contains(0) else { throw SocketAddressError(text: ipAddress) }
        var v4 = in_addr()
        if inet_pton(AF_INET, ipAddress, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr), number: UInt16(port))
            return
        }
        var v6 = in6_addr()
        let parts = ipAddress.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, inet_pton(AF_INET6, String(first), &v6) == 1 else {
            throw SocketAddressError(text: ipAddress)
        }
        self.init(v6, scope: 0, port: UInt16(port).bigEndian)
        guard parts.count > 1 else { return }
        guard let scope = scope(named: String(parts[1])) else { throw SocketAddressError(text: ipAddress) }
        self.scope = scope
    }

    /// The number of the interface that a text behind a "%" stands for: its name, for an address of one link, or its
    /// number.
    private func scope(named text: String) -> UInt32? {
        let isOfLink = high >> 54 == 0xFE80 >> 6 || high >> 48 & 0xFF0F == 0xFF02
        let index = isOfLink ? if_nametoindex(text) : 0
        guard index == 0 else { return index }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(text), number > 0 else {
            return nil
        }
        return number
    }

    /// Reads the four bytes of an IPv4 address, or the 16 of an IPv6 address, most significant first.
    /// - Parameters:
    ///   - packedIPAddress: the bytes.
    ///   - port: 0 to 65535.
    /// - Throws: when there are other than four or 16 bytes.
    public init(packedIPAddress: [UInt8], port: Int) throws(SocketAddressError) {
        func number(_ range: Range<Int>) -> UInt64 { packedIPAddress[range].reduce(0) { $0 << 8 | UInt64($1) } }
        switch packedIPAddress.count {
        case 4: self.init(high: 0, low: number(0..<4), scope: 0, number: UInt16(port), isIPv6: false)
        case 16: self.init(high: number(0..<8), low: number(8..<16), scope: 0, number: UInt16(port), isIPv6: true)
        default: throw SocketAddressError(text: "\(packedIPAddress)")
        }
    }

    /// The four or 16 bytes of the address, most significant first.
    public var packedIPAddress: [UInt8] {
        let halves = withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
        return isIPv6 ? halves : Array(halves[12...])
    }

    /// Whether it is the address of a group of receivers: of 224.0.0.0/4 or ff00::/8.
    public var isMulticast: Bool { isIPv6 ? high >> 56 == 0xFF : low >> 28 == 0xE }

    /// The address as text, such as "192.0.2.1" or "2001:db8::1", without port and scope.
    public var ipAddress: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard let base = text.baseAddress else { return "" }
            // The text has room for any address, and the families are known: both calls succeed.
            if isIPv6 {
                var address = socketAddress6.sin6_addr
                inet_ntop(AF_INET6, &address, base, socklen_t(text.count))
            } else {
                var address = socketAddress4.sin_addr
                inet_ntop(AF_INET, &address, base, socklen_t(text.count))
            }
            return String(cString: base)
        }
    }

    // MARK: The system's structures

    /// `AF_INET` or `AF_INET6`.
    public var family: CInt { isIPv6 ? AF_INET6 : AF_INET }

    /// The address of a system's structure.
    public init(_ address: sockaddr_in) {
        self.init(v4: UInt32(bigEndian: address.sin_addr.s_addr), number: UInt16(bigEndian: address.sin_port))
    }

    /// The address of a system's structure.
    public init(_ address: sockaddr_in6) {
        self.init(address.sin6_addr, scope: address.sin6_scope_id, port: address.sin6_port)
    }

    /// The address of a system's structure; `nil` when it is of another family.
    public init?(_ storage: sockaddr_storage) {
        let address = withUnsafeBytes(of: storage) { bytes -> SocketAddress? in
            switch CInt(storage.ss_family) {
            case AF_INET: SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self))
            default: nil
            }
        }
        guard let address else { return nil }
        self = address
    }

    /// The address of a system's structure; `nil` when it is of another family, or too short for its own.
    /// - Parameters:
    ///   - address: the structure.
    ///   - length: how many bytes it has.
    public init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        let raw = UnsafeRawPointer(address)
        guard Int(length) >= MemoryLayout<sa_family_t>.size else { return nil }
        switch CInt(raw.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where Int(length) >= MemoryLayout<sockaddr_in>.size:
            self.init(raw.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6 where Int(length) >= MemoryLayout<sockaddr_in6>.size:
            self.init(raw.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }

    private init(_ address: in6_addr, scope: UInt32, port: in_port_t) {
        let (high, low) = withUnsafeBytes(of: address) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(
            high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), scope: scope, number: UInt16(bigEndian: port),
            isIPv6: true)
    }

    private var socketAddress4: sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
        return address
    }

    private var socketAddress6: sockaddr_in6 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = number.bigEndian
        address.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &address.sin6_addr) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    /// Calls `body` with the system's structure for the address, and its length.
    public func withSocketAddress<R, E: Error>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(E) -> R
    ) throws(E) -> R {
        return if isIPv6 { try lend(socketAddress6, to: body) } else { try lend(socketAddress4, to: body) }
    }

    private func lend<T, R, E: Error>(
        _ address: T, to body: (UnsafePointer<sockaddr>, socklen_t) throws(E) -> R
    ) throws(E) -> R {
        try withUnsafePointer(to: address) { (pointer) throws(E) -> R in
            // All the system's socket addresses begin as `sockaddr` does, and are passed as it.
            try body(
                UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), socklen_t(MemoryLayout<T>.size))
        }
    }

    // MARK: IPv4 in IPv6

    /// An IPv4 peer of a socket that serves both families appears as an IPv6 address that embeds it. This is the IPv4
    /// address then; else the address itself.
    public var unmapped: SocketAddress {
        guard isIPv6, high == 0, low & 0xFFFF_FFFF_0000_0000 == Self.mappedPrefix else { return self }
        return SocketAddress(v4: UInt32(truncatingIfNeeded: low), number: number)
    }

    /// The reverse of ``unmapped``: how a socket that serves both families reaches an IPv4 address.
    public var mapped: SocketAddress {
        guard !isIPv6 else { return self }
        return SocketAddress(high: 0, low: Self.mappedPrefix | low, scope: 0, number: number, isIPv6: true)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The address and the port, such as "192.0.2.1:80" or "[2001:db8::1]:80".
    public var description: String { isIPv6 ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)" }
}

/// What was given as an address is none.
public struct SocketAddressError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was given.
    public let text: String

    /// The refusal of `text`.
    public init(text: String) { self.text = text }

    /// What is wrong.
    public var description: String { "\(text) is not an IP address" }
}
