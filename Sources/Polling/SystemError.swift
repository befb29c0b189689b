import Glibc

/// What a call of the system has refused.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The error number, such as `ECONNREFUSED`.
    public let number: CInt

    /// The refusal with an error number.
    public init(_ number: CInt) { self.number = number }

    /// The system's own words, such as "Connection refused".
    public var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            // The XSI variant, which fills the buffer and tells whether it could.
            guard let base = buffer.baseAddress, strerror_r(number, base, buffer.count) == 0 else {
                return "error \(number)"
            }
            return String(cString: base)
        }
    }
}

/// The result of a call that returns a negative error number when it fails.
func checked(_ result: CInt) throws(SystemError) -> CInt {
    guard result >= 0 else { throw SystemError(-result) }
    return result
}
