import Bytes
import ControlCore
import Foundation
import Lectern
import LuaRuntime
import Testing

/// Mail of programs in the simulated world. The server is a program, too.
@Suite("Mail of programs")
struct EmailProgramTests {
    /// Answers each line by its first word, takes mails and prints them. `STARTTLS` and port 465 speak TLS.
    private static let server = """
        local function serve(port)
            local server = EthernetServerInterfaceEx(port)
            local state = {}
            server.Connected = function(client)
                state[client] = {buffer = ''}
                client:Send('220 mail\\r\\n')
            end
            local replies = {
                EHLO = '250-mail\\r\\n250-AUTH PLAIN LOGIN\\r\\n250-SIZE 100000\\r\\n250 STARTTLS\\r\\n', MAIL = '250 ok\\r\\n',
                RCPT = '250 ok\\r\\n', DATA = '354 go\\r\\n', QUIT = '221 bye\\r\\n', AUTH = '235 in\\r\\n', STARTTLS = '220 go\\r\\n',
            }
            server.ReceiveData = function(client, data)
                local s = state[client]
                s.buffer = s.buffer .. data
                while true do
                    local line, rest = s.buffer:match('^(.-)\\r\\n(.*)$')
                    if not line then return end
                    s.buffer = rest
                    if s.inData then
                        if line == '.' then
                            s.inData = false
                            print(s.text)
                            client:Send('250 taken\\r\\n')
                        else
                            s.text = s.text .. line .. '|'
                        end
                    else
                        local word = line:match('^%a+')
                        if word ~= 'EHLO' and word ~= 'QUIT' and word ~= 'DATA' then print(line) end
                        if line:find('refused@') then
                            client:Send('550 no such user\\r\\n')
                        elseif line:find(WRONG, 1, true) then
                            client:Send('535 wrong\\r\\n')
                        else
                            client:Send(replies[word])
                            if word == 'DATA' then s.inData, s.text = true, '' end
                            if word == 'STARTTLS' then client:SSLWrap('mail.pem') end
                        end
                    end
                end
            end
            if port == 465 then server:SSLWrap('mail.pem') end
            server:StartListen()
        end
        WRONG = 'AUTH PLAIN AHVzZXIAd3Jvbmc='
        for _, port in ipairs({25, 465, 587}) do serve(port) end
        """

    private final class Scene {
        let stage = Stage()
        let folder: TrialFolder
        let mail: Stage.Actor
        private(set) var room: Stage.Actor!

        init(
            certificate: SimulatedCertificate = SimulatedCertificate(names: ["mail"]),
            server: String = EmailProgramTests.server
        ) throws {
            folder = try TrialFolder()
            try folder.write(certificate.text, "mail.pem")
            mail = try stage.start("mail", server, folder: folder.path)
        }

        @discardableResult
        func run(
            _ text: String, seconds: Double = 5, configuration: ProgramConfiguration = Stage.configuration()
        ) throws -> [String] {
            room = try stage.start("room", text, folder: folder.path, configuration: configuration)
            stage.run(seconds)
            return room.lines
        }

        deinit { stage.stop() }
    }

    private static let mail = """
        m:Sender('room5@example.org')
        m:Receiver({'help@example.org'})
        m:Subject('Lamp')
        print(m:SendMessage('It is dark.'))
        """

    private static let taken =
        "Date: Thu, 1 Jan 2026 00:00:00 +0000|From: room5@example.org|To: help@example.org|Subject: Lamp|Message-ID: <"

    @Test("A mail is sent, and the task alone waits")
    func sends() throws {
        let scene = try Scene()
        let lines = try scene.run(
            "Wait(0, function() print('meanwhile') end) local m = Email('mail') \(Self.mail)")
        #expect(lines == ["meanwhile", "Sent\tnil"])
        #expect(scene.mail.lines[0] == "STARTTLS")
        #expect(scene.mail.lines[1].hasPrefix("MAIL FROM:<room5@example.org> SIZE="))
        #expect(scene.mail.lines[2] == "RCPT TO:<help@example.org>")
        #expect(scene.mail.lines[3].hasPrefix(Self.taken))
        #expect(scene.mail.lines[3].hasSuffix("|It is dark.|"))
        scene.stage.expectNoErrors()
        #expect(scene.room.environment.openTransports == 0)
    }

    @Test(
        "TLS and the login are as the program says",
        arguments: [
            ("'mail', nil, 'user', 'secret'", ["STARTTLS", "AUTH PLAIN AHVzZXIAc2VjcmV0"]),
            ("'mail', nil, 'user', 'secret', true", ["AUTH PLAIN AHVzZXIAc2VjcmV0"]),
            ("'mail', 465, 'user', 'secret'", ["AUTH PLAIN AHVzZXIAc2VjcmV0"]),
            ("'mail', 587, {sslEnabled = true}", ["STARTTLS"]),
            ("'mail', {sslEnabled = false}", []),
        ])
    func ways(_ arguments: String, _ commands: [String]) throws {
        let scene = try Scene()
        #expect(try scene.run("local m = Email(\(arguments)) \(Self.mail)") == ["Sent\tnil"])
        #expect(scene.mail.lines.prefix { !$0.hasPrefix("MAIL") } == commands[...])
    }

    @Test("A password without TLS goes only where the program says so, and that is warned of once")
    func unprotected() throws {
        let scene = try Scene()
        let lines = try scene.run(
            "for i = 1, 2 do local m = Email('mail', 25, 'user', 'secret', false) \(Self.mail) end")
        #expect(
            lines == [
                "room.lua:1: the password for mail:25 goes unprotected, as sslEnabled = false asks for it", "Sent\tnil",
                "Sent\tnil",
            ])
        #expect(!scene.mail.lines.contains("STARTTLS"))
        #expect(scene.mail.lines.count { $0 == "AUTH PLAIN AHVzZXIAc2VjcmV0" } == 2)
    }

    @Test("A certificate that is not for the server is refused, unless the program takes any")
    func certificate() throws {
        let scene = try Scene(certificate: SimulatedCertificate(names: ["other"]))
        let lines = try scene.run("local m = Email('mail') \(Self.mail)")
        #expect(lines.last?.hasPrefix("CertificateError\t") == true, "\(lines)")
        #expect(scene.room.warnings.first?.hasPrefix("mail to mail:25: not sent: CertificateError: ") == true)
        #expect(try scene.run("local m = Email('mail', {cert_reqs = 'CERT_NONE'}) \(Self.mail)").last == "Sent\tnil")
    }

    @Test(
        "What goes wrong is a word for the program and a line of the log",
        arguments: [
            ("'nowhere'", "", "HostError\tnil", "mail to nowhere:25: not sent: HostError"),
            ("'mail', 26", "", "ConnectionRefused\tnil", "mail to mail:26: not sent: ConnectionRefused"),
            (
                "'mail', 587, 'user', 'wrong'", "", "AuthenticationFailed\t535 wrong",
                "mail to mail:587: not sent: AuthenticationFailed: 535 wrong"
            ),
            (
                "'mail'", "m:Receiver('refused@example.org')", "Refused\trefused@example.org: 550 no such user",
                "mail to mail:25: not sent: Refused: refused@example.org: 550 no such user"
            ),
            (
                "'mail'", "m:Receiver('refused@example.org', true)",
                "Sent\tnot to refused@example.org (550 no such user)",
                "mail to mail:25: sent, but not to refused@example.org (550 no such user)"
            ),
        ])
    func failures(_ arguments: String, _ more: String, _ printed: String, _ warned: String) throws {
        let scene = try Scene()
        let program = Self.mail.replacing("print(", with: "\(more)\nprint(")
        let lines = try scene.run("local m = Email(\(arguments)) \(program)")
        #expect(lines == [warned, printed])
        #expect(scene.room.warnings == [warned])
    }

    @Test("A server that says nothing costs no more than the time that the program gives")
    func silent() throws {
        let scene = try Scene(server: "EthernetServerInterfaceEx(25):StartListen()")
        try scene.run("local m = Email('mail', {timeout = 7}) \(Self.mail)", seconds: 20)
        #expect(
            scene.room.timeline.last?.hasSuffix("TimedOut\tit was not done after 7 s") == true, "\(scene.room.timeline)"
        )
        #expect(scene.room.timeline.last?.hasPrefix("7.") == true, "\(scene.room.timeline)")
        #expect(scene.room.environment.openTransports == 0)
    }

    @Test("Faults of the network are told by their words")
    func faults() throws {
        let scene = try Scene(
            server: """
                local s = EthernetServerInterfaceEx(25)
                s.Connected = function(client) client:Send('220 mail\\r\\n') end
                s.ReceiveData = function(client) client:Disconnect() end
                s:StartListen()
                """)
        #expect(
            try scene.run("local m = Email('mail') \(Self.mail)").last
                == "Disconnected\tthe server has closed the connection")
    }

    @Test("Mails of one object go one after the other, and a program that ends drops what waits")
    func queue() throws {
        let scene = try Scene()
        let lines = try scene.run(
            """
            local m = Email('mail')
            m:Sender('a@x') m:Receiver({'b@y'})
            for i = 1, 3 do Wait(0, function() m:Subject('n' .. i) print(i, m:SendMessage('')) end) end
            """)
        #expect(lines == ["1\tSent\tnil", "2\tSent\tnil", "3\tSent\tnil"])
        let subjects = scene.mail.lines.compactMap { $0.firstMatch(of: /Subject: (n\d)/)?.1 }
        #expect(subjects == ["n1", "n2", "n3"])
        let silent = try Scene(server: "EthernetServerInterfaceEx(25):StartListen()")
        try silent.run(
            """
            local m = Email('mail')
            m:Sender('a@x') m:Receiver({'b@y'})
            for i = 1, 101 do Wait(0, function() m:SendMessage('') end) end
            """)
        #expect(silent.room.errors.map(\.text) == ["room.lua:3: IOError: 100 mails wait for mail:25 already"])
        silent.stage.stop("room")
        silent.stage.run(1)
        #expect(silent.room.environment.openTransports == 0)
    }

    @Test(
        "A mistake is an error that says what to do",
        arguments: [
            ("Email()", "argument 'smtpServer' of Email must be given, as lectern.yaml has no 'mail: {server: …}'"),
            ("Email('')", "argument 'smtpServer' is empty; it must be a name or an IP address"),
            ("Email('mail', {password = 'x'})", "argument 'username' of Email must be given with a password"),
            (
                "Email('mail', {ca_certs = 'x'})",
                "argument 'ca_certs' of Email must be an alias of lectern.yaml or a file of the program's folder; 'x': No such file or directory"
            ),
            ("m:SendMessage('x')", "SendMessage: Sender is missing; it must be set before SendMessage"),
            (
                "m:Sender('a@x') m:SendMessage('x')",
                "SendMessage: Receiver is missing; it must be set before SendMessage"
            ),
            (
                "m:Sender('a@x') m:Receiver('b@y') m:SendMessage(('x'):rep(1048577))",
                "SendMessage: text has 1048577 bytes; it must be at most 1048576"
            ),
            (
                "m:Sender('nobody')",
                "argument 'address' is no address, got 'nobody'; it must be an address such as room5@example.org or Room 5 <room5@example.org>"
            ),
            ("m:Receiver({'a@x\\r\\nBcc: b@y'})", "argument 'receiver' has a line end or another control character"),
            ("m:Receiver(1)", "argument 'receiver' of Receiver must be a list of addresses, got a number"),
            (
                "local t = {} for i = 1, 101 do t[i] = 'a@x' end m:Receiver(t)",
                "argument 'receiver' has 101 addresses with those given before; it must be at most 100"
            ),
            (
                "m:Subject('a\\nBcc: b@y')",
                "argument 'subject' has a line end or another control character; it must be one line of text"
            ),
            ("m:Subject(('x'):rep(1001))", "argument 'subject' has 1001 bytes; it must be at most 1000"),
        ])
    func mistakes(_ call: String, _ problem: String) throws {
        let scene = try Scene()
        let lines = try scene.run("local m = Email('mail') print(select(2, pcall(function() \(call) end)).message)")
        #expect(lines.first?.hasPrefix(problem) == true, "\(lines)")
    }

    @Test("Without arguments the server is that of the configuration, its password that of a file")
    func configured() throws {
        let scene = try Scene()
        try scene.folder.write("secret\n", "mail-password")
        var configuration = Stage.configuration()
        let read = try ProgramConfiguration(
            yaml: "mail: {server: mail, port: 587, username: user, passwordFile: mail-password, ssl: true}",
            file: "\(scene.folder.path)/lectern.yaml")
        configuration.mail = read.mail
        #expect(try scene.run("local m = Email() \(Self.mail)", configuration: configuration) == ["Sent\tnil"])
        #expect(scene.mail.lines.prefix(2) == ["STARTTLS", "AUTH PLAIN AHVzZXIAc2VjcmV0"])
        #expect(
            try scene.run("print(select(2, pcall(File, 'mail-password', 'w')).message)", configuration: configuration)
                .last?.contains("is a password of the configuration") == true)
    }

    @Test("A trace shows no password, however it goes over the wire")
    func secrets() throws {
        final class Sink: WireSink {
            var sent = ""
            func record(_ event: WireEvent) {
                if case .sent(let piece) = event.content { sent += String(buffer: piece.bytes) }
            }
        }
        let scene = try Scene()
        let sink = Sink()
        let room = try scene.stage.start(
            "room", "local m = Email('mail', 25, 'user', 'secret', false) \(Self.mail)", folder: scene.folder.path,
            watch: { TracedEnvironment($0, sink: sink) })
        scene.stage.run(3)
        #expect(room.lines.last == "Sent\tnil")
        #expect(scene.mail.lines.contains("AUTH PLAIN AHVzZXIAc2VjcmV0"))
        #expect(
            sink.sent.contains("AUTH PLAIN *") && sink.sent.contains("MAIL FROM:<room5@example.org>"), "\(sink.sent)")
        #expect(!sink.sent.contains("AHVzZXIAc2VjcmV0") && !sink.sent.contains("c2VjcmV0"))
    }
}
