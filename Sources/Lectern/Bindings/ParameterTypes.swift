internal import LuaRuntime
internal import NIOCore

// What parameters of several classes accept.

extension ParameterType where Value == TimeAmount {
    /// Any duration from 0 on, in seconds, fractions allowed.
    static var duration: Self { duration(accepting: .seconds) }
    /// A duration in seconds within a range, fractions allowed.
    static func duration(_ range: ClosedRange<Double>) -> Self { duration(accepting: .seconds(range)) }

    private static func duration(accepting type: LuaType) -> Self {
        Self(type, show: { $0.seconds == $0.seconds.rounded() ? "\(Int($0.seconds))" : "\($0.seconds)" }) {
            $0.number.map { TimeAmount(seconds: $0) }
        }
    }
}

extension ParameterType where Value == ByteBuffer {
    /// A string of bytes, in one copy.
    static var data: Self {
        Self(.string, show: { "'\(String(buffer: $0))'" }) { argument in
            argument.withBytes { bytes in
                bytes.map { bytes in
                    var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
                    buffer.writeBytes(bytes)
                    return buffer
                }
            }
        }
    }
}
