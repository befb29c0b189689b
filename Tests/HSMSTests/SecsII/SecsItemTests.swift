import Bytes
import HSMS
import Testing

@Suite("SECS-II items")
struct SecsItemTests {
    /// Items and the bytes that secsgem 0.1.0 makes of them.
    static let vectors: [(SecsItem, String)] = [
        ([], "0100"),
        ([.u1(3), "Hallo"], "0102 a50103 4105 48616c6c6f"),
        (.binary(0, 0xFF), "210200ff"),
        (.boolean(true, false), "25020100"),
        ("Hi", "41024869"),
        ("", "4100"),
        (.i1(-1, 127), "6502ff7f"),
        (.i2(-2), "6902fffe"),
        (.i4(-3), "7104fffffffd"),
        (.i8(-4), "6108fffffffffffffffc"),
        (.u1(1, 2, 3), "a503010203"),
        (.u2(65_535), "a902ffff"),
        (.u4(1_337), "b10400000539"),
        (.u8(9_223_372_036_854_775_808), "a1088000000000000000"),
        (.f4(1.5), "91043fc00000"),
        (.f8(-2.25), "8108c002000000000000"),
        (.empty(.u4), "b100"),
        (.binary(bytes("0000 e301 0000 00000016")), "210a 0000 e301 0000 00000016"),
        (
            [.unsigned(1), .unsigned(1_337), [[.unsigned(1_000), ["VAR", .unsigned(4_294_967_295)]]]],
            "0103 a50101 a9020539 0101 0102 a90203e8 0102 4103564152 b104ffffffff"
        ),
        (["START", [["A", "x"]]], "0102 41055354415254 0101 0102 410141 410178"),
        ([.binary(0), ["secsgem", "0.1.0"]], "0102 210100 0102 4107 7365637367656d 4105 302e312e30"),
        // Formats that secsgem lacks or gets wrong.
        (.jis8([0x5C, 0xB1]), "45025cb1"),
        (.localized("Ä"), "49040002c384"),
        (.localized(LocalizedText(encoding: 1, bytes: [])), "49020001"),
        (.empty(.localized), "4900"),
        (.unsigned(4_294_967_296), "a1080000000100000000"),
        (.signed(-32_769), "7104ffff7fff"),
    ]

    @Test("Items and their bytes are the same in both directions", arguments: vectors)
    func vector(item: SecsItem, hex: String) throws {
        #expect(try item.encoded() == ByteBuffer(bytes: bytes(hex)))
        #expect(try SecsItem.decode(bytes(hex)) == item)
        #expect(try SecsItem.decode(ByteBuffer(bytes: bytes(hex))) == item)
    }

    @Test(
        "A length takes one byte up to 255, two up to 65,535, then three",
        arguments: [
            (255, "41ff"), (256, "420100"), (65_535, "42ffff"), (65_536, "43010000"),
        ])
    func lengthBytes(length: Int, header: String) throws {
        let encoded = try SecsItem.ascii([UInt8](repeating: 0x61, count: length)).encoded()
        #expect(Array(encoded.readableBytesView.prefix(bytes(header).count)) == bytes(header))
        #expect(encoded.readableBytes == bytes(header).count + length)
        #expect(try SecsItem.decode(encoded)?.count == length)
    }

    @Test("No bytes are no item")
    func nothing() throws {
        #expect(try SecsItem.decode([]) == nil)
        #expect(try SecsItem.decode(ByteBuffer()) == nil)
    }

    @Test(
        "More length bytes than needed are kept, and do not make an item another",
        arguments: [
            ("42000148", "410148"), ("43000000", "4100"), ("0200010100", "01010100"),
            ("b3000004 00000001", "b10400000001"),
        ])
    func nonMinimal(hex: String, minimal: String) throws {
        let item = try #require(try SecsItem.decode(bytes(hex)))
        #expect(try item.encoded() == ByteBuffer(bytes: bytes(hex)))
        let same = try #require(try SecsItem.decode(bytes(minimal)))
        #expect(item == same)
        #expect(item.hashValue == same.hashValue)
        // Made anew from its content, it is written with the least.
        #expect(try SecsItem(item.content).encoded() == ByteBuffer(bytes: bytes(minimal)))
    }

    @Test("Any byte but 0 is true, and is kept")
    func oddTruth() throws {
        let item = try #require(try SecsItem.decode(bytes("260003 00ff02")))
        #expect(item == .boolean(false, true, true))
        #expect(try item.encoded() == ByteBuffer(bytes: bytes("260003 00ff02")))
    }

    @Test("Numbers that are not equal to themselves keep their bits")
    func notANumber() throws {
        for hex in ["91047fa00001", "91047fc00000", "8108fff0000000000001"] {
            #expect(try SecsItem.decode(bytes(hex))?.encoded() == ByteBuffer(bytes: bytes(hex)))
        }
    }

    @Test("An item too long for three length bytes is an error, and nothing of it is written")
    func tooLong() throws {
        var buffer = ByteBuffer(string: "before")
        let long = SecsItem.u8([UInt64](repeating: 0, count: 0x20_0000))
        #expect(throws: SecsEncodingError.tooLong(.u8, length: 0x100_0000)) {
            try SecsItem.list("x", long).encode(into: &buffer)
        }
        #expect(buffer == ByteBuffer(string: "before"))
    }

    @Test("Lists nested too deep are an error when written")
    func tooDeep() throws {
        func nested(_ depth: Int) -> SecsItem { (1..<depth).reduce([]) { item, _ in [item] } }
        #expect(throws: SecsEncodingError.tooDeep) { try nested(SecsLimits.deepest + 1).encoded() }
        let deepest = try nested(SecsLimits.deepest).encoded()
        #expect(try SecsItem.decode(deepest, limits: SecsLimits(maximumDepth: 10_000)) == nested(SecsLimits.deepest))
    }

    @Test("Accessors give a value only where there is one of the kind")
    func access() {
        let item: SecsItem = [.u4(7), "text", .boolean(true), .f4(1.5), .i2(-1), .binary(4), .u1(1, 2), []]
        #expect(item.count == 8)
        #expect(item[0]?.unsignedInteger == 7)
        #expect(item[0]?.text == nil)
        #expect(item[1]?.text == "text")
        #expect(item[1]?.unsignedInteger == nil)
        #expect(item[2]?.boolean == true)
        #expect(item[3]?.number == 1.5)
        #expect(item[3]?.signedInteger == nil)
        #expect(item[4]?.signedInteger == -1)
        #expect(item[4]?.unsignedInteger == nil)
        #expect(item[5]?.byte == 4)
        #expect(item[6]?.unsignedInteger == nil)
        #expect(item[6]?.unsignedIntegers == [1, 2])
        #expect(item[7]?.items == [])
        #expect(item[8] == nil)
        #expect(item[0]?[0] == nil)
        #expect(SecsItem.ascii([0xFF]).text == nil)
        #expect(SecsItem.u8(.max).signedInteger == nil)
        #expect(SecsItem.localized("Ä").text == "Ä")
    }
}
