import Polling

/// The system's own words for an error number, such as "Connection refused"; for want of descriptors also how many
/// there are, and what to do.
package func systemErrorText(_ code: CInt) -> String {
    if let trouble = DescriptorTrouble(errorNumber: code) { return trouble.text }
    return SystemError(code).description
}
