import Lectern
import LuaRuntime
import Testing

/// Whatever a program has the host keep is charged to it: a class that keeps bytes uncharged fails here.
@Suite("Memory of host objects", .needsMemory)
struct MemoryChargeTests {
    /// Lua text that makes the `i`-th object keep `b`, a string of ``stringBytes``, by class; `kept` keeps objects.
    static let hoards: [String: [String]] = [
        "EthernetClientInterface": [
            "kept[i] = EthernetClientInterface(b, 9)",
            "kept[i] = EthernetClientInterface('h', 22, 'SSH', {Credentials = {b, 'p'}})",
            "kept[i] = EthernetClientInterface('h', 22, 'SSH', {Credentials = {'u', b}})",
            "local e = EthernetClientInterface('10.0.0.9', 9, 'UDP') e:StartKeepAlive(1000, b) kept[i] = e",
        ],
        "SecsItem": [
            "kept[i] = SecsItem.A(b)", "kept[i] = SecsItem.B(b)", "kept[i] = SecsItem({b})",
            "kept[i] = SecsItem.L({{b}})",
        ],
        "SecsMessage": ["kept[i] = SecsMessage(1, 1, b)"],
        "HsmsPacket": ["kept[i] = HsmsPacket(HsmsLinktestReqHeader(1), b)"],
        "GemEquipmentHandler": [
            "eq = eq or secsgem.GemEquipmentHandler('10.0.0.7', 5000, false, 0, 'eq')"
                + " eq:add_status_variable(5000 + i, b .. i, '', 1)",
            "eq = eq or secsgem.GemEquipmentHandler('10.0.0.7', 5000, false, 0, 'eq')"
                + " eq:add_data_value(6000 + i, 'n', b .. i, 1)",
            "eq = eq or secsgem.GemEquipmentHandler('10.0.0.7', 5000, false, 0, 'eq')"
                + " eq:add_equipment_constant(7000 + i, b .. i, '', 1)",
            "eq = eq or secsgem.GemEquipmentHandler('10.0.0.7', 5000, false, 0, 'eq')"
                + " eq:add_collection_event(8000 + i, b .. i)",
            "eq = eq or secsgem.GemEquipmentHandler('10.0.0.7', 5000, false, 0, 'eq')"
                + " eq:add_remote_command(b .. i, {}, function() end)",
        ],
    ]

    static let stringBytes = 1 << 20
    static let count = 6

    @Test("What an object keeps of its arguments is the program's memory", arguments: hoards.keys.sorted())
    func keptArguments(_ name: String) throws {
        for hoard in Self.hoards[name] ?? [] {
            let stage = Stage()
            let room = try stage.start(
                "room",
                """
                secsgem = require 'secsgem'
                kept, b = {}, ('x'):rep(\(Self.stringBytes))
                Timer(1, function(_, i) if i <= \(Self.count) then \(hoard) end end)
                """)
            stage.run(0.5)
            let before = room.program.runtime.account.heldBytes
            stage.run(Double(Self.count) + 1)
            #expect(room.errors.map(\.text) == [], "\(hoard)")
            let grown = room.program.runtime.account.heldBytes - before
            #expect(grown >= Self.count * Self.stringBytes * 9 / 10, "\(hoard): \(grown) bytes are charged")
        }
    }

    @Test("Objects without large arguments are charged for what they take themselves")
    func manyObjects() throws {
        for make in [
            "Timer(9)", "Wait(9, print)", "EthernetClientInterface('10.0.0.9', 9)",
            "EthernetServerInterfaceEx(9000 + i)",
            "re.compile('(a|b)+x{3}' .. i)", "SecsItem.U4(i)", "Clock({'12:00:00'}, nil, print)",
        ] {
            let stage = Stage()
            let room = try stage.start("room", "kept = {} for i = 1, 300 do kept[i] = \(make) end")
            #expect(room.errors.isEmpty, "\(make): \(room.lines)")
            #expect(room.program.runtime.account.heldBytes >= 300 * 256, "\(make)")
        }
    }

    @Test("A program that hoards in host objects is refused at its limit, and ended when nothing can be freed")
    func hoarding() throws {
        for hoard in Self.hoards.values.flatMap({ $0 }) {
            let stage = Stage()
            var configuration = Stage.configuration()
            configuration.limits.memoryBytes = 16 << 20
            let room = try stage.start(
                "room",
                """
                secsgem = require 'secsgem'
                kept, b = {}, ('x'):rep(\(Self.stringBytes))
                Timer(0.1, function(_, i) \(hoard) end)
                """, configuration: configuration)
            stage.run(6)
            let held = room.program.runtime.usedBytes + room.program.runtime.account.heldBytes
            #expect(held < 24 << 20, "\(hoard): \(held >> 20) MiB")
            #expect(room.lines.contains { $0.contains("KiB") }, "\(hoard): \(room.lines.suffix(3))")
        }
    }

    @Test("Every class that takes text is listed, with what it keeps or as one that keeps none of it")
    func listed() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        for of in room.program.runtime.surface {
            let takesText = of.members.contains { member in
                member.parameters.contains { [.string, .any, .table].contains($0.type.plain) }
            }
            guard takesText, Self.hoards[of.name] == nil else { continue }
            #expect(Self.keepsNone[of.name] != nil, "\(of.name) takes text: does it keep it?")
        }
    }

    /// Classes that take text and keep none of it in a way that could grow, with the reason.
    static let keepsNone: [String: String] = [
        "ClientObject": sends, "Clock": "it takes times of day only", "Email": sends, "EthernetServerInterface": sends,
        "EthernetServerInterfaceEx": "the words that it takes are from a list",
        "File": "names are as long as the system's",
        "GemCommand": "it is answered, and gone", "GemHostHandler": sends, "HsmsActiveConnection": connection,
        "HsmsConnectionManager": connection, "HsmsMultiPassiveServer": connection,
        "HsmsPassiveConnection": connection, "HsmsProtocol": connection,
        "HttpSession": "headers, addresses and cookies have bounds, and they and what is under way are charged",
        "MESet": "its objects are Lua's",
        "Match": "its subject is Lua's", "ModuleSimplePipeHandler": handler, "ModuleTcpHandler": handler,
        "Pattern": "patterns have a largest length, and are charged with their code",
        "ProcessorDevice": "aliases are those of the configuration", "RFile": "names are as long as the system's",
        "RawSimplePipeHandler": handler, "RawTcpHandler": handler, "SecsHandler": connection,
        "SecsRequest": "it is answered, and gone", "SerialInterface": sends, "TCPInterface": sends,
    ]

    private static let sends = "what is to be sent is charged until it is sent, and has a bound"
    private static let connection = "its address is charged, and what is to be sent"
    private static let handler = "it hands all on to its interface or module"
}
