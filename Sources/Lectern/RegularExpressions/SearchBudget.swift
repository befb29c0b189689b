/// The CPU time that one search may take. A program's task that searches ends within its burst limit so.
enum SearchBudget {
    /// For each search, in nanoseconds.
    static let base: UInt64 = 50_000_000
    /// For each byte of the subject, in nanoseconds.
    static let perByte: UInt64 = 100
    /// However long the subject is, in nanoseconds.
    static let most: UInt64 = 400_000_000

    static func nanoseconds(forBytes count: Int) -> UInt64 { min(base + perByte * UInt64(count), most) }
}
