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
