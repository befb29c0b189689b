import ControlCore
import Lectern
import LuaRuntime
import Testing

/// TLS as programs see it.
@Suite("Programs that use TLS")
struct SecureProgramTests {
    private static let certificate = SimulatedCertificate(names: ["device", "10.0.0.1"])

    /// Runs a device and a room with the same files, and gives the room.
    private func run(
        device: String, room: String, certificate: SimulatedCertificate = Self.certificate, yaml: String = "",
        profile: LuaProfile = .standard
    ) throws -> (device: Stage.Actor, room: Stage.Actor) {
        let files = [
            "device.pem": certificate.text,
            "ca.pem": SimulatedCertificate(names: ["House"], issuer: nil).text,
        ]
        return try ProjectFiles.withFolder(of: files) { folder in
            let stage = Stage()
            var configuration = Stage.configuration()
            let read = try ProgramConfiguration(yaml: yaml, file: "\(folder)/lectern.yaml")
            configuration.identities = read.identities
            configuration.authorities = read.authorities
            configuration.pins = read.pins
            configuration.profile = profile
            let deviceActor = try stage.start("device", device, folder: folder, configuration: configuration)
            let roomActor = try stage.start("room", room, folder: folder, configuration: configuration)
            stage.run(120)
            return (deviceActor, roomActor)
        }
    }

    private let echo = """
        local server = EthernetServerInterfaceEx(443)
        server:SSLWrap('device.pem')
        server.ReceiveData = function(client, data) client:Send(data:upper()) end
        print(server:StartListen())
        """

    @Test("A client with TLS is connected, verified, when its handshake stands")
    func client() throws {
        let (device, room) = try run(
            device: echo,
            room: """
                local c = EthernetClientInterface('device', 443)
                print(c:SSLWrap())
                print(c:Connect(3))
                print(c:SendAndWait('hello', 1, {deliLen = 5}))
                """)
        #expect(device.lines == ["Listening"])
        #expect(room.lines == ["", "Connected", "HELLO"])
    }

    @Test("A refused certificate is 'CertificateError' with the reason, and a line in the log")
    func refused() throws {
        let (_, room) = try run(
            device: echo,
            room: """
                local c = EthernetClientInterface('device', 443)
                c:SSLWrap({cert_reqs = 'CERT_REQUIRED', ca_certs = 'ca.pem'})
                print(c:Connect(3))
                print(GetConnectionHandler(c, print):Connect(3))
                """)
        #expect(
            room.lines == [
                "CertificateError\tunknown issuer 'Common Authority'",
                "CertificateError\tunknown issuer 'Common Authority'",
            ])
        #expect(room.connections.map(\.severity) == [.warning])
        let told = room.connections.first?.text
        #expect(told?.contains("device:443: CertificateError: unknown issuer 'Common Authority'") == true)
    }

    @Test("CERT_NONE works, and every connection is logged as unverified")
    func unverified() throws {
        let (_, room) = try run(
            device: echo,
            room: """
                local c = EthernetClientInterface('device', 443)
                c:SSLWrap({cert_reqs = 'CERT_NONE'})
                for _ = 1, 2 do print(c:Connect(3)) c:Disconnect() end
                """, certificate: SimulatedCertificate(names: ["x"], issuer: nil))
        let fingerprint = SimulatedCertificate(names: ["x"], issuer: nil).fingerprint
        let warning = "device:443 is not verified, as 'CERT_NONE' asks for: TLS 1.3, certificate \(fingerprint)"
        #expect(room.lines == [warning, "Connected", warning, "Connected"])
    }

    @Test("Aliases of lectern.yaml stand for certificates, authorities and pins")
    func aliases() throws {
        let certificate = SimulatedCertificate(names: ["device"], issuer: "House")
        let program = """
            local c = EthernetClientInterface('device', 443)
            c:SSLWrap({certificate = 'own', cert_reqs = 'CERT_REQUIRED', ca_certs = 'house', ssl_version = 'TLSv1.3'})
            print(c:Connect(3))
            """
        let yaml = """
            certificates:
              identities:
                own: {certificate: device.pem, key: device.pem, passphrase: ca.pem}
              authorities:
                house: ca.pem
            """
        let server = """
            local server = EthernetServerInterfaceEx(443)
            server:SSLWrap('own', 'CERT_REQUIRED', 'TLSv2', 'house')
            server:StartListen()
            """
        let known = try run(device: server, room: program, certificate: certificate, yaml: yaml, profile: .strict)
        #expect(known.room.lines == ["Connected"])
        #expect(known.device.lines == [])

        let pin = SimulatedCertificate(names: ["y"]).fingerprint
        for host in ["DEVICE", "Device."] {
            let pinned = try run(
                device: server, room: program, certificate: certificate,
                yaml: yaml + "\n  pins:\n    \(host): ['\(pin)']\n")
            #expect(
                pinned.room.lines.last
                    == "CertificateError\tfingerprint differs: the peer has \(certificate.fingerprint)")
        }
    }

    @Test("TLS is turned on over an open connection, on both sides, while other tasks go on")
    func midStream() throws {
        let (device, room) = try run(
            device: """
                local server = EthernetServerInterfaceEx(443)
                server.ReceiveData = function(client, data)
                    if data == 'STARTTLS' then
                        client:Send('ready')
                        client:SSLWrap('device.pem')
                        print('secured')
                    else
                        client:Send(data:upper())
                    end
                end
                server:StartListen()
                """,
            room: """
                local c = EthernetClientInterface('device', 443)
                print(c:Connect(3))
                print(c:SendAndWait('STARTTLS', 1, {deliLen = 5}))
                print(c:SSLWrap())
                print(c:SendAndWait('hello', 1, {deliLen = 5}))
                print(pcall(c.SSLWrap, c))
                """)
        #expect(device.lines == ["secured"])
        #expect(
            room.lines == [
                "Connected", "ready", "", "HELLO",
                "false\troom.lua:6: ConnectionError: SSLWrap with device:443: TLS is on already",
            ])
    }

    @Test("A device that does not answer the handshake holds up its task alone, for 10 seconds")
    func stall() throws {
        let (_, room) = try run(
            device: "EthernetServerInterfaceEx(443):StartListen()",
            room: """
                local c = EthernetClientInterface('device', 443)
                c.Disconnected = function() print('Disconnected') end
                local ticks = 0
                local timer = Timer(1, function() ticks = ticks + 1 end)
                print(c:Connect(3))
                print(pcall(c.SSLWrap, c))
                print(ticks)
                timer:Stop()
                """)
        #expect(
            room.lines == [
                "Connected", "false\troom.lua:6: ConnectionError: SSLWrap with device:443: TimedOut", "10",
                "Disconnected",
            ])
    }

    @Test("The older server speaks TLS from the start, and over the connection of its client")
    func olderServer() throws {
        let (device, room) = try run(
            device: """
                local first = EthernetServerInterface(443)
                first:SSLWrap('device.pem')
                first.ReceiveData = function(s, data) s:Send(data:upper()) end
                first:StartListen()
                local second = EthernetServerInterface(444)
                second.ReceiveData = function(s, data)
                    if data == 'go' then s:Send('ok') print(s:SSLWrap('device.pem')) else s:Send(data:upper()) end
                end
                second:StartListen()
                print(pcall(second.SSLWrap, second, 'device.pem'))
                """,
            room: """
                local c = EthernetClientInterface('device', 443)
                c:SSLWrap()
                print(c:Connect(3), c:SendAndWait('a', 1, {deliLen = 1}))
                local d = EthernetClientInterface('device', 444)
                print(d:Connect(3), d:SendAndWait('go', 1, {deliLen = 2}))
                d:SSLWrap()
                print(d:SendAndWait('b', 1, {deliLen = 1}))
                """)
        #expect(
            device.lines == [
                "false\tdevice.lua:10: RuntimeError: port 444 listens already: call SSLWrap before StartListen, or when there "
                    + "is a client", "",
            ])
        #expect(room.lines == ["Connected\tA", "Connected\tok", "B"])
    }

    @Test(
        "A mistake is an error that names the parameter and what is allowed",
        arguments: [
            (
                "c:SSLWrap({cert_reqs = 'NONE'})",
                "ValueError: argument 'cert_reqs' of SSLWrap must be one of 'CERT_NONE', 'CERT_OPTIONAL', "
                    + "'CERT_REQUIRED', got 'NONE'"
            ),
            (
                "c:SSLWrap({ssl_version = 'SSLv3'})",
                "ValueError: argument 'ssl_version' of SSLWrap must be one of 'TLSv2', 'TLSv1', 'TLSv1.1', 'TLSv1.2', "
                    + "'TLSv1.3', got 'SSLv3'"
            ),
            (
                "c:SSLWrap('nothing')",
                "ValueError: argument 'certificate' of SSLWrap must be an alias of lectern.yaml (aliases: own) or a file "
                    + "of the program's folder; "
            ),
            (
                "c:SSLWrap({ca_certs = '/etc/passwd'})",
                "ValueError: argument 'ca_certs' of SSLWrap must be an alias of lectern.yaml or a file of the program's "
                    + "folder; '/etc/passwd' is outside of the program's folder"
            ),
            (
                "c:SSLWrap({ca_certs = 'empty.pem'})",
                "ValueError: argument 'ca_certs' of SSLWrap must be an alias of lectern.yaml or a file"
            ),
            ("u:SSLWrap()", "TypeError: SSLWrap is for TCP; device:5 speaks UDP"),
            ("us:SSLWrap()", "TypeError: SSLWrap is for TCP; port 5 speaks UDP"),
            (
                "s:SSLWrap()",
                "ValueError: argument 'certificate' is missing; it must be given: a server shows a certificate"
            ),
            (
                "s:SSLWrap('device.pem', 'CERT_REQUIRED')",
                "ValueError: argument 'ca_certs' of SSLWrap must be given: it says whose clients are let in"
            ),
            (
                "s:StartListen() s:SSLWrap('device.pem')",
                "RuntimeError: port 6 listens already: call SSLWrap before StartListen"
            ),
        ])
    func mistakes(_ call: String, _ message: String) throws {
        let (_, room) = try run(
            device: "",
            room: """
                local c, u = EthernetClientInterface('device', 443), EthernetClientInterface('device', 5, 'UDP')
                local s, us = EthernetServerInterfaceEx(6), EthernetServerInterfaceEx(5, 'UDP')
                print(select(2, pcall(function() \(call) end)))
                """, yaml: "certificates: {identities: {own: {certificate: device.pem}}}")
        #expect(room.lines.count == 1)
        #expect(room.lines.first?.hasPrefix("room.lua:3: \(message)") == true, "\(room.lines)")
    }

    @Test("A serial port refuses TLS with a word about it")
    func serial() throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.devices = ["P": ["COM1": .tcp(host: "nobody", port: 4001)]]
        let room = try stage.start(
            "room", "print(pcall(SerialInterface.SSLWrap, SerialInterface(ProcessorDevice('P'), 'COM1')))",
            configuration: configuration)
        #expect(room.lines == ["false\troom.lua:1: TypeError: SSLWrap is for TCP; P COM1 is a serial port"])
    }

    @Test("The section of lectern.yaml is read, with paths beside it, and its mistakes are named")
    func configuration() throws {
        let pin = String(repeating: "AB", count: 32)
        let configuration = try ProgramConfiguration(
            yaml: """
                certificates:
                  identities:
                    room: {certificate: room.pem, key: /etc/room.key, passphrase: room.pass}
                  authorities: {house: ca.pem}
                  pins: {Projector: \(pin), 10.0.0.9: [\(pin), \(pin)]}
                """, file: "/srv/room/lectern.yaml")
        #expect(
            configuration.identities == [
                "room": .init(
                    certificate: "/srv/room/room.pem", key: "/etc/room.key", passphrase: "/srv/room/room.pass")
            ])
        #expect(configuration.authorities == ["house": "/srv/room/ca.pem"])
        #expect(configuration.pins["projector"]?.count == 1)
        #expect(configuration.pins["10.0.0.9"]?.count == 2)
        for (yaml, problem) in [
            ("certificates: {identities: {a: {}}}", "f:1: identity 'a' needs a 'certificate'"),
            (
                "certificates: {identities: {a: {certifcate: x}}}",
                "f:1: key 'certifcate' is not known; did you mean 'certificate'?"
            ),
            (
                "certificates:\n  pins: {h: abc}",
                "f:2: a pin of 'h' must be the SHA-256 fingerprint of a certificate: 64 hexadecimal digits"
            ),
            ("certificates:\n  pins: {h: []}", "f:2: 'h' must have at least one pin"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try ProgramConfiguration(yaml: yaml, file: "f") }
            #expect(error?.description == problem)
        }
    }
}
