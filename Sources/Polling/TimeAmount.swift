/// A length of time in nanoseconds, which may be negative.
public struct TimeAmount: Hashable, Sendable {
    /// The nanoseconds of it.
    public let nanoseconds: Int64

    @inlinable
    init(_ nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// So many units of a length; what is too long or too short for nanoseconds becomes the longest or the shortest.
    @inlinable
    init(_ amount: Int64, of unit: Int64) {
        let (product, isOverflow) = amount.multipliedReportingOverflow(by: unit)
        nanoseconds = isOverflow ? (amount < 0 ? .min : .max) : product
    }

    /// An amount in nanoseconds.
    @inlinable
    public static func nanoseconds(_ amount: Int64) -> TimeAmount { TimeAmount(amount) }

    /// An amount in microseconds. It is as long as possible when it is too long.
    @inlinable
    public static func microseconds(_ amount: Int64) -> TimeAmount { TimeAmount(amount, of: 1_000) }

    /// An amount in milliseconds. It is as long as possible when it is too long.
    @inlinable
    public static func milliseconds(_ amount: Int64) -> TimeAmount { TimeAmount(amount, of: 1_000_000) }

    /// An amount in seconds. It is as long as possible when it is too long.
    @inlinable
    public static func seconds(_ amount: Int64) -> TimeAmount { TimeAmount(amount, of: 1_000_000_000) }

    /// An amount in minutes. It is as long as possible when it is too long.
    @inlinable
    public static func minutes(_ amount: Int64) -> TimeAmount { TimeAmount(amount, of: 60_000_000_000) }

    /// An amount in hours. It is as long as possible when it is too long.
    @inlinable
    public static func hours(_ amount: Int64) -> TimeAmount { TimeAmount(amount, of: 3_600_000_000_000) }
}

extension TimeAmount: Comparable {
    /// Whether one amount is shorter than another.
    @inlinable
    public static func < (one: TimeAmount, other: TimeAmount) -> Bool { one.nanoseconds < other.nanoseconds }
}

extension TimeAmount: AdditiveArithmetic {
    /// No time.
    @inlinable
    public static var zero: TimeAmount { TimeAmount(0) }

    /// The sum, which must fit.
    @inlinable
    public static func + (one: TimeAmount, other: TimeAmount) -> TimeAmount {
        TimeAmount(one.nanoseconds + other.nanoseconds)
    }

    /// The difference, which must fit.
    @inlinable
    public static func - (one: TimeAmount, other: TimeAmount) -> TimeAmount {
        TimeAmount(one.nanoseconds - other.nanoseconds)
    }

    /// An amount so many times, which must fit.
    @inlinable
    public static func * (amount: TimeAmount, count: some BinaryInteger) -> TimeAmount {
        TimeAmount(amount.nanoseconds * Int64(count))
    }

    /// An amount so many times, which must fit.
    @inlinable
    public static func * (count: some BinaryInteger, amount: TimeAmount) -> TimeAmount { amount * count }
}

extension TimeAmount: CustomStringConvertible {
    /// The amount in the largest unit from nanoseconds to seconds in which it is whole, such as "250 ms".
    public var description: String {
        for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")] as [(Int64, String)]
        where nanoseconds % unit == 0 {
            return "\(nanoseconds / unit) \(name)"
        }
        return "\(nanoseconds) ns"
    }
}
