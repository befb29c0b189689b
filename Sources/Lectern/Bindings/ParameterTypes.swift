import Bytes
internal import ControlCore
internal import LuaRuntime
import Polling

// What parameters of several classes accept.

extension ParameterType where Value == TimeAmount {
    /// Any duration from 0 on, in seconds, fractions allowed.
    static var duration: Self { duration(accepting: .seconds) }
    /// A duration in seconds within a range, fractions allowed.
    static func duration(_ range: ClosedRange<Double>) -> Self { duration(accepting: .seconds(range)) }
    /// A span of time in seconds within a range, fractions allowed, that may be below 0.
    static func span(_ range: ClosedRange<Double>) -> Self { duration(accepting: .number(range)) }

    private static func duration(accepting type: LuaType) -> Self {
        Self(type, show: { ParameterType<Double>.seconds.show($0.seconds) }) {
            $0.number.map { TimeAmount(seconds: $0) }
        }
    }
}

extension ParameterType where Value == ByteBuffer {
    /// A string of bytes, in one copy.
    static var data: Self {
        Self(.string, show: { "'\(String(buffer: $0))'" }) { argument in
            argument.withBytes { bytes in bytes.map { ByteBuffer(copying: $0) } }
        }
    }
}

extension TimeAmount {
    /// A duration that a program gave in seconds.
    init(seconds: Double) { self = .nanoseconds(Int64(seconds * 1e9)) }

    /// As programs see it.
    var seconds: Double { Double(nanoseconds) / 1e9 }
}
