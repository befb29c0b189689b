import Lectern
import Testing

/// Devices that want a user's name and a password first.
@Suite("Logins of declared modules")
struct DeviceModuleLoginTests {
    /// Wants 'admin' and 'secret', and asks again after a wrong one.
    private static let device = """
        event(tcp, 'Connected', function(client) client.step = 1 client:Send('Welcome\\r\\nlogin: ') end)
        local lines = {}
        local open = receive
        function receive(client, data)
            if client.step == 3 then return open(client, data) end
            for line in data:gmatch('([^\\r]*)\\r') do
                if client.step == 1 then
                    client.user, client.step = line, 2
                    client:Send('Password: ')
                elseif client.user == 'admin' and line == 'secret' then
                    client.step = 3
                    client:Send('ready> ')
                else
                    client.step = 1
                    client:Send('\\rwrong\\rlogin: ')
                end
            end
        end
        """

    private static func room(_ settings: String) -> String {
        """
        dev = with({login = {
            {prompt = 'login: $', send = 'username'}, {prompt = 'Password: $', send = 'password'},
            done = 'ready> ',
        }}).EthernetClass('10.0.0.2')
        \(settings)
        report(dev, 'ConnectionStatus', 'Power')
        dev:Connect(1)
        dev:Update('Power')
        """
    }

    @Test("What a program sends as soon as its handler says Connected waits for the login as well")
    func commandsAtOnce() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({login = {
                {prompt = 'login: $', send = 'username'}, {prompt = 'Password: $', send = 'password'},
                done = 'ready> ',
            }}).EthernetClass('10.0.0.2')
            dev.deviceUsername, dev.devicePassword = 'admin', 'secret'
            handler = GetConnectionHandler(dev, 'Volume')
            event(handler, 'Connected', function() handler:Set('Power', 'On') end)
            handler:Connect()
            """, device: Self.device)
        scene.run(1.5)
        #expect(scene.device.lines.prefix(2) == ["P1", "V?"], "\(scene.device.lines)")
        #expect(scene.room.lines == [], "\(scene.room.lines)")
    }

    @Test("The prompts are answered, and what waited is sent when the login is done")
    func good() throws {
        let scene = try DeviceModuleScene(
            Self.room("dev.deviceUsername, dev.devicePassword = 'admin', 'secret'"), device: Self.device)
        scene.run(1)
        #expect(
            scene.room.lines == ["ConnectionStatus\tConnected\tnil", "Power\tOff\tnil"], "\(scene.room.timeline)")
        #expect(scene.device.lines == ["P?"])
    }

    @Test("A wrong password is told once, and nothing else is sent")
    func bad() throws {
        let scene = try DeviceModuleScene(
            Self.room("dev.deviceUsername, dev.devicePassword = 'admin', 'guess'"), device: Self.device)
        scene.run(8)
        #expect(
            scene.room.lines == [
                "Acme at 10.0.0.2:23: the password was refused: set devicePassword (deviceUsername is 'admin')",
                "ConnectionStatus\tDisconnected\tnil",
            ], "\(scene.room.timeline)")
        #expect(scene.room.entries.first?.severity == .warning)
        #expect(scene.device.lines.isEmpty)
    }

    @Test("What is wrong with the password is told once, however often the handler tries, and anew after a success")
    func badAgain() throws {
        let scene = try DeviceModuleScene(
            Self.room("dev.deviceUsername, dev.devicePassword = 'admin', 'guess'").replacing("dev:Connect(1)", with: "")
                .replacing("dev:Update('Power')", with: "")
                    + """
                    GetConnectionHandler(dev, 'Power', {connectRetryTime = 2}):Connect()
                    Wait(9, function() dev.devicePassword = 'secret' end)
                    Wait(14, function() dev.devicePassword = 'guess' end)
                    """,
            device: Self.device
                + """

                local take = receive
                function receive(client, data)
                    take(client, data)
                    if client.step == 1 then client:Disconnect() end
                end
                Wait(14.5, function() for _, client in ipairs(tcp.Clients) do client:Disconnect() end end)
                """)
        scene.run(20)
        #expect(scene.room.warnings.count == 2, "\(scene.room.timeline)")
        #expect(scene.room.lines.contains("Power\tOff\tnil"), "\(scene.room.timeline)")
    }

    @Test("A missing password is named")
    func missing() throws {
        let scene = try DeviceModuleScene(Self.room("dev.deviceUsername = 'admin'"), device: Self.device)
        scene.run(1)
        #expect(
            scene.room.warnings == ["Acme at 10.0.0.2:23: the device asks for a password: set devicePassword"]
        )
    }

    @Test("A device that does not ask is talked to when the time for its prompts is over")
    func noPrompt() throws {
        let scene = try DeviceModuleScene(Self.room(""))
        scene.run(6)
        #expect(
            scene.room.timeline == ["5.0 ConnectionStatus\tConnected\tnil", "5.0 Power\tOff\tnil"],
            "\(scene.room.timeline)")
    }
}
