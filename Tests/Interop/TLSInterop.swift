import Foundation
import LoopTesting
import Testing

/// TLS programs against OpenSSL and Python.
@Suite("TLS against other processes")
struct TLSInterop {
    @Test("Each certificate of a server is accepted or refused for its reason")
    func certificates() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        var servers: [Peer] = []
        var ports: [String] = []
        for name in ["good", "expired", "self", "other", "address"] {
            let (peer, port) = try await files.server(name)
            servers.append(peer)
            ports.append("\(name) = \(port)")
        }
        let room = try files.program(
            """
            local ports = {\(ports.joined(separator: ", "))}
            local function try(host, name, options)
                local c = EthernetClientInterface(host, ports[name])
                if options == 'system' then c:SSLWrap() else c:SSLWrap(options or {ca_certs = 'ca.pem'}) end
                local result, detail = c:Connect(5)
                local answer = result == 'Connected' and c:SendAndWait('live\\n', \(5 * Machine.slowness), {deliTag = '\\n'}):strip() or detail
                print('>', host, name, result, answer)
                c:Disconnect()
            end
            try('localhost', 'good')
            try('localhost', 'good', 'system')
            try('127.0.0.1', 'good')
            try('localhost', 'expired')
            try('localhost', 'self')
            try('localhost', 'other')
            try('127.0.0.1', 'address')
            try('localhost', 'address')
            try('localhost', 'expired', {cert_reqs = 'CERT_NONE'})
            print('that is all')
            ExitProgram(0)
            """)
        try await room.line(containing: "that is all", within: 40)
        #expect(try await room.exitCode(within: 40) == 0)
        let results = room.lines.compactMap { line in line.firstRange(of: ">\t").map { String(line[$0.upperBound...]) }
        }
        #expect(
            results == [
                "localhost\tgood\tConnected\tevil",
                "localhost\tgood\tCertificateError\tunknown issuer 'Test Authority'",
                "127.0.0.1\tgood\tCertificateError\tname '127.0.0.1' is not among localhost",
                "localhost\texpired\tCertificateError\texpired on 2011-01-01",
                "localhost\tself\tCertificateError\tself-signed",
                "localhost\tother\tCertificateError\tname 'localhost' is not among other.example",
                "127.0.0.1\taddress\tConnected\tevil",
                "localhost\taddress\tCertificateError\tname 'localhost' is not among 127.0.0.1",
                "localhost\texpired\tConnected\tevil",
            ], "\(room.lines.joined(separator: "\n"))")
        #expect(room.lines.count { $0.contains("is not verified, as 'CERT_NONE' asks for: TLS 1.3") } == 1)
        #expect(room.lines.contains { $0.contains("CertificateError: expired on 2011-01-01") })
        for server in servers { await server.kill() }
    }

    @Test("A server with TLS 1.1 alone is refused, and reached when the program asks for it")
    func oldVersion() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let (server, port) = try await files.server("good", ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        let room = try files.program(
            """
            local c = EthernetClientInterface('localhost', \(port))
            c:SSLWrap({ca_certs = 'ca.pem'})
            print(c:Connect(5))
            c:SSLWrap({ca_certs = 'ca.pem', ssl_version = 'TLSv1.1'})
            print(c:Connect(5), c:SendAndWait('live\\n', \(5 * Machine.slowness), {deliTag = '\\n'}):strip())
            ExitProgram(0)
            """)
        try await room.line(containing: "TLS: the peer offers only versions older than TLS 1.2")
        try await room.line(containing: "Connected\tevil")
        #expect(try await room.exitCode() == 0)
        await server.kill()
    }

    @Test("A server that stalls in the handshake is TimedOut by the time-out of Connect")
    func stall() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let port = try Project.freePort()
        let server = try files.python(
            """
            import socket, time
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('127.0.0.1', \(port))); s.listen()
            print('ready')
            kept = [s.accept() for _ in range(2)]
            time.sleep(60)
            """)
        try await server.line(containing: "ready")
        let room = try files.program(
            """
            local c = EthernetClientInterface('localhost', \(port))
            c:SSLWrap()
            local start = GetSystemUpTime()
            print(c:Connect(1.5), GetSystemUpTime() - start < 5)
            ExitProgram(0)
            """)
        try await room.line(containing: "TimedOut\ttrue")
        #expect(try await room.exitCode() == 0)
        await server.kill()
    }

    @Test("A pin of lectern.yaml lets in its certificate, whoever issued it, and no other")
    func pins() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let fingerprint = try await files.fingerprint("self")
        try Project.write("certificates: {pins: {localhost: '\(fingerprint)'}}", to: "\(files.folder)/lectern.yaml")
        let (pinned, port) = try await files.server("self")
        let (other, otherPort) = try await files.server("good")
        let room = try files.program(
            """
            for _, port in ipairs{\(port), \(otherPort)} do
                local c = EthernetClientInterface('localhost', port)
                c:SSLWrap({cert_reqs = 'CERT_NONE'})
                print('>', c:Connect(5))
            end
            ExitProgram(0)
            """)
        try await room.line(containing: ">\tConnected")
        try await room.line(
            containing: ">\tCertificateError\tfingerprint differs: the peer has "
                + (try await files.fingerprint("good")))
        #expect(try await room.exitCode() == 0)
        #expect(!room.lines.contains { $0.contains("is not verified") })
        for server in [pinned, other] { await server.kill() }
    }

    @Test("A server that dies without a farewell is Disconnected, and what it sent is kept")
    func raggedEnd() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let (server, port) = try await files.server("good")
        let room = try files.program(
            """
            local c = EthernetClientInterface('localhost', \(port))
            c:SSLWrap({ca_certs = 'ca.pem'})
            c.ReceiveData = function(_, data) print('got', data:strip()) end
            c.Disconnected = function(_, state) print(state) ExitProgram(0) end
            c:Connect(5)
            c:Send('live\\n')
            """)
        try await room.line(containing: "got\tevil")
        await server.kill()
        try await room.line(containing: "Disconnected")
        #expect(try await room.exitCode() == 0)
    }

    @Test("1 MB goes there and back, unchanged, as client and as server")
    func transfer() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let port = try Project.freePort()
        let room = try files.program(
            """
            local server = EthernetServerInterfaceEx(\(port))
            server:SSLWrap('good.both')
            local seen = {}
            server.ReceiveData = function(client, data)
                client:Send(data)
                seen[client] = (seen[client] or 0) + #data
                if seen[client] == 1 << 20 then client:Disconnect() end
            end
            print(server:StartListen())
            """)
        try await room.line(containing: "Listening")
        // From OpenSSL: what comes back has the digest of what was sent.
        let client = try Peer(
            "/bin/sh",
            [
                "-c",
                """
                head -c 1048576 /dev/urandom > sent
                openssl s_client -connect localhost:\(port) -CAfile ca.pem -verify_return_error \
                    -verify_hostname localhost -quiet < sent > received 2> client.log
                cmp sent received && echo same || { wc -c received; cat client.log; echo different; }
                """,
            ], folder: files.folder)
        try await client.line(containing: "same", within: 30)
        // To Python, which sends back.
        let echoPort = try Project.freePort()
        let echo = try files.python(
            """
            import socket, ssl
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain('good.pem', 'good.key')
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('127.0.0.1', \(echoPort))); s.listen()
            print('ready')
            c = context.wrap_socket(s.accept()[0], server_side=True)
            data = b''
            while len(data) < 1 << 20:
                data += c.recv(65536)
            c.sendall(data)
            c.unwrap()
            print('farewell came')
            """)
        try await echo.line(containing: "ready")
        let second = try files.program(
            """
            local parts = {}
            for i = 1, 1 << 14 do parts[i] = string.format('%08x%07x\\n', i * 2654435761 % 4294967296, i):rep(4) end
            local sent = table.concat(parts)
            local c = EthernetClientInterface('localhost', \(echoPort))
            c:SSLWrap({ca_certs = 'ca.pem'})
            print(c:Connect(5))
            print(#sent, c:SendAndWait(sent, \(20 * Machine.slowness), {deliLen = #sent}) == sent)
            c:Disconnect()
            Wait(1, function() ExitProgram(0) end)
            """)
        try await second.line(containing: "1048576\ttrue", within: 40)
        try await echo.line(containing: "farewell came")
        #expect(try await second.exitCode() == 0)
        room.signal(SIGTERM)
        #expect(try await room.exitCode() == 0)
    }

    @Test("A server refuses old versions and clients that its authorities do not know")
    func server() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let port = try Project.freePort()
        let room = try files.program(
            """
            local server = EthernetServerInterfaceEx(\(port))
            server:SSLWrap('good.both', 'CERT_REQUIRED', nil, 'ca.pem')
            server.Connected = function(client) client:Send('welcome\\n') end
            print(server:StartListen())
            """)
        try await room.line(containing: "Listening")
        func client(_ arguments: String) throws -> Peer {
            let command =
                "sleep 5 | openssl s_client -connect localhost:\(port) -CAfile ca.pem -quiet \(arguments)"
            return try Peer("/bin/sh", ["-c", command], folder: files.folder)
        }
        let known = try client("-cert good.pem -key good.key")
        try await known.line(containing: "welcome")
        let unknown = try client("-cert self.pem -key self.key")
        try await room.line(containing: "CertificateError: self-signed")
        let nobody = try client("")
        try await room.line(containing: "CertificateError: the peer has shown none")
        let old = try client("-tls1_1 -cipher DEFAULT@SECLEVEL=0")
        try await room.line(containing: "TLS: the peer offers only versions older than TLS 1.2")
        for peer in [known, unknown, nobody, old] { await peer.kill() }
        room.signal(SIGTERM)
        #expect(try await room.exitCode() == 0)
    }

    @Test("An encrypted key is opened by its passphrase, and neither is ever shown")
    func passphrase() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let openssl = try Peer(
            "/usr/bin/env",
            [
                "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-in", "good.key", "-out", "good.locked", "-passout",
                "pass:very secret",
            ], folder: files.folder)
        #expect(try await openssl.exitCode() == 0)
        try Project.write("very secret\n", to: "\(files.folder)/right.pass")
        try Project.write("quite wrong\n", to: "\(files.folder)/wrong.pass")
        try Project.write(
            """
            certificates:
              identities:
                right: {certificate: good.pem, key: good.locked, passphrase: right.pass}
                wrong: {certificate: good.pem, key: good.locked, passphrase: wrong.pass}
                none: {certificate: good.pem, key: good.locked}
                foreign: {certificate: good.pem, key: other.key}
            """, to: "\(files.folder)/lectern.yaml")
        let port = try Project.freePort()
        let room = try files.program(
            """
            local server = EthernetServerInterfaceEx(\(port))
            for _, alias in ipairs{'wrong', 'none', 'foreign', 'right'} do
                print('>', alias, pcall(server.SSLWrap, server, alias))
            end
            server.Connected = function(client) client:Send('welcome\\n') end
            print(server:StartListen())
            local c = EthernetClientInterface('localhost', \(port))
            c:SSLWrap({ca_certs = 'ca.pem'})
            print(c:Connect(5))
            """)
        try await room.line(
            containing: ">\twrong\tfalse\tmain.lua:3: ValueError: argument 'certificate' has no readable")
        try await room.line(
            containing: ">\tnone\tfalse\tmain.lua:3: ValueError: argument 'certificate' has no readable")
        try await room.line(
            containing: ">\tforeign\tfalse\tmain.lua:3: ValueError: argument 'certificate' cannot be used")
        try await room.line(containing: "Connected")
        room.signal(SIGTERM)
        #expect(try await room.exitCode() == 0)
        #expect(!room.lines.contains { $0.contains("secret") || $0.contains("quite") || $0.contains("PRIVATE") })
    }

    @Test("SSLWrap over an open connection, as a mail server and as a client of one")
    func midStream() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let port = try Project.freePort()
        let mail = try files.program(
            """
            local server = EthernetServerInterfaceEx(\(port))
            server.Connected = function(client) client:Send('220 room\\r\\n') end
            server.ReceiveData = function(client, data)
                if data:startswith('EHLO') then
                    client:Send('250-room\\r\\n250 STARTTLS\\r\\n')
                elseif data:startswith('STARTTLS') then
                    client:Send('220 go ahead\\r\\n')
                    client:SSLWrap('good.both')
                    client:Send('secret welcome\\r\\n')
                end
            end
            print(server:StartListen())
            """)
        try await mail.line(containing: "Listening")
        let client = try Peer(
            "/bin/sh",
            [
                "-c",
                "sleep 5 | openssl s_client -starttls smtp -connect localhost:\(port) -CAfile ca.pem "
                    + "-verify_return_error -quiet",
            ], folder: files.folder)
        try await client.line(containing: "secret welcome")

        let pythonPort = try Project.freePort()
        let server = try files.python(
            """
            import socket, ssl
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain('good.pem', 'good.key')
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('127.0.0.1', \(pythonPort))); s.listen()
            print('ready')
            c, _ = s.accept()
            assert c.recv(100) == b'STARTTLS'
            c.sendall(b'go')
            c = context.wrap_socket(c, server_side=True)
            print('heard', c.recv(100).decode())
            c.sendall(b'secret')
            c.recv(100)
            """)
        try await server.line(containing: "ready")
        let room = try files.program(
            """
            local c = EthernetClientInterface('localhost', \(pythonPort))
            c:Connect(5)
            print(c:SendAndWait('STARTTLS', \(5 * Machine.slowness), {deliLen = 2}))
            c:SSLWrap({ca_certs = 'ca.pem'})
            print(c:SendAndWait('hello', \(5 * Machine.slowness), {deliLen = 6}))
            ExitProgram(0)
            """)
        try await server.line(containing: "heard hello")
        try await room.line(containing: "secret")
        #expect(try await room.exitCode() == 0)
        for peer in [client, server] { await peer.kill() }
        mail.signal(SIGTERM)
        #expect(try await mail.exitCode() == 0)
    }
}
