import Bytes
import HSMS
import Testing

@Suite("Malformed SECS-II texts")
struct SecsItemDecoderTests {
    private func reason(
        _ text: [UInt8], limits: SecsLimits = SecsLimits()
    ) -> (SecsDecodingError.Reason?, offset: Int?) {
        do {
            _ = try SecsItem.decode(text, limits: limits)
            return (nil, nil)
        } catch {
            return (error.reason, error.offset)
        }
    }

    @Test(
        "What is no item is refused, at its place",
        arguments: [
            ("41056162", SecsDecodingError.Reason.truncated, 0),
            ("41", .truncated, 0),
            ("4200", .truncated, 0),
            ("43ffff", .truncated, 0),
            ("40", .missingLength, 0),
            ("0102a50103", .truncated, 0),
            ("0102a50103 a901", .truncated, 5),
            ("a903000102", .unevenLength(.u2, length: 3), 0),
            ("8104 00000000", .unevenLength(.f8, length: 4), 0),
            ("4901 00", .unevenLength(.localized, length: 1), 0),
            ("0100 00", .trailingBytes(1), 2),
            ("a501034100", .trailingBytes(2), 3),
            ("0501", .unknownFormat(1), 0),
            ("0101fd00", .unknownFormat(63), 2),
            ("7501 00", .unknownFormat(0o35), 0),
        ])
    func malformed(hex: String, expected: SecsDecodingError.Reason, offset: Int) {
        let found = reason(bytes(hex))
        #expect(found.0 == expected)
        #expect(found.offset == offset)
    }

    @Test("A list that promises more items than bytes can follow is refused before anything is taken for it")
    func promises() {
        #expect(reason(bytes("03ffffff")).0 == .truncated)
        // Each list inside would fit alone; together they promise more than there is.
        #expect(reason(bytes("0103 0103 0100 0100 0100")).0 == .truncated)
    }

    @Test("Lists nested too deep, too many items and too many bytes pass a limit")
    func limits() {
        let deep = [UInt8](repeating: 1, count: 2 * 64) + [1, 0]
        #expect(reason(deep) == (.tooDeep(limit: 64), 128))
        #expect(reason(Array(deep.dropFirst(2))).0 == nil)
        let many = [UInt8]([3, 0, 0, 4, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0])
        #expect(reason(many, limits: SecsLimits(maximumItems: 5)).0 == nil)
        // The promise is refused, and not its last item.
        #expect(reason(many, limits: SecsLimits(maximumItems: 4)) == (.tooManyItems(limit: 4), 0))
        #expect(reason(many, limits: SecsLimits(maximumBytes: 12)).0 == nil)
        #expect(reason(many, limits: SecsLimits(maximumBytes: 11)) == (.tooManyBytes(limit: 11), 0))
    }

    @Test("A buffer of one byte is no item, and an empty one is nothing")
    func buffers() throws {
        #expect(throws: SecsDecodingError.self) { try SecsItem.decode(ByteBuffer(bytes: [1])) }
        #expect(try SecsItem.decode(ByteBuffer()) == nil)
        #expect(try SecsItem.decode(ByteBuffer(bytes: [1, 0])) == .list([]))
    }

    @Test("The first two bytes of a localized text tell its encoding, the higher one first")
    func localized() throws {
        let item = try #require(try SecsItem.decode(bytes("4904 0102 4142")))
        #expect(item.content == .localized(LocalizedText(encoding: 0x0102, bytes: [0x41, 0x42])))
    }

    @Test(
        "Booleans are true for every byte but 0, and are written as they came",
        arguments: [
            ("25020001", [false, true]), ("25020002", [false, true]), ("25020202", [true, true]),
            ("25020000", [false, false]),
        ])
    func booleans(hex: String, values: [Bool]) throws {
        let item = try #require(try SecsItem.decode(bytes(hex)))
        #expect(item == .boolean(values))
        var written = ByteBuffer()
        try item.encode(into: &written)
        #expect(Array(written.readableBytesView) == bytes(hex))
    }

    @Test("Every beginning of a text is refused, and so is the text with a byte more")
    func everyPrefix() throws {
        let text = bytes("0103 a50101 a9020539 0101 0102 a90203e8 0102 4103564152 b104ffffffff")
        for length in 1..<text.count { #expect(reason(Array(text.prefix(length))).0 == .truncated, "\(length)") }
        #expect(reason(text).0 == nil)
        #expect(reason(text + [0]).0 == .trailingBytes(1))
    }
}
