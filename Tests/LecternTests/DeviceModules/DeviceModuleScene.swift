import ControlCore
import Lectern
import Polling
import Testing

/// A room with a device module and, at 10.0.0.2, the device: port 23 of TCP and of UDP.
struct DeviceModuleScene {
    let stage = Stage()
    let room: Stage.Actor
    let device: Stage.Actor

    /// The device. It says what it gets, and answers lines that end with a carriage return:
    /// `P?`, `P0`, `P1`: `P` and its power state; `I<n>?`, `I<n>=<c>`: the input of an output; `V?`, `V<n>`: its level;
    /// `X`: an error. While `awake` is false it takes in nothing.
    static let device = """
        awake, power, level, inputs = true, '0', -20, {}
        function reply(line)
            if line == 'P?' then return 'P' .. power end
            if line:match('^P[01]$') then power = line:sub(2) return 'P' .. power end
            if line == 'V?' then return 'V' .. level end
            if line:match('^V%-?%d+$') then level = math.tointeger(tonumber(line:sub(2))) return 'OK' end
            local output, code = line:match('^I(%d)=(%d)$')
            if output then inputs[output] = code return 'OK' end
            output = line:match('^I(%d)%?$')
            if output then return 'I' .. output .. '=' .. (inputs[output] or '1') end
            return 'E7'
        end
        function receive(client, data)
            if not awake then return end
            for line in data:gmatch('([^\\r]*)\\r') do
                print(line)
                local answer = reply(line)
                if answer then client:Send(answer .. '\\r') end
            end
        end
        tcp, udp = EthernetServerInterfaceEx(23), EthernetServerInterfaceEx(23, 'UDP')
        event({tcp, udp}, 'ReceiveData', function(client, data) receive(client, data) end)
        tcp:StartListen()
        udp:StartListen()
        function say(text) for _, client in ipairs(tcp.Clients) do client:Send(text) end end
        """

    /// What the module of most tests declares; `with` changes it.
    static let module = """
        function declaration()
            return {
                name = 'Acme',
                connections = {Ethernet = {port = 23}, UDP = {port = 23}, Serial = {}},
                framing = {delimiter = '\\r', limit = 16},
                commands = {
                    Power = {values = {On = '1', Off = '0'}, set = 'P{value}\\r', query = 'P?\\r', reply = '^P(\\\\d)$'},
                    Input = {qualifiers = {{name = 'Output', min = 1, max = 4}}, values = {HDMI = 1, VGA = 2},
                        set = 'I{Output}={value}\\r', query = 'I{Output}?\\r', reply = '^I(\\\\d)=(\\\\d)$'},
                    Volume = {range = {min = -100, max = 12}, set = 'V{value}\\r', query = 'V?\\r', reply = '^V(-?\\\\d+)$'},
                    Fail = {trigger = true, set = 'X\\r'},
                },
                messages = {{'^OK$', function() end}}, errors = {{'^E(\\\\d)$', function(self, code) return 'the device says ' .. code end}},
            }
        end
        function with(changes)
            local all = declaration()
            for field, value in pairs(changes) do all[field] = value end
            return DeviceModule(all)
        end
        function report(dev, ...)
            for _, name in ipairs({...}) do
                dev:SubscribeStatus(name, nil, function(command, value, qualifier)
                    print(command, value, qualifier and qualifier.Output)
                end)
            end
        end

        """

    init(_ text: String, device more: String = "", configuration: ProgramConfiguration = Stage.configuration()) throws {
        stage.world.network.latency = .zero
        // The room's host is the first, 10.0.0.1; the device listens before the program begins.
        try stage.start("room", "")
        device = try stage.start("device", Self.device + "\n" + more)
        stage.run(0)
        room = try stage.start("room", Self.module + text, configuration: configuration)
    }

    func run(_ seconds: Double) { stage.run(seconds) }

    /// Expects that the declaration, changed by a line of Lua, is refused with a message that begins so.
    static func expectMistake(
        _ change: String, _ message: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let scene = try DeviceModuleScene(
            """
            m = declaration()
            \(change)
            print(select(2, pcall(function() DeviceModule(m) end)))
            """)
        let line = try #require(scene.room.lines.first, sourceLocation: sourceLocation)
        #expect(
            line.hasPrefix("room.lua:") && line.contains(": ValueError: \(message)"), "\(line)",
            sourceLocation: sourceLocation)
    }
}
