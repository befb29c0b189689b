/// A CRC by the parameters of the usual catalogues.
struct CyclicRedundancyCheck: Hashable {
    /// What is wrong with parameters.
    struct InvalidParameter: Error {
        let name: String
        let allowed: String
    }

    /// Bits of the result.
    let width: Int
    /// The generator, its highest term left out, highest bit first.
    let polynomial: UInt64
    /// What the register holds before the first byte.
    let initial: UInt64
    /// Whether the lowest bit of each byte comes first.
    let reflectsInput: Bool
    /// Whether the result's bits are turned around.
    let reflectsOutput: Bool
    /// What the result is combined with in the end.
    let finalXor: UInt64

    /// - Throws: ``InvalidParameter`` for a width outside of 1...64 or a value that has more bits than it.
    init(
        width: Int, polynomial: UInt64, initial: UInt64 = 0, reflectsInput: Bool = false, reflectsOutput: Bool = false,
        finalXor: UInt64 = 0
    ) throws(InvalidParameter) {
        guard (1...64).contains(width) else { throw InvalidParameter(name: "width", allowed: "from 1 to 64") }
        let mask = UInt64.max >> UInt64(64 - width)
        for (name, value) in [("poly", polynomial), ("init", initial), ("xorout", finalXor)] where value & ~mask != 0 {
            throw InvalidParameter(name: name, allowed: "a number of \(width) bits")
        }
        self.init(unchecked: width, polynomial, initial, reflectsInput, reflectsOutput, finalXor)
    }

    private init(
        unchecked width: Int, _ polynomial: UInt64, _ initial: UInt64, _ reflectsInput: Bool, _ reflectsOutput: Bool,
        _ finalXor: UInt64
    ) {
        self.width = width
        self.polynomial = polynomial
        self.initial = initial
        self.reflectsInput = reflectsInput
        self.reflectsOutput = reflectsOutput
        self.finalXor = finalXor
    }

    /// The named ones, by the catalogue's names.
    static let named: [String: CyclicRedundancyCheck] = [
        "CRC-8": .init(unchecked: 8, 0x07, 0, false, false, 0),
        "CRC-8/MAXIM": .init(unchecked: 8, 0x31, 0, true, true, 0),
        "CRC-16/ARC": .init(unchecked: 16, 0x8005, 0, true, true, 0),
        "CRC-16/CCITT-FALSE": .init(unchecked: 16, 0x1021, 0xFFFF, false, false, 0),
        "CRC-16/KERMIT": .init(unchecked: 16, 0x1021, 0, true, true, 0),
        "CRC-16/MODBUS": .init(unchecked: 16, 0x8005, 0xFFFF, true, true, 0),
        "CRC-16/X-25": .init(unchecked: 16, 0x1021, 0xFFFF, true, true, 0xFFFF),
        "CRC-16/XMODEM": .init(unchecked: 16, 0x1021, 0, false, false, 0),
        "CRC-32": .init(unchecked: 32, 0x04C1_1DB7, 0xFFFF_FFFF, true, true, 0xFFFF_FFFF),
        "CRC-32/BZIP2": .init(unchecked: 32, 0x04C1_1DB7, 0xFFFF_FFFF, false, false, 0xFFFF_FFFF),
        "CRC-32/MPEG-2": .init(unchecked: 32, 0x04C1_1DB7, 0xFFFF_FFFF, false, false, 0),
        "CRC-32C": .init(unchecked: 32, 0x1EDC_6F41, 0xFFFF_FFFF, true, true, 0xFFFF_FFFF),
    ]

    /// The register after each byte, for ``take(_:into:table:)``. Made once for all data of the same parameters.
    func table() -> [UInt64] {
        // The register is kept at the top of 64 bits, so that all widths, those below 8 too, go the same way.
        let generator = polynomial << UInt64(64 - width)
        return (0..<256).map { byte in
            var register = UInt64(byte) << 56
            for _ in 0..<8 { register = register >> 63 == 1 ? register << 1 ^ generator : register << 1 }
            return register
        }
    }

    /// What the register holds before the first byte of data that come in parts.
    var firstRegister: UInt64 { initial << UInt64(64 - width) }

    /// Takes the next part of the data.
    /// - Parameter table: that of these parameters.
    func take(_ data: some Sequence<UInt8>, into register: inout UInt64, table: [UInt64]) {
        for byte in data {
            let next = reflectsInput ? Self.reflectedBytes[Int(byte)] : byte
            register = table[Int(UInt8(truncatingIfNeeded: register >> 56) ^ next)] ^ (register << 8)
        }
    }

    /// The checksum of all that was taken.
    func result(of register: UInt64) -> UInt64 {
        var result = register >> UInt64(64 - width)
        if reflectsOutput { result = Self.reflected(result) >> UInt64(64 - width) }
        return result ^ finalXor
    }

    private static let reflectedBytes: [UInt8] = (0...255).map(reflected)

    private static func reflected<Word: FixedWidthInteger>(_ word: Word) -> Word {
        var (rest, result) = (word, Word.zero)
        for _ in 0..<Word.bitWidth {
            result = result << 1 | rest & 1
            rest >>= 1
        }
        return result
    }
}
