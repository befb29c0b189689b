import Foundation
import LoopTesting
import Testing

/// The release that is talked to.
private let aiosmtpdVersion = "1.4.6"

/// Mail to aiosmtpd, a server that others wrote.
@Suite("Mail to aiosmtpd", .enabled { await PythonPackage.isAvailable("aiosmtpd", aiosmtpdVersion) })
struct EmailInterop {
    /// Prints what it takes: the envelope and what Python's parser makes of the mail.
    private static let server = """
        import asyncio, email, email.policy, json, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

        port, way, certificate, key = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith('refused'):
                    return '550 no such user'
                envelope.rcpt_tos.append(address)
                return '250 OK'
            async def handle_DATA(self, server, session, envelope):
                mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                print('mail ' + json.dumps({
                    'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None,
                    'login': bool(session.authenticated), 'subject': mail['Subject'], 'headers': [str(mail['From']), str(mail['To']), str(mail['Cc'])],
                    'text': mail.get_content(), 'defects': [str(d) for d in mail.defects],
                    'date': mail['Date'].datetime.isoformat(), 'id': mail['Message-ID'],
                }), flush=True)
                return '250 taken'

        def authenticate(server, session, envelope, mechanism, data):
            good = isinstance(data, LoginPassword) and (data.login, data.password) == ('user'.encode(), 'sëcret'.encode())
            return AuthResult(success=good, handled=False)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        options = {'authenticator': authenticate, 'auth_required': way.endswith('login'), 'enable_SMTPUTF8': False,
                   'auth_require_tls': way != 'plain-login', 'hostname': 'mail.example'}
        if way.startswith('starttls'):
            options.update(tls_context=context, require_starttls=True)
        if 'loginonly' in way:
            options.update(auth_exclude_mechanism=['PLAIN'])

        async def main():
            server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler(), **options), '127.0.0.1', port)
            print('ready', flush=True)
            await server.serve_forever()

        asyncio.run(main())
        """

    private struct Mail: Decodable {
        var from: String
        var to: [String]
        var tls: Bool
        var login: Bool
        var subject: String
        var headers: [String]
        var text: String
        var defects: [String]
        var date: String
        var id: String
    }

    /// Runs a program against the server, whose port is `PORT`.
    private func run(_ way: String, _ program: String) async throws -> (printed: [String], mails: [Mail]) {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let port = try Project.freePort()
        let python = try await PythonPackage.python(with: "aiosmtpd", aiosmtpdVersion)
        try Project.write(Self.server, to: "\(files.folder)/server.py")
        let server = try Peer(python, ["server.py", "\(port)", way, "good.pem", "good.key"], folder: files.folder)
        try await server.line(containing: "ready")
        let peer = try files.program("PORT = \(port)\n\(program)\nExitProgram()")
        #expect(try await peer.exitCode() == 0, "\(peer.lines)")
        await server.kill()
        let mails = try server.lines.filter { $0.hasPrefix("mail ") }.map {
            try JSONDecoder().decode(Mail.self, from: Data($0.dropFirst(5).utf8))
        }
        return (peer.lines, mails)
    }

    private static let mail = """
        m:Sender('Raum 5 – Jörg <room5@example.org>')
        m:Receiver({'help@example.org', 'Second One <second@example.org>'})
        m:Receiver({'copy@example.org'}, true)
        m:Receiver({'hidden@example.org'}, {bcc = true})
        m:Subject('Kühlung: 31 °C im Raum 5, seit zehn Minuten, und der Projektor antwortet nicht mehr')
        print('result', m:SendMessage('Grüße\\n.\\n..dots\\n' .. ('x'):rep(1200) .. '\\n'))
        """

    @Test(
        "A mail arrives as it was written, by each way of protection and login",
        arguments: [
            ("plain", "{sslEnabled = false}", false, false),
            ("plain", "{ca_certs = 'ca.pem'}", false, false),
            ("plain-login", "'user', 'sëcret', false", false, true),
            ("starttls", "{ca_certs = 'ca.pem'}", true, false),
            ("starttls-login", "'user', 'sëcret', true, {ca_certs = 'ca.pem'}", true, true),
            ("starttls-loginonly-login", "'user', 'sëcret', {ca_certs = 'ca.pem'}", true, true),
        ])
    func ways(_ way: String, _ arguments: String, _ tls: Bool, _ login: Bool) async throws {
        let (printed, mails) = try await run(way, "local m = Email('localhost', PORT, \(arguments))\n\(Self.mail)")
        #expect(printed.contains { $0.hasSuffix("result\tSent\tnil") }, "\(printed)")
        let mail = try #require(mails.first)
        #expect(mails.count == 1)
        #expect(mail.tls == tls && mail.login == login)
        #expect(mail.from == "room5@example.org")
        #expect(mail.to == ["help@example.org", "second@example.org", "copy@example.org", "hidden@example.org"])
        #expect(
            mail.headers == [
                "Raum 5 – Jörg <room5@example.org>", "help@example.org, Second One <second@example.org>",
                "copy@example.org",
            ])
        #expect(mail.subject == "Kühlung: 31 °C im Raum 5, seit zehn Minuten, und der Projektor antwortet nicht mehr")
        #expect(
            mail.text.replacing("\r\n", with: "\n") == "Grüße\n.\n..dots\n" + String(repeating: "x", count: 1_200)
                + "\n")
        #expect(mail.defects == [])
        #expect(mail.id.hasSuffix("@example.org>"))
    }

    @Test(
        "A wrong password, a server without TLS, a certificate of nobody's and a refused recipient are told by their words"
    )
    func refusals() async throws {
        let wrong = try await run(
            "starttls-login",
            "local m = Email('localhost', PORT, 'user', 'wrong', true, {ca_certs = 'ca.pem'})\n\(Self.mail)")
        #expect(wrong.printed.contains { $0.contains("result\tAuthenticationFailed\t535") }, "\(wrong.printed)")
        #expect(wrong.mails.isEmpty)
        let plain = try await run(
            "plain", "local m = Email('localhost', PORT, {sslEnabled = true, ca_certs = 'ca.pem'})\n\(Self.mail)")
        #expect(
            plain.printed.contains { $0.contains("result\tHandshakeFailed\tthe server does not offer STARTTLS") },
            "\(plain.printed)")
        let unknown = try await run("starttls", "local m = Email('localhost', PORT)\n\(Self.mail)")
        #expect(unknown.printed.contains { $0.contains("result\tCertificateError") }, "\(unknown.printed)")
        let refused = try await run(
            "plain",
            "local m = Email('localhost', PORT, {sslEnabled = false})\n"
                + Self.mail.replacing("copy@", with: "refused@"))
        #expect(
            refused.printed.contains { $0.contains("result\tSent\tnot to refused@example.org (550 no such user)") },
            "\(refused.printed)")
        #expect(refused.mails.first?.to == ["help@example.org", "second@example.org", "hidden@example.org"])
    }
}
