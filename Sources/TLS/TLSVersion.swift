/// A version of the TLS protocol. The raw value is how TLS writes it; it orders them.
public enum TLSVersion: UInt16, Comparable, CaseIterable, Sendable {
    /// TLS 1.0. Broken by today's standards.
    case tls10 = 0x0301
    /// TLS 1.1. Broken by today's standards.
    case tls11 = 0x0302
    /// TLS 1.2.
    case tls12 = 0x0303
    /// TLS 1.3.
    case tls13 = 0x0304

    /// Whether the left one is the older.
    public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}
