import Glibc

/// The time zone of the machine, as the C library knows it (`TZ`, else `/etc/localtime`).
public struct SystemTimeZone: LocalTimeZone {
    /// Reads the zone's rules. A change of the machine's zone is seen by zones made afterwards.
    public init() {
        tzset()
    }

    /// Seconds to add to UTC for local time at `unixTime` (seconds since 1970 UTC); 0 for a year beyond what the C
    /// library can express.
    public func secondsFromUTC(at unixTime: Int64) -> Int {
        var time = time_t(unixTime)
        var local = tm()
        guard localtime_r(&time, &local) != nil else { return 0 }
        return local.tm_gmtoff
    }

    /// The C library's `tm_isdst` at `unixTime`; false for a year beyond what it can express.
    public func isDaylightSaving(at unixTime: Int64) -> Bool {
        var time = time_t(unixTime)
        var local = tm()
        return localtime_r(&time, &local) != nil && local.tm_isdst > 0
    }
}
