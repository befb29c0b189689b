import Glibc
import NIOCore

/// The system's own words for an error number, such as "Connection refused"; for want of descriptors also how many
/// there are, and what to do.
package func systemErrorText(_ code: CInt) -> String {
    if let trouble = DescriptorTrouble(errorNumber: code) { return trouble.text }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        // The GNU and the XSI variants of strerror_r differ in their result; Swift imports the XSI one, which fills the
        // buffer and tells whether it could.
        guard let base = buffer.baseAddress, strerror_r(code, base, buffer.count) == 0 else {
            return "error \(code)"
        }
        return String(cString: base)
    }
}

/// The shortest true description of `error`: the system's words for system errors.
func systemErrorText(of error: any Error) -> String {
    if let error = error as? IOError { return systemErrorText(error.errnoCode) }
    return "\(error)"
}
