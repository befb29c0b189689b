import ControlCore
import Lectern
import Testing

/// SSH as programs see it.
@Suite("Programs that use SSH")
struct SSHProgramTests {
    private static let client = """
        local c = EthernetClientInterface('10.0.0.50', 22, 'SSH', {Credentials = {USER, PASSWORD}})
        """

    private func run(
        _ text: String, user: String = "admin", password: String = "secret", ssh: SSHConfiguration = SSHConfiguration(),
        device body: (SSHDevice) -> Void = { _ in }
    ) throws -> Stage.Actor {
        let stage = Stage()
        let device = SSHDevice(in: stage.world, address: "10.0.0.50")
        body(device)
        var configuration = Stage.configuration()
        configuration.ssh = ssh
        let program = (Self.client + "\n" + text)
            .replacing("USER", with: "'\(user)'").replacing("PASSWORD", with: "'\(password)'")
        let room = try stage.start("room", program, configuration: configuration)
        stage.run(20)
        withExtendedLifetime(device) {}
        return room
    }

    @Test("A program logs in and talks as with TCP")
    func talks() throws {
        let room = try run(
            """
            event(c, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
            event(c, 'ReceiveData', function(_, data) print('data', data:strip()) end)
            print(c.Protocol, c.Credentials[1], c.Credentials[2])
            print('result', c:Connect(5))
            print(c:Connect())
            print(c:SendAndWait('volume?\\r', 1, {deliTag = '\\r\\n'}):strip())
            c:Send('nonsense\\r')
            Wait(1, function() c:Disconnect() end)
            """)
        #expect(
            room.lines == [
                "SSH\tadmin\tsecret", "Connected", "result\tConnected", "ConnectedAlready", "60", "data\tunknown",
                "Disconnected",
            ])
    }

    @Test("A refused login returns its reason and its details, is logged as a warning, and shows no password")
    func refused() throws {
        let room = try run("print(c:Connect(5))", password: "hunter2")
        let detail = "user 'admin' was refused: tried password"
        #expect(room.lines == ["AuthenticationFailed\t\(detail)"])
        #expect(room.connections.map(\.severity) == [.warning])
        #expect(
            room.connections.first?.text.hasSuffix(
                "10.0.0.50:22: AuthenticationFailed: \(detail). The password was refused: are the user and the password right?"
            )
                == true, "\(room.connectionTimeline)")
        #expect(!(room.lines + room.connectionTimeline).joined().contains("hunter2"))
    }

    @Test("A handler tries again after a login that failed, and its ConnectFailed gets the reason")
    func handler() throws {
        let room = try run(
            """
            local h = GetConnectionHandler(c, function(h) h:Send('volume?\\r') end, {connectRetryTime = 4})
            event(h, 'ConnectFailed', function(_, reason) print('failed', reason) end)
            event(h, 'Connected', function() print('up') end)
            print((h:Connect(2)))
            """
        ) { device in
            device.service.isStalled = true
        }
        #expect(room.lines.prefix(2) == ["failed\tTimedOut", "TimedOut"])
        #expect(room.lines.filter { $0 == "failed\tTimedOut" }.count >= 3)
    }

    @Test("Keys, known hosts and policy come from the configuration, by host")
    func configuration() throws {
        var ssh = SSHConfiguration()
        ssh.keys = ["keys/other"]
        var own = SSHConfiguration.Host()
        own.keys = ["keys/room"]
        ssh.hosts["10.0.0.50"] = own
        let room = try run("print(c:Connect(5))", user: "robot", password: "", ssh: ssh)
        #expect(room.lines == ["Connected"])
        #expect(room.environment.knownHosts.keys.first == "/tmp/.lectern/known_hosts")
        ssh.policy = .strict
        ssh.knownHosts = "/etc/known"
        let strict = try run("print((c:Connect(5)))", user: "robot", password: "", ssh: ssh)
        #expect(strict.lines.last == "HostKeyUnknown")
        let told = strict.connections.first?.text
        #expect(told?.contains("'/etc/known' has none for it") == true, "\(strict.connectionTimeline)")
    }

    @Test(
        "Credentials that are missing or of the wrong form are an error that names the parameter",
        arguments: [
            (
                "EthernetClientInterface('h', 22, 'SSH')",
                "ValueError: argument 'Credentials' is missing, and the Protocol 'SSH' needs it; "
                    + "it must be {user, password}; the password may be ''"
            ),
            (
                "EthernetClientInterface('h', 22, 'SSH', {Credentials = {'admin'}})",
                "TypeError: argument 'Credentials' of EthernetClientInterface must be {user, password}"
            ),
            (
                "EthernetClientInterface('h', 22, 'SSH', {Credentials = {'', 'x'}})",
                "ValueError: argument 'Credentials' has no user; it must be {user, password}"
            ),
        ])
    func credentials(_ call: String, _ expected: String) throws {
        let room = try run("print(select(2, pcall(function() \(call) end)))")
        #expect(room.lines.first?.hasSuffix(expected) == true, "\(room.lines)")
    }
}
