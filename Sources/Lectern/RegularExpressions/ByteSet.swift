/// A set of byte values.
struct ByteSet: Hashable, Sendable {
    private var words = SIMD4<UInt64>()

    /// The set of all bytes.
    static let all = ByteSet { _ in true }

    /// The empty set.
    init() {}

    /// The bytes for which `includes` is true.
    init(where includes: (UInt8) -> Bool) {
        for byte in UInt8.min...UInt8.max where includes(byte) { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    func union(_ other: ByteSet) -> ByteSet {
        var all = self
        all.formUnion(other)
        return all
    }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }

    /// The bytes that are not in this set.
    var inverted: ByteSet {
        var other = self
        other.words = ~words
        return other
    }

    var isEmpty: Bool { words == SIMD4<UInt64>() }

    /// The one byte of a set of one, else nil.
    var single: UInt8? {
        guard (0..<4).reduce(0, { $0 + words[$1].nonzeroBitCount }) == 1,
            let word = (0..<4).first(where: { words[$0] != 0 })
        else { return nil }
        return UInt8(word * 64 + words[word].trailingZeroBitCount)
    }

    /// This set where letters match in both cases: a byte is in it when its small letter is, for whose sake `self` was
    /// made of small letters.
    var ignoringCase: ByteSet { ByteSet { contains($0.lowercased) } }

    /// The small letters of this set in the place of its capital ones.
    var lowercased: ByteSet {
        var small = ByteSet()
        for byte in UInt8.min...UInt8.max where contains(byte) { small.insert(byte.lowercased) }
        return small
    }

    /// The bytes of a category such as `\d`, by its letter.
    init(category letter: UInt8) {
        let set = ByteSet { byte in
            switch letter | 0x20 {
            case UInt8(ascii: "d"): byte.isASCIIDigit
            case UInt8(ascii: "s"): byte == 0x20 || (0x09...0x0d).contains(byte)
            default: byte.isASCIIDigit || byte.isASCIILetter || byte == UInt8(ascii: "_")
            }
        }
        self = letter & 0x20 == 0 ? set.inverted : set
    }
}

extension UInt8 {
    /// The small letter of an ASCII capital, else the byte itself.
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
