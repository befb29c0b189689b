import Testing

@testable import ControlCore

/// What programs learn of the machine.
@Suite("Machine description")
struct MachineDescriptionTests {
    @Test("The default route is read from the system's table, whichever line it is")
    func routes() {
        var machine = MachineDescription()
        machine.readRoutes(
            """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth1\t0011A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            eth1\t00000000\t0111A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
            """)
        #expect(machine.defaultInterface == "eth1")
        #expect(machine.gateway == "192.168.17.1")
        var isolated = MachineDescription()
        isolated.readRoutes("Iface\tDestination\tGateway\n")
        #expect(isolated == MachineDescription())
    }

    @Test("The resolver's configuration gives name servers and domains")
    func resolver() {
        var machine = MachineDescription()
        machine.readResolver("# made by hand\nsearch room.example example\nnameserver 10.0.0.53\nnameserver fe80::1\n")
        #expect(machine.nameServers == ["10.0.0.53", "fe80::1"])
        #expect(machine.searchDomains == ["room.example", "example"])
    }

    @Test("Hardware addresses have hyphens, and the loopback interface has none")
    func hardwareAddress() {
        #expect(MachineDescription.hardwareAddress("02:42:ac:11:00:0f\n") == "02-42-AC-11-00-0F")
        #expect(MachineDescription.hardwareAddress("00:00:00:00:00:00\n") == nil)
        #expect(MachineDescription.hardwareAddress("") == nil)
    }

    @Test("The interface of an address is found; without one it is that of the default route")
    func interfaces() {
        var machine = MachineDescription()
        #expect(machine.interface(at: nil) == nil)
        machine.interfaces = [
            .init(name: "lo", address: "127.0.0.1"), .init(name: "eth0", address: "fe80::1"),
            .init(name: "eth0", address: "10.0.0.1"), .init(name: "eth1", address: "10.1.0.1"),
        ]
        #expect(machine.interface(at: nil)?.address == "10.0.0.1")
        machine.defaultInterface = "eth1"
        #expect(machine.interface(at: nil)?.address == "10.1.0.1")
        #expect(machine.interface(at: "10.0.0.1")?.name == "eth0")
        #expect(machine.interface(at: "10.9.0.1") == nil)
    }

    @Test("This machine has a name and a loopback interface")
    func system() {
        let machine = MachineDescription.system()
        #expect(!machine.hostname.isEmpty)
        #expect(machine.interfaces.contains { $0.address == "127.0.0.1" && $0.hardwareAddress == nil })
    }
}
