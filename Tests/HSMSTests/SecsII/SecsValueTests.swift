import HSMS
import Testing

@Suite("SECS-II values")
struct SecsValueTests {
    @Test(
        "Values without a format take the natural one",
        arguments: [
            (SecsValue.integer(3), SecsItem.u1(3)), (.integer(256), .u2(256)), (.integer(-129), .i2(-129)),
            (.unsigned(.max), .u8(.max)), (.number(2), .f8(2)), (.boolean(true), true), (.bytes([0x41]), "A"),
            (.list([.integer(1), .list([])]), [.u1(1), []]),
        ] as [(SecsValue, SecsItem)])
    func natural(value: SecsValue, item: SecsItem) throws {
        #expect(try SecsItem(value) == item)
        #expect(item.value == value)
    }

    @Test(
        "A format makes arrays of lists, and exact conversions",
        arguments: [
            (SecsValue.list([.integer(1), .number(2)]), SecsFormat.u4, SecsItem.u4(1, 2)), (.integer(7), .f4, .f4(7)),
            (.list([]), .u2, .u2([])), (.integer(255), .binary, .binary(255)),
            (.bytes([1, 2]), .binary, .binary(1, 2)),
            (.bytes([0x41]), .localized, .localized("A")), (.list([.boolean(false)]), .boolean, false),
            (.list([.bytes([0x41])]), .list, ["A"]), (.bytes([0xB1]), .jis8, .jis8([0xB1])),
        ] as [(SecsValue, SecsFormat, SecsItem)])
    func formatted(value: SecsValue, format: SecsFormat, item: SecsItem) throws {
        #expect(try SecsItem(value, as: format) == item)
    }

    @Test(
        "What does not fit its format is an error that says so",
        arguments: [
            (SecsValue.integer(256), SecsFormat.u1, "256 does not fit U1"),
            (.integer(-1), .u8, "-1 does not fit U8"),
            (.number(1.5), .i4, "1.5 does not fit I4"),
            (.bytes([0x31]), .u1, "a text does not fit U1"),
            (.integer(1), .ascii, "1 does not fit A"),
            (.list([.integer(1), .bytes([])]), .u1, "a list of 2 values does not fit U1"),
            (.integer(1), .boolean, "1 does not fit BOOLEAN"),
            (.boolean(true), .list, "true does not fit L"),
        ])
    func unfit(value: SecsValue, format: SecsFormat, message: String) {
        let error = #expect(throws: SecsValueError.self) { try SecsItem(value, as: format) }
        #expect(error?.description == message)
    }

    @Test("Arrays of one give the value, of none or several a list")
    func single() {
        #expect(SecsItem.i4(-5).value == .integer(-5))
        #expect(SecsItem.i4([]).value == .list([]))
        #expect(SecsItem.f4(1, 2).value == .list([.number(1), .number(2)]))
        #expect(SecsItem.u8(5).value == .integer(5))
        #expect(SecsItem.binary(5).value == .bytes([5]))
        #expect(SecsItem.empty(.localized).value == .bytes([]))
    }
}
