#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The CPU time of this thread. Searches are held against it and not against the clock: no program can see it, and only
/// a search that is hopeless anyway depends on it.
enum ThreadTime {
    /// Nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        // Fails only for an unknown clock; then time stands still and the engines' own limits remain.
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Nanoseconds of a clock that costs nearly nothing to read and goes in steps of some milliseconds: for when to
    /// pause, which changes no result.
    static func coarse() -> UInt64 {
        var time = timespec()
        #if canImport(Darwin)
            clock_gettime(CLOCK_MONOTONIC_RAW_APPROX, &time)
        #else
            clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        #endif
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

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
