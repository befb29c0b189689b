internal import ControlCore
internal import LuaRuntime
internal import NIOCore

// What parameters have in Swift, beside the types that LuaRuntime has.

extension ParameterType where Value == TimeAmount {
    /// A duration from 0 on, which programs give in seconds.
    static var duration: Self { duration(accepting: .seconds) }
    /// A duration within a range, which programs give in seconds.
    static func duration(_ range: ClosedRange<Double>) -> Self { duration(accepting: .seconds(range)) }

    private static func duration(accepting type: LuaType) -> Self {
        let seconds = ParameterType<Double>.seconds
        return Self(type, show: { seconds.shown($0.seconds) }) { $0.number.map { TimeAmount(seconds: $0) } }
    }
}

extension ParameterType where Value == ByteBuffer {
    /// The bytes of a string, in one copy.
    static var data: Self {
        Self(.string) { argument in
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
