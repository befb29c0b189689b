import Testing

@testable import ControlCore

@Suite("SMTP, the client's side")
struct SMTPStateMachineTests {
    /// What the machine did, in lines: what it sent, and what became of it.
    private struct Scene {
        var machine: SMTPStateMachine
        var said: [String] = []

        init(
            _ protection: MailServer.Protection = .none, login: Bool = false, recipients: [String] = ["b@y"],
            message: String = "Subject: x\r\n\r\n.text\r\n"
        ) {
            let server = MailServer(
                host: "mail", port: 25, login: login ? MailServer.Login(user: "user", password: "päss") : nil,
                protection: protection, terms: TLSTerms(role: .client))
            machine = SMTPStateMachine(
                server, name: "[10.0.0.1]", sender: "a@x", recipients: recipients, message: Array(message.utf8))
        }

        mutating func note(_ actions: [SMTPStateMachine.Action]) {
            for action in actions {
                switch action {
                case .send(let bytes):
                    said += String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "|").split(separator: "\n")
                        .map(String.init)
                case .startTLS: said.append("TLS")
                case .finish(let outcome): said.append("\(outcome.word): \(outcome.detail ?? "-")")
                }
            }
        }

        mutating func hears(_ text: String) { note(machine.received(text.replacing("\n", with: "\r\n").utf8)) }
    }

    private static let talk = """
        220 mail ESMTP
        250-mail greets
        250-SIZE 1000
        250 8BITMIME
        250 sender
        250 recipient
        354 go on
        250 taken
        221 bye

        """
    private static let answers = [
        "EHLO [10.0.0.1]|", "MAIL FROM:<a@x> SIZE=21|", "RCPT TO:<b@y>|", "DATA|", "Subject: x||..text|.|", "QUIT|",
        "Sent: -",
    ]

    @Test("A mail goes through, however the server's bytes are cut")
    func cuts() {
        for size in [1, 2, 3, 7, 1_000] {
            var scene = Scene()
            let bytes = Array(Self.talk.replacing("\n", with: "\r\n").utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                scene.note(scene.machine.received(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(scene.said == Self.answers)
        }
    }

    @Test("Lines may end with LF alone, and replies have no text")
    func lean() {
        var scene = Scene()
        scene.note(scene.machine.received("220\n250\n250\n250\n354\n250\n221\n".utf8))
        #expect(scene.said.contains("Sent: -"))
    }

    @Test(
        "A refusal at any step ends in order, with what the server said",
        arguments: [
            (0, "554 no service", "Refused: 554 no service"), (0, "421 busy", "Refused: 421 busy"),
            (1, "550 who are you", "Refused: 550 who are you"),
            (2, "550-not you\n550 really", "Refused: 550 not you really"),
            (3, "550 unknown", "Refused: b@y: 550 unknown"), (4, "554 no", "Refused: 554 no"),
            (4, "250 what", "Refused: 250 what"),
            (5, "552 too much", "Refused: 552 too much"), (5, "421 going down", "Refused: 421 going down"),
        ])
    func refusals(_ step: Int, _ reply: String, _ outcome: String) {
        let replies = ["220 mail", "250 mail", "250 ok", "250 ok", "354 go", "250 ok"]
        var scene = Scene()
        for reply in replies.prefix(step) { scene.hears(reply + "\n") }
        scene.hears(reply + "\n")
        #expect(scene.said.suffix(2) == ["QUIT|", outcome])
        let count = scene.said.count
        scene.hears("221 bye\n250 more\n")
        #expect(scene.said.count == count)
    }

    @Test("A server of before extensions is greeted by HELO; one that must protect or log in is not")
    func oldServer() {
        var scene = Scene(.startTLSIfOffered)
        scene.hears("220 old\n500 what\n250 hello\n")
        #expect(scene.said == ["EHLO [10.0.0.1]|", "HELO [10.0.0.1]|", "MAIL FROM:<a@x>|"])
        var strict = Scene(.startTLS)
        strict.hears("220 old\n502 what\n")
        #expect(strict.said.last == "Refused: 502 what")
    }

    @Test("Some recipients may be refused: the others get it")
    func someRefused() {
        var scene = Scene(recipients: ["b@y", "c@y", "d@y"])
        scene.hears("220 m\n250 m\n250 ok\n250 ok\n550 no c\n251 forwarded\n354 go\n250 ok\n")
        #expect(scene.said.contains("Sent: not to c@y (550 no c)"))
        var all = Scene(recipients: ["b@y", "c@y"])
        all.hears("220 m\n250 m\n250 ok\n550 no b\n451 no c\n")
        #expect(all.said.suffix(2) == ["QUIT|", "Refused: b@y: 550 no b; c@y: 451 no c"])
    }

    @Test("A mail that is larger than the server takes is not begun")
    func size() {
        var scene = Scene()
        scene.hears("220 m\n250-m\n250 SIZE 20\n")
        #expect(scene.said.suffix(2) == ["QUIT|", "Refused: the mail has 21 bytes, and the server takes 20"])
        var unlimited = Scene()
        unlimited.hears("220 m\n250-m\n250 SIZE 0\n")
        #expect(unlimited.said.last == "MAIL FROM:<a@x> SIZE=21|")
    }

    // MARK: - TLS

    @Test("After STARTTLS all that was said before is forgotten, and the greeting comes again")
    func startTLS() {
        for protection in [MailServer.Protection.startTLS, .startTLSIfOffered] {
            var scene = Scene(protection, login: true)
            scene.hears("220 m\n250-m\n250-AUTH PLAIN\n250 STARTTLS\n220 go\n")
            #expect(scene.said == ["EHLO [10.0.0.1]|", "STARTTLS|", "TLS"])
            scene.note(scene.machine.secured())
            scene.hears("250-m\n250 AUTH LOGIN\n")
            #expect(scene.said.suffix(2) == ["EHLO [10.0.0.1]|", "AUTH LOGIN|"])
        }
    }

    @Test("Bytes behind the reply to STARTTLS are somebody else's, and end all")
    func injection() {
        var scene = Scene(.startTLS)
        scene.hears("220 m\n250-m\n250 STARTTLS\n220 go\n250 injected\n")
        #expect(scene.said.suffix(1) == ["ProtocolError: the server sent more than a reply to STARTTLS"])
    }

    @Test("Without STARTTLS nothing goes where it is asked for, and no password where it is not forbidden")
    func withoutTLS() {
        var asked = Scene(.startTLS)
        asked.hears("220 m\n250 m\n")
        #expect(asked.said.suffix(2) == ["QUIT|", "HandshakeFailed: the server does not offer STARTTLS"])
        var refused = Scene(.startTLS)
        refused.hears("220 m\n250-m\n250 STARTTLS\n454 not now\n")
        #expect(refused.said.suffix(2) == ["QUIT|", "Refused: 454 not now"])
        var login = Scene(.startTLSIfOffered, login: true)
        login.hears("220 m\n250-m\n250 AUTH PLAIN\n")
        #expect(
            login.said[2].hasPrefix(
                "AuthenticationFailed: the server offers no TLS, and the password is not sent without"))
        var plain = Scene(.startTLSIfOffered)
        plain.hears("220 m\n250 m\n")
        #expect(plain.said.last == "MAIL FROM:<a@x>|")
    }

    // MARK: - Login

    @Test("Who logs in does so by PLAIN, or else by LOGIN", arguments: [MailServer.Protection.none, .tls])
    func login(_ protection: MailServer.Protection) {
        var scene = Scene(protection, login: true)
        scene.hears("220 m\n250-m\n250 AUTH LOGIN PLAIN\n235 in\n")
        #expect(scene.said.suffix(2) == ["AUTH PLAIN AHVzZXIAcMOkc3M=|", "MAIL FROM:<a@x>|"])
        var asked = Scene(protection, login: true)
        asked.hears("220 m\n250-m\n250 AUTH=PLAIN\n334 \n235 in\n")
        #expect(asked.said.suffix(2) == ["AHVzZXIAcMOkc3M=|", "MAIL FROM:<a@x>|"])
        var old = Scene(protection, login: true)
        old.hears("220 m\n250-m\n250 AUTH CRAM-MD5 LOGIN\n334 VXNlcm5hbWU6\n334 UGFzc3dvcmQ6\n235 in\n")
        #expect(old.said.suffix(4) == ["AUTH LOGIN|", "dXNlcg==|", "cMOkc3M=|", "MAIL FROM:<a@x>|"])
    }

    @Test(
        "A login that fails says why",
        arguments: [
            ("250 m", "the server offers no login"),
            ("250 AUTH CRAM-MD5 NTLM", "the server offers only logins by CRAM-MD5, NTLM; PLAIN and LOGIN are known"),
            ("250 AUTH PLAIN\n535 5.7.8 wrong", "535 5.7.8 wrong"),
            ("250 AUTH LOGIN\n235 in", "235 in"),
            ("250 AUTH LOGIN\n334 a\n334 b\n334 c", "the server asks for more than a name and a password: 334 c"),
        ])
    func loginFails(_ replies: String, _ detail: String) {
        var scene = Scene(.none, login: true)
        scene.hears("220 m\n250-m\n\(replies)\n")
        #expect(scene.said.suffix(2) == ["QUIT|", "AuthenticationFailed: \(detail)"])
    }

    // MARK: - Trouble

    @Test("An end of the connection is told of, but not behind the last word")
    func ends() {
        var scene = Scene()
        scene.hears("220 m\n")
        scene.note(scene.machine.closed(nil))
        #expect(scene.said.suffix(1) == ["Disconnected: the server has closed the connection"])
        var broken = Scene()
        broken.note(broken.machine.closed("Connection reset by peer"))
        #expect(broken.said.first == "Disconnected: Connection reset by peer")
        var done = Scene()
        done.hears("220 m\n250 m\n250 ok\n250 ok\n354 go\n250 ok\n")
        let count = done.said.count
        done.note(done.machine.closed("Connection reset by peer"))
        #expect(done.said.count == count)
    }

    @Test(
        "What is no SMTP ends all with one line",
        arguments: [
            ("SSH-2.0-OpenSSH\n", "the server sent 'SSH-2.0-OpenSSH', which is no reply of SMTP"),
            ("HTTP/1.1 400 Bad\n", "the server sent 'HTTP/1.1 400 Bad', which is no reply of SMTP"),
            ("220-a\n250 b\n", "the server sent '250 b', which is no reply of SMTP"),
            ("22\n", "the server sent '22', which is no reply of SMTP"),
            ("2201 x\n", "the server sent '2201 x', which is no reply of SMTP"),
            (String(repeating: "2", count: 5_000), "the server's reply is too long"),
            (String(repeating: "220-x\n", count: 201), "the server's reply is too long"),
            (
                String(repeating: "220-" + String(repeating: "x", count: 4_000) + "\n", count: 20),
                "the server's reply is too long"
            ),
        ])
    func garbage(_ text: String, _ problem: String) {
        var scene = Scene()
        scene.hears(text)
        #expect(scene.said == ["ProtocolError: \(problem)"])
    }

    @Test("A reply is one line for people, whatever is in it")
    func shown() {
        #expect(SMTPReply(code: 550, lines: ["a\u{1B}[31m\tb", "", "c"]).text == "550 a [31m b c")
        #expect(SMTPReply(code: 550, lines: [String(repeating: "x", count: 400)]).text.count == 301)
    }

    @Test("A line that begins with a dot gets another, and the last line its end")
    func stuffing() {
        let cases = [("", ".|"), ("a|", "a|.|"), (".|", "..|.|"), ("a|.b|..c|", "a|..b|...c|.|"), ("a", "a|.|")]
        for (message, stuffed) in cases {
            let bytes = SMTPStateMachine.stuffed(Array(message.replacing("|", with: "\r\n").utf8))
            #expect(String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "|") == stuffed)
        }
    }
}
