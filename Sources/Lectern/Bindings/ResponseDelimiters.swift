internal import ControlCore
internal import NIOCore

/// What programs have awaited at the end of a response, ready for the next time. Belongs to one program.
final class ResponseDelimiters {
    /// The patterns that the program used last.
    let patterns: RegularExpressionCache
    private var lastSuffix = ByteBuffer()

    init(patterns: RegularExpressionCache) { self.patterns = patterns }

    /// The bytes of a `deliTag`: nearly always those of the call before.
    func suffix(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        if !lastSuffix.withUnsafeReadableBytes({ $0.count == bytes.count && $0.elementsEqual(bytes) }) {
            lastSuffix = ByteBuffer(bytes: bytes)
        }
        return lastSuffix
    }
}
