import ControlCore
import Lectern
import Testing

/// The programs of docs/examples/hsms in virtual time: they print what secsgem's documentation prints.
@Suite("HSMS examples")
struct HsmsExampleTests {
    private let folder = "docs/examples/hsms"

    /// Starts a program on its host; its peer is on the host `peer`.
    private func start(_ name: String, on stage: Stage, peer: String) throws -> Stage.Actor {
        let host = peer == "device" ? "main" : "device"
        let text = try ProjectFiles.text(of: "\(folder)/\(name).lua")
        return try stage.start(
            host, text.replacing("'127.0.0.1'", with: "'\(peer)'"), file: "\(name).lua",
            folder: "\(ProjectFiles.root)/\(folder)")
    }

    /// Runs an example against its peer and returns what both have printed.
    private func play(
        _ name: String, device: String, seconds: Double = 15
    ) throws -> (main: [String], device: [String]) {
        let stage = Stage()
        // Hosts exist before programs do, or a name would not resolve.
        for host in ["main", "device"] { try stage.start(host, "") }
        let main = try start(name, on: stage, peer: "device")
        let device = try start(device, on: stage, peer: "main")
        stage.run(seconds)
        #expect(main.errors.isEmpty && device.errors.isEmpty, "\(main.lines) \(device.lines)")
        func printed(_ actor: Stage.Actor) -> [String] {
            actor.entries.filter { $0.severity != .warning }.map(\.text)
        }
        return (printed(main), printed(device))
    }

    private func packet(_ fields: String, older: Bool) -> String {
        let text = "Packet received header: {\(fields), require_response:0}"
        guard older else { return text }
        return text.replacing("session_id", with: "sessionID").replacing("p_type", with: "pType")
            .replacing("s_type", with: "sType").replacing("require_response", with: "requireResponse")
    }

    private func transcript(_ packets: [String], older: Bool) -> [String] {
        ["Connection established"] + packets.map { packet($0, older: older) }
            + ["Connection about to be terminated", "Connection terminated"]
    }

    @Test("The host and the equipment in Lua of docs/hsms.md work against each other, as printed")
    func page() throws {
        let blocks = LuaBlock.all(in: try ProjectFiles.text(of: "docs/hsms.md"), of: "docs/hsms.md").map(\.text)
        let host = try #require(blocks.first { $0.contains("GemHostHandler('127.0.0.1'") })
            .replacing("'127.0.0.1'", with: "'192.168.1.60'")
        let equipment = try #require(blocks.first { $0.contains("'127.0.0.1', 5000, false, 0, 'host', {initial") })
            .replacing("'127.0.0.1'", with: "'192.168.1.70'")
        let stage = Stage()
        try stage.start("etcher", address: "192.168.1.60", equipment)
        let actor = try stage.start("host", address: "192.168.1.70", host)
        stage.run(30)
        stage.expectNoErrors()
        // The event may overtake the answer to the command that has caused it.
        #expect(Set(actor.lines) == ["etcher", "7", "0", "100\t8"], "\(actor.lines)")
        #expect(actor.connections.contains { $0.text.hasSuffix("GEM: communicating") }, "\(actor.connectionTimeline)")
    }

    @Test("The active connection prints the documents' transcripts", arguments: [false, true])
    func active(_ older: Bool) throws {
        let lines = try play(older ? "active-older" : "active", device: "active-device").main
        #expect(
            lines
                == transcript(
                    [
                        "session_id:0x0000, stream:00, function:04, p_type:0x00, s_type:0x07, system:0x00000000",
                        "session_id:0x0000, stream:00, function:01, p_type:0x00, s_type:0x07, system:0x00000000",
                    ], older: older), "\(lines)")
    }

    @Test("The passive connection prints the documents' transcripts", arguments: [false, true])
    func passive(_ older: Bool) throws {
        let lines = try play(older ? "passive-older" : "passive", device: "passive-device").main
        #expect(
            lines
                == transcript(
                    [
                        "session_id:0xffff, stream:00, function:00, p_type:0x00, s_type:0x01, system:0x00000001",
                        "session_id:0x0000, stream:00, function:03, p_type:0x00, s_type:0x07, system:0x00000000",
                    ], older: older), "\(lines)")
    }

    @Test("The multi-passive server prints the documents' transcripts", arguments: [false, true])
    func multiPassive(_ older: Bool) throws {
        let name = older ? "multi-passive-older" : "multi-passive"
        let lines = try play(name, device: "multi-passive-device").main
        #expect(
            lines
                == transcript(
                    [
                        "session_id:0xffff, stream:00, function:00, p_type:0x00, s_type:0x01, system:0x00000003",
                        "session_id:0x0000, stream:00, function:03, p_type:0x00, s_type:0x07, system:0x00000000",
                    ], older: older), "\(lines)")
    }

    @Test("The manager's handler prints the answer to a linktest as the documents have it")
    func manager() throws {
        let newer = try play("manager", device: "manager-device")
        #expect(
            newer.main == [
                "secsgem.hsms.HsmsPacket({'header': secsgem.hsms.HsmsHeader({'function': 0, 'stream': 0, 'p_type': 0, "
                    + "'system': 13, 'session_id': 65535, 'require_response': False, 's_type': 6}), 'data': ''})"
            ], "\(newer.main)")
        #expect(newer.device == ["Selected"])
        let older = try play("manager-older", device: "manager-device").main
        #expect(
            older == [
                "secsgem.hsms.HsmsPacket({'header': secsgem.hsms.HsmsHeader({'function': 0, 'stream': 0, 'pType': 0, "
                    + "'system': 13, 'sessionID': 65535, 'requireResponse': False, 'sType': 6}), 'data': ''})"
            ], "\(older)")
    }

    @Test("The host has the oven heat up, and hears of it by events and an alarm")
    func gem() throws {
        let lines = try play("host", device: "equipment", seconds: 40)
        #expect(
            lines.main == [
                "Communicating with oven 1.0", "Temperature is 20 degC", "Setpoint 300: 3", "Setpoint 200: 0",
                "Doors: 2", "START: 4", "Event 100: L7", "Alarm 7 set: The oven is too hot",
                "Event 101: 200.0", "The oven is hot: 200 degC",
            ], "\(lines.main)")
        #expect(lines.device == ["Setpoint: 200", "The host says: Good morning"], "\(lines.device)")
    }
}
