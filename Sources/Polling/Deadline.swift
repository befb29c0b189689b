import Glibc

/// A point in time on the system's monotonic clock, in nanoseconds since the clock's zero.
public struct Deadline: Hashable, Sendable {
    /// Never negative.
    @usableFromInline let nanoseconds: Int64

    @inlinable
    init(_ nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The present.
    public static func now() -> Deadline {
        var time = timespec()
        // It fails for clocks only that the system does not have.
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    /// The point in time so many nanoseconds after the clock's zero; ``distantFuture`` when there are too many.
    @inlinable
    public static func uptimeNanoseconds(_ nanoseconds: UInt64) -> Deadline {
        Deadline(Int64(clamping: nanoseconds))
    }

    /// The clock's zero.
    @inlinable
    public static var distantPast: Deadline { Deadline(0) }

    /// What never comes.
    @inlinable
    public static var distantFuture: Deadline { Deadline(.max) }

    /// How many nanoseconds after the clock's zero it is.
    @inlinable
    public var uptimeNanoseconds: UInt64 { UInt64(truncatingIfNeeded: nanoseconds) }
}

extension Deadline: Comparable {
    /// Whether one point in time is before another.
    @inlinable
    public static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }
}

extension Deadline {
    /// The time from `other` to `one`, negative when `one` is before `other`.
    @inlinable
    public static func - (one: Deadline, other: Deadline) -> TimeAmount {
        TimeAmount(one.nanoseconds - other.nanoseconds)
    }

    /// The point in time so long after another, from ``distantPast`` to ``distantFuture``.
    @inlinable
    public static func + (deadline: Deadline, amount: TimeAmount) -> Deadline {
        let (sum, isOverflow) = deadline.nanoseconds.addingReportingOverflow(amount.nanoseconds)
        return isOverflow ? .distantFuture : Deadline(max(sum, 0))
    }

    /// The point in time so long before another, from ``distantPast`` to ``distantFuture``.
    @inlinable
    public static func - (deadline: Deadline, amount: TimeAmount) -> Deadline {
        let (difference, isOverflow) = deadline.nanoseconds.subtractingReportingOverflow(amount.nanoseconds)
        return isOverflow ? .distantFuture : Deadline(max(difference, 0))
    }
}

extension Deadline: CustomStringConvertible {
    /// The nanoseconds since the clock's zero.
    public var description: String { nanoseconds.description }
}
