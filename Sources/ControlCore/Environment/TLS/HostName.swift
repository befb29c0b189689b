import Glibc
import Polling

/// How the names and addresses of hosts are compared.
public enum HostName {
    /// Whether both stand for one host as far as their spelling tells: case and a final dot are of no account, nor is
    /// the form of an address. What a resolver takes for one name is taken for one here.
    public static func areSame(_ left: String, _ right: String) -> Bool {
        if let address = anyAddress(left) { return anyAddress(right) == address }
        return withoutFinalDot(left.lowercased()) == withoutFinalDot(right.lowercased())
    }

    /// The one way in which an address is written; `nil` when `text` is none. The interface of this machine that leads
    /// to it is no part of it.
    static func normalizedAddress(_ text: String) -> String? {
        (try? SocketAddress(ipAddress: text, port: 0))?.unmapped.ipAddress
    }

    /// As ``normalizedAddress(_:)``, with the short forms of IPv4 that the system's resolver takes, such as `10.9`.
    private static func anyAddress(_ text: String) -> String? {
        if let address = normalizedAddress(text) { return address }
        var address = in_addr()
        // It would stop at a space.
        guard text.utf8.allSatisfy({ $0 > 0x20 }), inet_aton(text, &address) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: address.s_addr) { Array($0) }
        return (try? SocketAddress(packedIPAddress: bytes, port: 0))?.ipAddress
    }

    /// The bytes by which a certificate is compared: only the case of ASCII letters and a final dot are of no account.
    /// Two names that look alike in Unicode are two names.
    static func comparableBytes(_ name: String) -> [UInt8] {
        withoutFinalDot(name).utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The name as it is told to a server, which knows itself without the dot.
    static func withoutFinalDot(_ name: String) -> String {
        name.utf8.last == 0x2E ? String(name.unicodeScalars.dropLast()) : name
    }
}
