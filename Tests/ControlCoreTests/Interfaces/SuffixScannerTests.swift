import Bytes
import Testing

@testable import ControlCore

@Suite("SuffixScanner")
struct SuffixScannerTests {
    /// All sequences of so many bytes that are `a` or `b`.
    private static func sequences(_ length: Int) -> [[UInt8]] {
        (0..<(1 << length)).map { bits in (0..<length).map { bits >> $0 & 1 == 0 ? 0x61 : 0x62 } }
    }

    /// The ends of all occurrences that do not overlap, found the plain way.
    private static func ends(of sought: [UInt8], in text: [UInt8]) -> [Int] {
        var ends: [Int] = []
        for end in text.indices.map({ $0 + 1 }) where end - (ends.last ?? 0) >= sought.count {
            if text[..<end].suffix(sought.count).elementsEqual(sought) { ends.append(end) }
        }
        return ends
    }

    @Test("It finds what a plain search finds, in every text of nine bytes, also behind an occurrence")
    func agrees() {
        for sought in (1...5).flatMap(Self.sequences) + ["aabc", "abcabd", "aabaaac"].map({ Array($0.utf8) }) {
            let scanner = SuffixScanner(ByteBuffer(bytes: sought))
            let others = [Array("aababc".utf8), Array("abcabcabd".utf8), Array("aabaabaaac".utf8)]
            for text in Self.sequences(9) + others {
                var scanner = scanner
                var ends: [Int] = []
                text.withUnsafeBytes { bytes in
                    while let end = scanner.endOfMatch(in: bytes, from: ends.last ?? 0) { ends.append(end) }
                }
                guard ends != Self.ends(of: sought, in: text) else { continue }
                Issue.record("\(String(decoding: sought, as: UTF8.self)) in \(String(decoding: text, as: UTF8.self))")
            }
        }
    }
}
