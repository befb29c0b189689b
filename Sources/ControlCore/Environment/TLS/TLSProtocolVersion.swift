/// A version of the TLS protocol. The raw value orders them.
public enum TLSProtocolVersion: Int, Comparable, CaseIterable, Sendable, CustomStringConvertible {
    /// TLS 1.0, of 1999. Broken by today's standards.
    case tls10 = 10
    /// TLS 1.1, of 2006. Broken by today's standards.
    case tls11 = 11
    /// TLS 1.2.
    case tls12 = 12
    /// TLS 1.3.
    case tls13 = 13

    /// Whether the left one is the older.
    public static func < (left: TLSProtocolVersion, right: TLSProtocolVersion) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Its name, such as `TLS 1.2`.
    public var description: String { "TLS \(rawValue / 10).\(rawValue % 10)" }
}
