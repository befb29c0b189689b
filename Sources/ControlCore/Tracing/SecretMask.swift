import Bytes
import Glibc

/// Hides the secrets of a ``SecretRegistry`` in the bytes of one direction of one wire.
///
/// A secret may come in several pieces, and what is recorded cannot be taken back. So a piece that ends with the first
/// bytes of a secret, three or more, is taken to go on with the rest.
struct SecretMask {
    private let registry: SecretRegistry
    /// The last bytes of the stream so far, in which a secret may have begun.
    private var before: [UInt8] = []

    init(_ registry: SecretRegistry) { self.registry = registry }

    /// The piece without its secrets.
    /// - Parameter isWhole: nothing of it goes on in the next piece, as with a datagram.
    mutating func hide(in bytes: ByteBuffer, isWhole: Bool = false) -> WireEvent.Piece {
        guard !registry.isEmpty else { return WireEvent.Piece(bytes: bytes) }
        let start = isWhole ? 0 : before.count
        var text = isWhole ? [] : before
        bytes.withUnsafeReadableBytes { text.append(contentsOf: $0) }
        var found: [Range<Int>] = []
        for secret in registry.secrets { Self.find(secret, in: text, from: start, &found) }
        let ending = text[start...].reversed().prefix { $0 == 0x0d || $0 == 0x0a }.count
        let line = text[start..<text.count - ending]
        if registry.shortSecrets.contains(where: { line.elementsEqual($0) }) { found.append(start..<line.endIndex) }
        if !isWhole { before = Array(text.suffix(max(registry.longest - 1, 0))) }
        guard !found.isEmpty else { return WireEvent.Piece(bytes: bytes) }
        let secrets = Self.joined(found.map { max($0.lowerBound, start) - start..<$0.upperBound - start })
        var hidden = bytes
        for range in secrets {
            hidden.setRepeatingByte(UInt8(ascii: "*"), count: range.count, at: bytes.readerIndex + range.lowerBound)
        }
        return WireEvent.Piece(bytes: hidden, secrets: secrets)
    }

    /// Finds where `secret` is, and where it may have begun at the end, as far as that is behind `start`.
    private static func find(_ secret: [UInt8], in text: [UInt8], from start: Int, _ found: inout [Range<Int>]) {
        var at = max(start - secret.count + 1, 0)
        while let next = index(of: secret[0], in: text, from: at) {
            at = next + 1
            let there = text[next...].prefix(secret.count)
            guard secret.starts(with: there) else { continue }
            let isWhole = there.count == secret.count
            if there.endIndex > start, isWhole || there.count >= SecretRegistry.shortest {
                found.append(next..<there.endIndex)
            }
        }
    }

    /// Where a byte comes next: by one call of the system, as every byte of a trace goes through here.
    private static func index(of byte: UInt8, in text: [UInt8], from start: Int) -> Int? {
        text.withUnsafeBytes { text in
            guard let base = text.baseAddress, start < text.count,
                let found = memchr(base + start, CInt(byte), text.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// The same places in order, those that overlap or touch as one.
    private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound {
                result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}
