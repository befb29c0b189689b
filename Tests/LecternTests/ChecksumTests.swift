import Lectern
import Testing

/// What device protocols are checked by.
@Suite("Checksums and hexadecimal digits")
struct ChecksumTests {
    private func value(_ expression: String) throws -> String {
        try Stage().start("room", "print((select(-1, pcall(function() return \(expression) end))))").lines.first ?? ""
    }

    @Test(
        "Each check of the catalogue gives its check value for '123456789'",
        arguments: [
            ("CRC-8", "F4"), ("CRC-8/MAXIM", "A1"), ("CRC-16/ARC", "BB3D"), ("CRC-16/CCITT-FALSE", "29B1"),
            ("CRC-16/KERMIT", "2189"), ("CRC-16/MODBUS", "4B37"), ("CRC-16/X-25", "906E"), ("CRC-16/XMODEM", "31C3"),
            ("CRC-32", "CBF43926"), ("CRC-32/BZIP2", "FC891918"), ("CRC-32/MPEG-2", "0376E6E7"),
            ("CRC-32C", "E3069283"),
        ])
    func catalogue(_ model: String, _ check: String) throws {
        let width = check.utf8.count
        #expect(try value("('%0\(width)X'):format(checksum.crc('123456789', '\(model)'))") == check)
    }

    @Test(
        "Parameters give the catalogue's check values, widths below and above a byte's too",
        arguments: [
            ("width = 16, poly = 0x1021, init = 0xFFFF", "29B1"),
            ("width = 16, poly = 0x3D65, refin = true, refout = true, xorout = 0xFFFF", "EA82"),
            ("width = 5, poly = 0x05, init = 0x1F, refin = true, refout = true, xorout = 0x1F", "19"),
            ("width = 7, poly = 0x09", "75"), ("width = 24, poly = 0x864CFB, init = 0xB704CE", "21CF02"),
            ("width = 12, poly = 0x80F, refout = true", "DAF"),
            ("width = 64, poly = 0x42F0E1EBA9EA3693", "6C40DF5F0B497347"),
        ])
    func parameters(_ parameters: String, _ check: String) throws {
        #expect(try value("('%X'):format(checksum.crc('123456789', {\(parameters)}))") == check)
    }

    @Test(
        "Sums are cut to their bits; wrong arguments are named",
        arguments: [
            ("checksum.sum('123456789')", "221"), ("checksum.sum('123456789', 16)", "477"),
            ("checksum.xor('123456789')", "49"), ("checksum.lrc('123456789')", "35"),
            ("checksum.sum('')", "0"), ("checksum.lrc('')", "0"),
            ("hex.encode('\\0az')", "00617A"), ("hex.encode('abc', ' ')", "61 62 63"),
            ("hex.decode('61 62:63-64')", "abcd"), ("hex.decode('')", ""),
            ("hex.encode(hex.decode('00fF'))", "00FF"),
        ])
    func sums(_ expression: String, _ result: String) throws {
        #expect(try value(expression) == result)
    }

    @Test(
        "MD5 gives the digests of RFC 1321",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f"
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a"
            ),
        ])
    func md5(_ text: String, _ digest: String) throws {
        #expect(try value("hex.encode(checksum.md5('\(text)')):lower()") == digest)
    }

    @Test(
        "MD5 is right at the ends of its blocks",
        arguments: [
            (55, "04364420e25c512fd958a70738aa8f72"),
            (56, "668a72d5ba17f08e62dabcafad6db14b"),
            (57, "693037871c4a9d3d8685018905cb530a"),
            (63, "7dc2ca208106a2f703567bdff99d8981"),
            (64, "c1bb4f81d892b2d57947682aeb252456"),
            (65, "1bc932052302d074bdec39795fe00cf6"),
            (119, "ab347a5f68c8a443cfcddc633f12c24f"),
            (120, "fb98667f98096de92620b64f46e1c5b5"),
            (128, "d69cb61a6ee87200676eb0d4b90edbcb"),
            (1000, "398533d48111e9f664b1f64cb10c4b63"),
        ])
    func md5Blocks(_ count: Int, _ digest: String) throws {
        #expect(try value("hex.encode(checksum.md5(('x'):rep(\(count)))):lower()") == digest)
    }

    @Test(
        "Wrong arguments are named",
        arguments: [
            ("checksum.crc('x')", "give a model, or the parameters 'width' and 'poly'"),
            ("checksum.crc('x', 'CRC-32', 8)", "give a model or parameters, not both"),
            ("checksum.crc('x', {width = 8, poly = 256})", "'poly' of checksum.crc must be a number of 8 bits"),
            ("checksum.crc('x', 'CRC-99')", "must be one of 'CRC-16/ARC'"),
            ("hex.decode('6')", "the last byte has one digit only"), ("hex.decode('6 1')", "byte 2 of the text"),
            ("hex.decode('xy')", "byte 1 of the text is no hexadecimal digit"),
        ])
    func mistakes(_ expression: String, _ problem: String) throws {
        #expect(try value("error(select(2, pcall(function() return \(expression) end)), 0)").contains(problem))
    }
}
