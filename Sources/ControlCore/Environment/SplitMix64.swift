/// A small, fast generator of pseudo-random numbers with a 64-bit state (Steele, Lea and Flood, 2014).
///
/// Equal seeds give equal sequences on every machine and with every version of the compiler.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Makes a generator whose sequence `seed` decides.
    public init(seed: UInt64) {
        state = seed
    }

    /// Makes a generator for one purpose out of a seed that several share, so that none disturbs another's sequence.
    /// - Parameters:
    ///   - seed: the shared seed.
    ///   - label: names the purpose.
    public init(seed: UInt64, label: String) {
        // FNV-1a: the standard library's hash differs from process to process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        state = seed ^ hash
    }

    /// The next number, evenly distributed over all 64-bit values.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// The next number in 0..<1, evenly distributed.
    public mutating func nextUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}
