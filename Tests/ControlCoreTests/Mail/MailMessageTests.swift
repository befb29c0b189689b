import ByteText
import Foundation
import Testing

@testable import ControlCore

@Suite("Mails as bytes")
struct MailMessageTests {
    private static let time: Int64 = 1_767_225_600  // 2026-01-01 00:00:00 UTC, a Thursday

    private struct Zone: LocalTimeZone {
        let offset: Int
        func secondsFromUTC(at unixTime: Int64) -> Int { offset }
    }

    private func message(_ text: String = "Hello\n", subject: String = "Room 5") throws -> MailMessage {
        var message = MailMessage(
            sender: try MailAddress("Room 5 <room5@example.org>", parameter: "address"),
            to: [try MailAddress("help@example.org", parameter: "receiver")], text: Array(text.utf8))
        message.subject = subject
        return message
    }

    private func text(_ message: MailMessage, offset: Int = 0) -> String {
        String(decoding: message.bytes(unixTime: Self.time, in: Zone(offset: offset), random: 35), as: UTF8.self)
    }

    @Test("A mail has these headers and this text")
    func whole() throws {
        #expect(
            try text(message(), offset: -12_600) == """
                Date: Wed, 31 Dec 2025 20:30:00 -0330\r
                From: Room 5 <room5@example.org>\r
                To: help@example.org\r
                Subject: Room 5\r
                Message-ID: <t85s00.z@example.org>\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                \r
                Hello\r

                """)
    }

    @Test("Who gets a copy is named, who gets a hidden one is not; each address gets one mail")
    func copies() throws {
        var mail = try message()
        mail.cc = [try MailAddress("Jörg \"J\" <j@example.org>", parameter: "receiver")]
        mail.bcc = [try MailAddress("boss@example.org", parameter: "receiver"), mail.to[0]]
        let bytes = text(mail)
        #expect(bytes.contains("\r\nCc: =?utf-8?B?SsO2cmcgIkoi?= <j@example.org>\r\n"))
        #expect(!bytes.contains("boss") && !bytes.contains("Bcc"))
        #expect(mail.recipients == ["help@example.org", "j@example.org", "boss@example.org"])
        mail.to = []
        mail.cc = []
        #expect(text(mail).contains("\r\nTo: undisclosed-recipients:;\r\n"))
    }

    @Test(
        "A subject is written so",
        arguments: [
            ("", ""), ("Projector is hot", "Projector is hot"), ("Ä", "=?utf-8?B?w4Q=?="), ("=?x", "=?utf-8?B?PT94?="),
            ("two  spaces", "=?utf-8?B?dHdvICBzcGFjZXM=?="),
            (
                "The projector of room 5 has not answered for ten minutes and is tried again",
                "The projector of room 5 has not answered for ten minutes and is\r\n tried again"
            ),
            (
                String(repeating: "é", count: 23),
                "=?utf-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6k=?=\r\n =?utf-8?B?w6k=?="
            ),
        ])
    func subjects(_ subject: String, _ written: String) throws {
        let line = HeaderText.line("Subject", subject)
        #expect(line == "Subject: \(written)\r\n")
        #expect(line.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 88 })
    }

    @Test(
        "A text goes in lines that every server takes",
        arguments: [
            ("", "7bit", ""), ("a\rb\r\nc\nd", "7bit", "a\r\nb\r\nc\r\nd\r\n"), ("\n\n", "7bit", "\r\n\r\n"),
            (".\n..", "7bit", ".\r\n..\r\n"),
            (
                "Kühlung = 20 °C, sagt der Raum \n.", "quoted-printable",
                "K=C3=BChlung =3D 20 =C2=B0C, sagt der Raum=20\r\n.\r\n"
            ),
            ("ää", "base64", "w6TDpA==\r\n"),
            (
                String(repeating: "x", count: 1_000), "quoted-printable",
                String(repeating: String(repeating: "x", count: 75) + "=\r\n", count: 13)
                    + String(repeating: "x", count: 25)
                    + "\r\n"
            ),
        ])
    func texts(_ text: String, _ encoding: String, _ bytes: String) {
        let body = MailBody(Array(text.utf8))
        #expect(body.headers.contains("charset=utf-8\r\nContent-Transfer-Encoding: \(encoding)\r\n"))
        #expect(String(decoding: body.bytes, as: UTF8.self) == bytes)
    }

    @Test("What is not UTF-8 is Latin-1")
    func latin1() {
        let body = MailBody([0xE4, 0xE4])
        #expect(body.headers.contains("charset=iso-8859-1\r\nContent-Transfer-Encoding: base64"))
        #expect(String(decoding: body.bytes, as: UTF8.self) == "5OQ=\r\n")
    }

    @Test("Base64 agrees with Foundation")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64.encode(bytes) == Array(Data(bytes).base64EncodedString().utf8))
        }
    }

    @Test(
        "An address is read",
        arguments: [
            ("a@b", "a@b", nil), (" a.b+c@x-y.example.org ", "a.b+c@x-y.example.org", nil),
            ("Room 5 <r@b>", "r@b", "Room 5"), ("\"Müller, Jörg\" <j@b>", "j@b", "Müller, Jörg"), ("<a@b>", "a@b", nil),
            ("root@[10.0.0.1]", "root@[10.0.0.1]", nil), ("root@[IPv6:::1]", "root@[IPv6:::1]", nil),
        ] as [(String, String, String?)])
    func addresses(_ text: String, _ address: String, _ name: String?) throws {
        let read = try MailAddress(text, parameter: "address")
        #expect(read.address == address)
        #expect(read.name == name)
    }

    @Test(
        "What is no address, or could pass for a header of its own, is refused",
        arguments: [
            "", "a", "@b", "a@", "a b@c", "a@b c", "a@b>", "<a@b", "a@b\r\nBcc: x@y", "X\n <a@b>", "a,b@c", "a@b, c@d",
            "ä@b",
            "a@ä", "a@b\0", "a\"b@c", "a@[]", String(repeating: "a", count: 65) + "@b",
            "a@" + String(repeating: "b", count: 253), String(repeating: "n", count: 201) + " <a@b>",
        ])
    func badAddresses(_ text: String) {
        #expect(throws: ParameterError.self) { try MailAddress(text, parameter: "address") }
    }
}
