import HSMS
import Testing

@Suite("SML")
struct SmlTests {
    static let texts: [(SecsItem, String)] = [
        ([], "<L>"),
        ([.u1(3), ["Hallo"], []], "<L [3]\n  <U1 3>\n  <L [1]\n    <A \"Hallo\">\n  >\n  <L>\n>"),
        (.binary(0, 0xFF), "<B 0x00 0xFF>"),
        (.boolean(true, false), "<BOOLEAN T F>"),
        ("", "<A>"),
        ("a\n\"b\" \\", "<A \"a\" 0x0A 0x22 \"b\" 0x22 \" \\\">"),
        (.ascii([0x80]), "<A 0x80>"),
        (.jis8([0xB1, 0x41]), "<J 0xB1 \"A\">"),
        (.localized("Ä!"), "<C2 2 0xC3 0x84 \"!\">"),
        (.empty(.localized), "<C2>"),
        (.i1(-128, 127), "<I1 -128 127>"),
        (.i8(.min), "<I8 -9223372036854775808>"),
        (.u8(.max), "<U8 18446744073709551615>"),
        (.f4(0.1, -0.5), "<F4 0.1 -0.5>"),
        (.f8(1e300, .infinity), "<F8 1e+300 inf>"),
        (.empty(.f8), "<F8>"),
    ]

    @Test("Items are printed one way and read back", arguments: texts)
    func items(item: SecsItem, sml: String) throws {
        #expect(item.description == sml)
        #expect(try SecsItem(sml: sml) == item)
    }

    @Test(
        "Other dialects are read too",
        arguments: [
            ("<l [2] <u4 [1] 0x10 > <A [2] 'ab'>>", [.u4(16), "ab"]),
            ("<BOOL True FALSE>", .boolean(true, false)),
            ("<W 3 \"x\">", .localized(LocalizedText(encoding: 3, bytes: [0x78]))),
            ("<B 0b101 7> // seven", .binary(5, 7)),
            ("<L /* one */ <A \"//\">>", ["//"]),
            ("<F4 1.0 .5 2>", .f4(1, 0.5, 2)),
            ("<A 'say \"hi\"'>", "say \"hi\""),
            ("<L<U1 1><U1 2>>", [.u1(1), .u1(2)]),
            ("<C2 2 \"Ä\">", .localized("Ä")),
            ("<U1\t1\u{0B}2\u{0C}3\r4\n5>", .u1(1, 2, 3, 4, 5)),
            ("<U1 [ 2 ] 1 2>", .u1(1, 2)),
            ("<U1 [0000000000000000002] 1 2>", .u1(1, 2)),
            ("<A [0] ''>", ""),
            ("<A ''\"\"'x'>", "x"),
            ("<BOOLEAN 1 0 TRUE F t f>", .boolean(true, false, true, false, true, false)),
            ("<A /**/ 'a' // b\n>", "a"),
            ("<A 'a' /* ** / */ 'b'>", "ab"),
            ("<A // one\r 'a' // two\r\n 'b'>", "ab"),
            ("<I2 -0 +7>", .i2(0, 7)),
            ("<U1 0XfF 0B11>", .u1(255, 3)),
        ] as [(String, SecsItem)])
    func dialects(sml: String, item: SecsItem) throws {
        #expect(try SecsItem(sml: sml) == item)
    }

    @Test(
        "Messages are printed and read back",
        arguments: [
            (SecsMessage(stream: 1, function: 1, expectsReply: true), "S1F1 W ."),
            (SecsMessage(stream: 9, function: 0), "S9F0 ."),
            (
                SecsMessage(stream: 1, function: 14, item: [.binary(0), []]),
                "S1F14\n<L [2]\n  <B 0x00>\n  <L>\n>\n."
            ),
        ])
    func messages(message: SecsMessage, sml: String) throws {
        #expect(message.description == sml)
        #expect(try SecsMessage(sml: sml) == message)
    }

    @Test("A file of messages with names and quotes is read")
    func file() throws {
        let messages = try SecsMessage.messages(
            sml: """
                // the start
                AreYouThere: 'S1F1' W.
                S1F2 <L [2] <A "M"> <A "1">>.
                Alarm : S5F1 W
                  <L [3] <B 0x81> <U4 17> <A "hot">>
                .
                """)
        #expect(messages.map(\.name) == ["S1F1", "S1F2", "S5F1"])
        #expect(messages.map(\.expectsReply) == [true, false, true])
        #expect(messages[2].item?[1] == .u4(17))
        #expect(try SecsMessage.messages(sml: " ") == [])
    }

    @Test(
        "A mistake is told with line and column",
        arguments: [
            ("<L\n  <U9 1>>", "line 2, column 4: 'U9' is no format"),
            ("<U1 1 256>", "line 1, column 7: '256' is no integer from 0 to 255"),
            ("<A \"abc", "line 1, column 4: a text does not end on its line"),
            ("<L [3] <A>>", "line 1, column 11: [3] is announced, but there are 1"),
            ("<A \"Ä\">", "line 1, column 4: only ASCII may stand in quotes; write other bytes as 0x80"),
            ("<U4 [x] 1>", "line 1, column 5: brackets hold a count, such as [2]"),
            ("<U1 <A>>", "line 1, column 5: here may stand: integer from 0 to 255, or >"),
            ("<A>\n<A>", "line 2, column 1: nothing may follow the item"),
            ("", "line 1, column 1: an item begins with <"),
            ("<L", "line 1, column 3: an item begins with <"),
            ("<A> /* x", "line 1, column 5: a comment does not end"),
            ("<BOOLEAN maybe>", "line 1, column 10: 'maybe' is no truth value (T or F)"),
            ("<C2 \"x\">", "line 1, column 5: a localized string begins with the code of its encoding"),
            // Lines end with a line feed, a carriage return, or both.
            ("<L\r\n<U9>>", "line 2, column 2: 'U9' is no format"),
            ("<L\r<U9>>", "line 2, column 2: 'U9' is no format"),
            ("<L\n\r<U9>>", "line 3, column 2: 'U9' is no format"),
            ("// x\n<U9>", "line 2, column 2: 'U9' is no format"),
            ("/* a\nb */ <U9>", "line 2, column 7: 'U9' is no format"),
            ("/* a\r\nb */ <U9>", "line 2, column 7: 'U9' is no format"),
            ("/*/ <A>", "line 1, column 1: a comment does not end"),
            ("<L /* *", "line 1, column 4: a comment does not end"),
            ("<L /x>", "line 1, column 4: an item begins with <"),
            ("<A \"a\nb\">", "line 1, column 4: a text does not end on its line"),
            ("<U4 [2\n] 1 2>", "line 1, column 5: brackets hold a count, such as [2]"),
            ("<U4 [-1] 1>", "line 1, column 5: brackets hold a count, such as [2]"),
            ("<U4 [00000000000000000002] 1 2>", "line 1, column 5: brackets hold a count, such as [2]"),
            ("<U4 [2", "line 1, column 5: brackets hold a count, such as [2]"),
            ("<U4 ]>", "line 1, column 5: ']' is no integer from 0 to 4294967295"),
            ("<U4 1.>", "line 1, column 6: here may stand: integer from 0 to 4294967295, or >"),
            ("<F8 .>", "line 1, column 5: here may stand: number, or >"),
            ("<F8 .5.5>", "line 1, column 5: '.5.5' is no number"),
            ("<U1 0xg>", "line 1, column 5: '0xg' is no integer from 0 to 255"),
            ("<U1 0b2>", "line 1, column 5: '0b2' is no integer from 0 to 255"),
            ("<A 256>", "line 1, column 4: '256' is no byte"),
            ("<A <", "line 1, column 4: here may stand: a text in quotes, a byte, or >"),
            ("<C2 65536 \"x\">", "line 1, column 5: '65536' is no code of an encoding"),
            ("<C2 3 \"Ä\">", "line 1, column 7: only ASCII may stand in quotes; write other bytes as 0x80"),
            ("<\"A\">", "line 1, column 2: the item has no format"),
            ("<U1 [1] 1 2>", "line 1, column 12: [1] is announced, but there are 2"),
            ("<L [0] <A>>", "line 1, column 11: [0] is announced, but there are 1"),
            ("<U1 é x>", "line 1, column 5: 'é' is no integer from 0 to 255"),
            ("<A 'é' x>", "line 1, column 4: only ASCII may stand in quotes; write other bytes as 0x80"),
            ("<C2 2 'é€😀' x>", "line 1, column 13: 'x' is no byte"),
        ])
    func mistakes(sml: String, expected: String) {
        let error = #expect(throws: SmlError.self) { try SecsItem(sml: sml) }
        #expect(error?.description == expected)
    }

    @Test(
        "A mistake in a message is told too",
        arguments: [
            ("S1F1 W", "line 1, column 7: a message ends with a full stop"),
            ("S128F1 .", "line 1, column 1: 'S128F1' is no stream and function such as S1F1"),
            ("<L> .", "line 1, column 1: a message begins with its stream and function, such as S1F1"),
            ("S1F1 . S1F1 .", "line 1, column 8: nothing may follow the message"),
            ("S1F256 .", "line 1, column 1: 'S1F256' is no stream and function such as S1F1"),
            ("X1F1 .", "line 1, column 1: 'X1F1' is no stream and function such as S1F1"),
            ("S1F1F1 .", "line 1, column 1: 'S1F1F1' is no stream and function such as S1F1"),
            ("S1 .", "line 1, column 1: 'S1' is no stream and function such as S1F1"),
            ("Name: <L> .", "line 1, column 7: a message begins with its stream and function, such as S1F1"),
            ("S1F1 V .", "line 1, column 6: a message ends with a full stop"),
        ])
    func messageMistakes(sml: String, expected: String) {
        let error = #expect(throws: SmlError.self) { try SecsMessage(sml: sml) }
        #expect(error?.description == expected)
    }

    @Test("Streams go up to 127 and functions to 255, in small letters too")
    func names() throws {
        #expect(try SecsMessage(sml: "s127f255 w .") == SecsMessage(stream: 127, function: 255, expectsReply: true))
        #expect(try SecsMessage(sml: "S0F0.") == SecsMessage(stream: 0, function: 0))
    }

    @Test("A word in a message about it is shown up to 80 bytes, and a longer one by its first 40 characters")
    func shownWords() {
        for (length, shown) in [
            (80, "'" + String(repeating: "x", count: 80) + "'"), (81, "'" + String(repeating: "x", count: 40) + "…'"),
        ] {
            let word = String(repeating: "x", count: length)
            let error = #expect(throws: SmlError.self) { try SecsItem(sml: "<\(word)>") }
            #expect(error?.message == "\(shown) is no format")
        }
    }

    @Test("Each message may have as many items as there may be, whatever the one before had")
    func mostItems() throws {
        func message(_ items: Int) -> String { "S1F1 <L" + String(repeating: "<L>", count: items - 1) + ">." }
        let most = SecsLimits.mostItems
        #expect(try SecsMessage.messages(sml: message(most) + message(2)).map(\.item?.itemCount) == [most, 2])
    }

    @Test("Nesting without end is refused, not followed")
    func depth() {
        let error = #expect(throws: SmlError.self) { try SecsItem(sml: String(repeating: "<L ", count: 20_000)) }
        #expect(error?.message == "lists are nested over \(SecsLimits.deepest) deep")
        func nested(_ depth: Int) -> String {
            String(repeating: "<L", count: depth) + String(repeating: ">", count: depth)
        }
        #expect(throws: Never.self) { try SecsItem(sml: nested(SecsLimits.deepest)) }
        #expect(throws: SmlError.self) { try SecsItem(sml: nested(SecsLimits.deepest + 1)) }
    }
}
