import ControlCore
import Lectern
import LuaRuntime
import Testing

/// What programs learn of their processor, and `Ping`, `Platform` and `Version`.
@Suite("The processor")
struct ProcessorDeviceTests {
    private func lines(
        _ text: String, yaml: String = "", prepare: (SimulatedEnvironment) -> Void = { _ in }
    ) throws -> [ProgramLogEntry] {
        let stage = Stage()
        var configuration = try ProgramConfiguration(yaml: yaml, file: "lectern.yaml")
        configuration.limits = Stage.configuration().limits
        let room = try stage.start("room", "Wait(1, function() \(text) end)", configuration: configuration)
        prepare(room.environment)
        stage.run(60)
        return room.entries
    }

    private static let identity = """
        devices:
          Main:
            model: IPCP Pro 250
            partNumber: 60-1430-01
            serialNumber: A1B2C3
        """

    @Test("Model, part and serial number come from the configuration")
    func identity() throws {
        let entries = try lines(
            """
            local p = ProcessorDevice('Main')
            print(p.DeviceAlias, p.ModelName, p.PartNumber, p.SerialNumber)
            local q = ProcessorDevice('Other', '60-1')
            print(q.ModelName, q.PartNumber, q.SerialNumber)
            """, yaml: Self.identity)
        #expect(entries.map(\.text) == ["Main\tIPCP Pro 250\t60-1430-01\tA1B2C3", "Lectern\t60-1\tnil"])
    }

    @Test("A program that asks for another part is warned, and runs")
    func otherPart() throws {
        let entries = try lines("print(ProcessorDevice('Main', '60-9').PartNumber)", yaml: Self.identity)
        #expect(
            entries.map(\.text) == [
                "ProcessorDevice 'Main' is part 60-1430-01, and the program asks for 60-9", "60-9",
            ])
        #expect(entries.first?.severity == .warning)
    }

    @Test("Name, address and network come from the machine, or from the configured interface")
    func network() throws {
        let describe: (SimulatedEnvironment) -> Void = { environment in
            environment.machine.hostname = "rack-1"
            environment.machine.interfaces = [
                .init(name: "lo", address: "127.0.0.1"),
                .init(
                    name: "eth0", address: "10.0.0.1", subnetMask: "255.255.255.0", hardwareAddress: "02-00-00-00-00-01"
                ),
                .init(
                    name: "eth1", address: "10.1.0.1", subnetMask: "255.255.0.0", hardwareAddress: "02-00-00-00-00-02"),
            ]
            environment.machine.gateway = "10.0.0.254"
            environment.machine.nameServers = ["10.0.0.53"]
            environment.machine.searchDomains = ["room.example"]
        }
        let text = """
            local p = ProcessorDevice('Main')
            print(p.Hostname, p.IPAddress, p.MACAddress)
            local lan = p.SystemSettings.Network.LAN
            print(lan.Hostname, lan.IPAddress, lan.SubnetMask, lan.Gateway, lan.DNSServers[1], lan.SearchDomains[1])
            local avlan = p.SystemSettings.Network.AVLAN
            print(avlan and avlan.IPAddress, avlan and avlan.Gateway)
            print(p.SystemSettings.ProgramInformation.DeviceName,
                p.SystemSettings.ProgramInformation.SoftwareVersion == Version())
            """
        #expect(
            try lines(text, prepare: describe).map(\.text) == [
                "rack-1\t10.0.0.1\t02-00-00-00-00-01",
                "rack-1\t10.0.0.1\t255.255.255.0\t10.0.0.254\t10.0.0.53\troom.example", "nil\tnil", "Main\ttrue",
            ])
        let yaml = "servers: {LAN: 10.1.0.1, AVLAN: 10.0.0.1}"
        #expect(
            try lines(text, yaml: yaml, prepare: describe).map(\.text) == [
                "rack-1\t10.1.0.1\t02-00-00-00-00-02",
                "rack-1\t10.1.0.1\t255.255.0.0\tnil\t10.0.0.53\troom.example", "10.0.0.1\t10.0.0.254", "Main\ttrue",
            ])
    }

    @Test("What the hardware does not measure reads as nil, and nothing is licensed")
    func absent() throws {
        #expect(
            try lines(
                """
                local p = ProcessorDevice('Main')
                print(p.CurrentLoad, p.CombinedCurrent, p.CombinedWattage, p.CombinedLoadState, #p.LinkLicenses)
                local usage = p.UserUsage
                print(#usage, usage[1] > 0, usage[1] <= usage[2])
                print(select(2, pcall(p.Reboot, p)).kind)
                """
            ).map(\.text) == ["nil\tnil\tnil\tnil\t0", "2\ttrue\ttrue", "RuntimeError"])
    }

    @Test("The executive mode is what was set, and each change of it is one event")
    func executiveMode() throws {
        #expect(
            try lines(
                """
                local p = ProcessorDevice('Main')
                event(p, 'ExecutiveModeChanged', function(device, mode) print(device == p, mode) end)
                print(p.ExecutiveMode)
                p:SetExecutiveMode(2)
                p:SetExecutiveMode(2)
                p:SetExecutiveMode(0)
                print(p.ExecutiveMode)
                """
            ).map(\.text) == ["0", "0", "true\t2", "true\t0"])
    }

    @Test("A device's keys of the configuration are checked with their lines")
    func configuration() {
        let error = #expect(throws: ConfigurationError.self) {
            try ProgramConfiguration(yaml: "devices:\n  Main:\n    modle: x\n    serialNumber: [1]\n", file: "a.yaml")
        }
        #expect(
            error?.problems == [
                "a.yaml:3: key 'modle' is not known; did you mean 'model'?",
                "a.yaml:4: 'serialNumber' must be a string",
            ])
    }

    @Test("Ping gives successes, failures and the average time in ms, and suspends only its task")
    func ping() throws {
        let entries = try lines(
            """
            Wait(0.5, function() print('meanwhile') end)
            print(Ping('room', 2))
            print(Ping('10.0.0.99', {count = 3}))
            print(Ping('nobody.example', 1))
            local ok, s, f, average = pcall(Ping)
            print(ok, s, f, average > 0 and average < 1)
            """)
        #expect(
            entries.map(\.text) == ["2\t0\t0.4", "meanwhile", "0\t3\t0.0", "0\t1\t0.0", "true\t5\t0\ttrue"])
    }

    @Test("A system that forbids echo requests makes Ping an IOError that says what to allow")
    func forbiddenPing() throws {
        let entries = try lines("local _, e = pcall(Ping) print(e.kind, e.message)") { $0.permitsEcho = false }
        #expect(entries.count == 1)
        #expect(entries[0].text.hasPrefix("IOError\t"))
        #expect(entries[0].text.contains("sysctl -w net.ipv4.ping_group_range='0 2147483647'"))
    }

    @Test("Platform and Version are words that programs of the mimicked environment test")
    func platform() throws {
        let text = "print(Platform(), #Version():match('^%d+%.%d+%.%d+$') > 0)"
        #expect(try lines(text).map(\.text) == ["Pro xi\ttrue"])
    }
}
