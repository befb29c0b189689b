import Bytes
internal import ControlCore

/// What programs have awaited at the end of a response, ready for the next time. Belongs to one program.
final class ResponseDelimiters {
    /// The patterns that the program used last.
    let patterns: RegularExpressionCache
    /// The most bytes of a response: the program's `limits.stringSize`, or 16 MiB when that has none.
    let limit: Int
    /// Told that a response without a delimiter was cut at the limit.
    let onCut: () -> Void
    private var lastSuffix = ByteBuffer()

    /// - Parameters:
    ///   - stringBytes: the program's `limits.stringSize`; 0: none.
    ///   - warn: writes a warning to the program log.
    init(patterns: RegularExpressionCache, stringBytes: Int, warn: @escaping (String) -> Void) {
        self.patterns = patterns
        let limit = stringBytes > 0 ? stringBytes : DeviceTraffic.defaultResponseLimit
        self.limit = limit
        onCut = {
            warn(
                "SendAndWait without a delimiter: more than \(limit) bytes came (limits.stringSize); the rest goes to "
                    + "ReceiveData")
        }
    }

    /// The bytes of a `deliTag`: nearly always those of the call before.
    func suffix(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        if !lastSuffix.withUnsafeReadableBytes({ $0.count == bytes.count && $0.elementsEqual(bytes) }) {
            lastSuffix = ByteBuffer(bytes: bytes)
        }
        return lastSuffix
    }
}
