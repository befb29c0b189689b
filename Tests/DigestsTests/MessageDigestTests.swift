import Digests
import Testing

@Suite("Digests")
struct MessageDigestTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(
        "An algorithm gives what its standard says of 'abc'",
        arguments: [
            (MessageDigest.Algorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
            (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            ),
            (
                .sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
            (.sha3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
            (.sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            (
                .sha3_384,
                "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"
            ),
            (
                .sha3_512,
                "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
                    + "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"
            ),
        ])
    func standards(_ algorithm: MessageDigest.Algorithm, _ expected: String) throws {
        let digest = try MessageDigest.digest(of: Array("abc".utf8), by: algorithm)
        #expect(Self.hex(digest) == expected)
        #expect(try MessageDigest(algorithm).size == digest.count)
    }

    @Test("Bytes may come in parts of any length, and the result may be asked for in between")
    func parts() throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for algorithm in MessageDigest.Algorithm.allCases {
            for key in [nil, [], [UInt8](repeating: 9, count: 200)] {
                let digest = try MessageDigest(algorithm, key: key)
                var start = 0
                for length in [0, 1, 63, 64, 65, 300, 507] {
                    try bytes[start..<start + length].withUnsafeBytes { try digest.update($0) }
                    start += length
                    let sofar = try MessageDigest.digest(of: Array(bytes[..<start]), by: algorithm, key: key)
                    #expect(try digest.result() == sofar)
                }
                #expect(start == bytes.count)
            }
        }
    }

    @Test("A digest is right at every length around a block's end")
    func lengths() throws {
        // A chain over all lengths; the last digest was computed with Python's hashlib.
        var digest: [UInt8] = []
        for length in 50...130 {
            digest = try MessageDigest.digest(of: digest + [UInt8](repeating: 7, count: length), by: .sha256)
        }
        #expect(Self.hex(digest) == "010c22b66f480ee2af83fc1ce6e26b0069c4cbf85564635613ed58c20bc34f80")
    }

    @Test("A copy goes on by itself")
    func copies() throws {
        let digest = try MessageDigest(.sha256)
        try Array("ab".utf8).withUnsafeBytes { try digest.update($0) }
        let copy = try digest.copy()
        try Array("c".utf8).withUnsafeBytes { try copy.update($0) }
        #expect(try copy.result() == MessageDigest.digest(of: Array("abc".utf8), by: .sha256))
        #expect(try digest.result() == MessageDigest.digest(of: Array("ab".utf8), by: .sha256))
    }

    @Test("HMAC gives what RFC 2202 and RFC 4231 say")
    func keyed() throws {
        let data = Array("what do ya want for nothing?".utf8)
        let key = Array("Jefe".utf8)
        #expect(
            Self.hex(try MessageDigest.digest(of: data, by: .md5, key: key)) == "750c783e6ab0b503eaa86e310a5db738")
        #expect(
            Self.hex(try MessageDigest.digest(of: data, by: .sha1, key: key))
                == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        #expect(
            Self.hex(try MessageDigest.digest(of: data, by: .sha256, key: key))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let longKey = [UInt8](repeating: 0xAA, count: 131)
        let text = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        #expect(
            Self.hex(try MessageDigest.digest(of: text, by: .sha256, key: longKey))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(try MessageDigest(.sha512, key: []).blockSize == 128)
    }

    @Test("Random bytes are as many as asked for, and others each time")
    func random() throws {
        #expect(try SecureRandom.bytes(0).isEmpty)
        let bytes = try SecureRandom.bytes(1000)
        #expect(bytes.count == 1000)
        #expect(Set(bytes).count > 100)
        #expect(try SecureRandom.bytes(16) != SecureRandom.bytes(16))
    }
}
