import Foundation
import HSMS
import Polling
import Testing

/// GEM against the releases of secsgem that are in the field. `LECTERN_GEM_STARTS` says how often communication is
/// established in each of the four combinations; 50 by default, which is 200 starts.
@Suite(
    "GEM against secsgem",
    .enabled(
        "secsgem cannot be installed from PyPI here",
        { await PythonPackage.areAvailable("secsgem", secsgemVersions) }))
struct GemInterop {
    static let starts = ProcessInfo.processInfo.environment["LECTERN_GEM_STARTS"].flatMap(Int.init) ?? 50

    private func peer(_ version: String, _ arguments: String...) async throws -> Peer {
        let python = try await PythonPackage.python(with: "secsgem", version)
        return try Peer(python, ["-u", "\(Project.root)/Tests/Interop/secsgem_gem_peer.py"] + arguments)
    }

    private func host(port: Int) async throws -> GemStation<GemHostHandler> {
        try await GemStation(role: .host, active: true, port: port) { link, note in
            let handler = GemHostHandler(session: link)
            handler.onEvent = { report in
                note("event \(report.event)")
                return 0
            }
            return handler
        }
    }

    private func equipment(
        port: Int, t3: TimeAmount = HsmsTimers().t3, establishDelay: TimeAmount = .seconds(10)
    ) async throws -> GemStation<GemEquipmentHandler> {
        try await GemStation(role: .equipment, active: false, port: port, t3: t3) { link, note in
            // Off-line it would abort the S1F1 of a host that is faster than its own.
            var control = GemControlConfiguration()
            control.initialState = .online
            let handler = GemEquipmentHandler(
                session: link, identity: GemIdentity(model: "etcher", revision: "1.2"), control: control)
            handler.establishDelay = establishDelay
            try handler.variables.add(
                statusVariable: GemVariable(id: 10, name: "Pressure", units: "Pa", value: .u4(17)))
            try handler.variables.add(
                constant: GemEquipmentConstant(
                    id: 30, name: "Setpoint", initial: .i2(5), minimum: .i2(0), maximum: .i2(99)))
            try handler.events.add(GemEvents.Event(id: 100, name: "Started"))
            try handler.alarms.add(GemAlarms.Alarm(id: 7, text: "hot", category: 2))
            handler.terminals.onText = { text in
                note("text \(text.lines)")
                return .accepted
            }
            try handler.commands.add(
                GemRemoteCommands.Command("START") { [unowned handler] call in
                    note("command \(call["LOT"]?.text ?? "-")")
                    call.reply(.done)
                    handler.events.trigger(100)
                    do {
                        try handler.alarms.set(7)
                        try handler.alarms.clear(7)
                    } catch {
                        note("\(error)")
                    }
                })
            return handler
        }
    }

    @Test(
        "As host it is understood by secsgem's equipment: identity, on-line, variables, events and commands",
        arguments: secsgemVersions)
    func hostConversation(_ version: String) async throws {
        let port = try Project.freePort()
        let server = try await peer(version, "equipment", "\(port)")
        try await server.line(containing: "ready")
        let station = try await host(port: port)
        try await station.line("communicating")
        try await server.line(containing: "communicating")
        do {
            try await converse(with: station)
        } catch {
            Issue.record("\(error):\n\(server.lines.joined(separator: "\n"))")
        }
        try await station.end()
        await server.kill()
    }

    private func converse(with station: GemStation<GemHostHandler>) async throws {
        #expect(try await station.answer { $0.areYouThere(completion: $1) }?.model == "secsgem")
        #expect([0, 2].contains(try await station.answer { $0.goOnline(completion: $1) }))
        let names = try await station.answer { $0.statusVariableNames([1001, 1002], completion: $1) }
        #expect(names.map(\.name) == ["Clock", "ControlState"])
        let values = try await station.answer { $0.statusVariables([1002], completion: $1) }
        #expect(values.first?.unsignedInteger == 5)
        let constants = try await station.answer { $0.constantNames([1], completion: $1) }
        #expect(constants.first?.maximum.unsignedInteger == 120)
        #expect(try await station.answer { $0.constants([1], completion: $1) }.first?.unsignedInteger == 10)
        // Once it is set, secsgem 0.1.0 cannot tell it any more.
        #expect(try await station.answer { $0.setConstants([(1, .u2(30))], completion: $1) } == 0)
        #expect(try await station.answer { $0.subscribe(to: 20, report: 9, variables: [1002], completion: $1) } == 0)
        #expect(try await station.answer { $0.command("START", completion: $1) }.code == 4)
        try await station.line("event 20")
        #expect(try await station.answer { $0.goOffline(completion: $1) } == 0)
    }

    @Test(
        "As equipment it is understood by secsgem's host: identity, on-line, variables, events, alarms and commands",
        arguments: secsgemVersions)
    func equipmentConversation(_ version: String) async throws {
        let port = try Project.freePort()
        let station = try await equipment(port: port)
        let client = try await peer(version, "host", "\(port)", "converse")
        try await client.line(containing: "done")
        try await station.line("command L1")
        try await station.line("text [hello]")
        let lines = client.lines
        for expected in [
            "identity ['etcher', '1.2']", "online 2", "svs [17]", "ecs [5]", "ecs [42]",
            "received event 100 [17]", "received alarm 7 hot",
        ] {
            #expect(lines.contains(expected), "\(lines.joined(separator: "\n"))")
        }
        #expect(!lines.contains { $0.contains("failed") }, "\(lines.joined(separator: "\n"))")
        try await station.end()
        await client.kill()
    }

    @Test("As host it reaches COMMUNICATING at every start against secsgem's equipment", arguments: secsgemVersions)
    func hostStarts(_ version: String) async throws {
        for number in 1...Self.starts {
            // A new process each time: secsgem's listener dies of some of the connections that it loses.
            let port = try Project.freePort()
            let server = try await peer(version, "equipment", "\(port)")
            try await server.line(containing: "ready")
            let station = try await host(port: port)
            try await station.line("communicating", within: 60)
            let identity = try await station.answer { $0.areYouThere(completion: $1) }
            #expect(identity?.model == "secsgem", "start \(number)")
            try await station.end()
            await server.kill()
        }
    }

    @Test("As equipment it reaches COMMUNICATING at every start of secsgem's host", arguments: secsgemVersions)
    func equipmentStarts(_ version: String) async throws {
        let port = try Project.freePort()
        // On a busy machine a host of secsgem 0.1.0 may be selected before its GEM is enabled; see silentHost().
        let station = try await equipment(port: port, t3: .seconds(5), establishDelay: .seconds(1))
        let client = try await peer(version, "host", "\(port)", "starts", "\(Self.starts)")
        try await client.line(containing: "done", within: Double(Self.starts) * 10)
        #expect(client.lines.filter { $0.contains("['etcher', '1.2']") }.count == Self.starts, "\(client.lines)")
        try await station.line("communicating", count: Self.starts)
        try await station.end()
        await client.kill()
    }

    @Test(
        "As equipment it heals secsgem 0.1.0's host that was selected before its GEM was enabled, and so stays silent")
    func silentHost() async throws {
        let port = try Project.freePort()
        let station = try await equipment(port: port, t3: .seconds(2), establishDelay: .seconds(1))
        let client = try await peer("0.1.0", "host", "\(port)", "late")
        try await client.line(containing: "selected while DISABLED")
        try await client.line(containing: "start ['etcher', '1.2']")
        try await station.line("communicating")
        // The silent session, which was given up, and the one that took its place.
        let sessions = station.lines.filter { $0.hasPrefix("hsms selected") }.count
        #expect(sessions >= 2, "\(station.lines)")
        try await station.end()
        await client.kill()
    }
}
