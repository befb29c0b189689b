import Lectern
import LuaRuntime
import Testing

/// Every interface and function says which parameter is wrong.
@Suite("Bad parameters")
struct ParameterTests {
    /// A call with one bad parameter, and the name of that parameter.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let call: String
        let parameter: String
        let kind: String

        init(_ call: String, _ parameter: String, _ kind: String) {
            self.call = call
            self.parameter = parameter
            self.kind = kind
        }

        var testDescription: String { "\(call): \(parameter)" }
    }

    /// What the calls below use.
    private static let preparation = """
        local client = EthernetClientInterface('10.0.0.9', 23)
        local udp = EthernetClientInterface('10.0.0.9', 23, 'UDP')
        local server = EthernetServerInterfaceEx(2000)
        local old = EthernetServerInterface(2001)
        local device = ProcessorDevice('Main')
        local port = SerialInterface(device, 'COM1')
        local timer, clock = Timer(1, print), Clock({'12:00:00'}, nil, print)
        local wait = Wait(1, print)
        local member = {SetState = print}
        local set = MESet({member})
        local handler = GetConnectionHandler(client, print)

        """

    static let mistakes: [Mistake] = [
        Mistake("EthernetClientInterface()", "Hostname", "TypeError"),
        Mistake("EthernetClientInterface('')", "IPPort", "TypeError"),
        Mistake("EthernetClientInterface('', 23)", "Hostname", "ValueError"),
        Mistake("EthernetClientInterface('a', 0)", "IPPort", "ValueError"),
        Mistake("EthernetClientInterface('a', 65536)", "IPPort", "ValueError"),
        Mistake("EthernetClientInterface('a', '23')", "IPPort", "TypeError"),
        Mistake("EthernetClientInterface('a', 23, 'FTP')", "Protocol", "ValueError"),
        Mistake("EthernetClientInterface('a', 23, 'UDP', 80)", "ServicePort", "ValueError"),
        Mistake("EthernetClientInterface('a', 23, 'TCP', 0, {'user'})", "Credentials", "TypeError"),
        Mistake("EthernetClientInterface('a', 23, 'UDP', {bufferSize = 0})", "bufferSize", "ValueError"),
        Mistake("client:Connect(-1)", "timeout", "ValueError"),
        Mistake("client:Connect('5')", "timeout", "TypeError"),
        Mistake("client:Send()", "data", "TypeError"),
        Mistake("client:Send(5)", "data", "TypeError"),
        Mistake("client:SendAndWait('x')", "timeout", "TypeError"),
        Mistake("client:SendAndWait('x', -1)", "timeout", "ValueError"),
        Mistake("client:SendAndWait('x', 1, {deliLen = 0})", "deliLen", "ValueError"),
        Mistake("client:SendAndWait('x', 1, {deliTag = ''})", "deliTag", "ValueError"),
        Mistake("client:SendAndWait('x', 1, {deliTag = 5})", "deliTag", "TypeError"),
        Mistake("client:SendAndWait('x', 1, {deliRex = 5})", "deliRex", "TypeError"),
        Mistake("client:StartKeepAlive(0, 'x')", "interval", "ValueError"),
        Mistake("client:StartKeepAlive(1)", "data", "TypeError"),
        Mistake("udp:SetBufferSize(0)", "bufferSize", "ValueError"),
        Mistake("EthernetServerInterfaceEx()", "IPPort", "TypeError"),
        Mistake("EthernetServerInterfaceEx(65536)", "IPPort", "ValueError"),
        Mistake("EthernetServerInterfaceEx(2000, 'SSH')", "Protocol", "ValueError"),
        Mistake("EthernetServerInterfaceEx(2000, 'TCP', 'WLAN')", "Interface", "ValueError"),
        Mistake("EthernetServerInterfaceEx(2000, 'TCP', 'Any', 0)", "MaxClients", "ValueError"),
        Mistake("server:StartListen(-1)", "timeout", "ValueError"),
        Mistake("server:Disconnect(5)", "client", "TypeError"),
        Mistake("EthernetServerInterface(65536)", "IPPort", "ValueError"),
        Mistake("EthernetServerInterface(2001, 'SSH')", "Protocol", "ValueError"),
        Mistake("EthernetServerInterface(2001, 'TCP', 'WLAN')", "Interface", "ValueError"),
        Mistake("EthernetServerInterface(2001, 'UDP', 'Any', -1)", "ServicePort", "ValueError"),
        Mistake("old:StartListen(-1)", "timeout", "ValueError"),
        Mistake("old:Send(5)", "data", "TypeError"),
        Mistake("ProcessorDevice()", "DeviceAlias", "TypeError"),
        Mistake("ProcessorDevice('Main', 60)", "PartNumber", "TypeError"),
        Mistake("device:SetExecutiveMode(-1)", "ExecutiveMode", "ValueError"),
        Mistake("SerialInterface(client, 'COM1')", "Host", "TypeError"),
        Mistake("SerialInterface(device)", "Port", "TypeError"),
        Mistake("SerialInterface(device, 'COM2', 1)", "Baud", "ValueError"),
        Mistake("SerialInterface(device, 'COM2', 9600, 9)", "Data", "ValueError"),
        Mistake("SerialInterface(device, 'COM2', 9600, 8, 'odd')", "Parity", "ValueError"),
        Mistake("SerialInterface(device, 'COM2', 9600, 8, 'Odd', 3)", "Stop", "ValueError"),
        Mistake("SerialInterface(device, 'COM2', {FlowControl = 'OFF'})", "FlowControl", "ValueError"),
        Mistake("SerialInterface(device, 'COM2', {CharDelay = -1})", "CharDelay", "ValueError"),
        Mistake("SerialInterface(device, 'COM2', {Mode = 'RS999'})", "Mode", "ValueError"),
        Mistake("port:Initialize(1)", "Baud", "ValueError"),
        Mistake("port:Initialize({Parity = 'Mark'})", "Parity", "ValueError"),
        Mistake("port:Send({})", "data", "TypeError"),
        Mistake("port:SendAndWait('x', 'y')", "timeout", "TypeError"),
        Mistake("port:StartKeepAlive(-1, 'x')", "interval", "ValueError"),
        Mistake("Timer(0.001, print)", "Interval", "ValueError"),
        Mistake("Timer(1, 5)", "Function", "TypeError"),
        Mistake("timer:Change('1')", "Interval", "TypeError"),
        Mistake("Wait(-1, print)", "Time", "ValueError"),
        Mistake("Wait(1, 'print')", "Function", "TypeError"),
        Mistake("wait:Add('1')", "Time", "TypeError"),
        Mistake("wait:Change(-1)", "Time", "ValueError"),
        Mistake("Clock('12:00:00')", "Times", "TypeError"),
        Mistake("Clock({'25:00:00'})", "Times", "ValueError"),
        Mistake("Clock({'12:00:00'}, {'Someday'})", "Days", "ValueError"),
        Mistake("Clock({'12:00:00'}, nil, 5)", "Function", "TypeError"),
        Mistake("clock:SetTimes({'noon'})", "Times", "ValueError"),
        Mistake("clock:SetDays({'Someday'})", "Days", "ValueError"),
        Mistake("ProgramLog('x', 'fatal')", "Severity", "ValueError"),
        Mistake("SaveProgramLog(5)", "path", "TypeError"),
        Mistake("Ping(5)", "hostname", "TypeError"),
        Mistake("Ping('')", "hostname", "ValueError"),
        Mistake("Ping('a', 0)", "count", "ValueError"),
        Mistake("Ping('a', 1.5)", "count", "TypeError"),
        Mistake("WakeOnLan()", "macAddress", "TypeError"),
        Mistake("WakeOnLan('x')", "macAddress", "ValueError"),
        Mistake("WakeOnLan('01-23-45-67-ab-cd', 70000)", "port", "ValueError"),
        Mistake("ExitProgram(256)", "code", "ValueError"),
        Mistake("File()", "Filename", "TypeError"),
        Mistake("File('x', 'rw')", "mode", "ValueError"),
        Mistake("RFile('x', 5)", "mode", "TypeError"),
        Mistake("File.ChangeDir(5)", "path", "TypeError"),
        Mistake("File.RenameFile('a')", "newname", "TypeError"),
        Mistake("MESet(5)", "Objects", "TypeError"),
        Mistake("set:SetStates(member, 0)", "onState", "TypeError"),
        Mistake("set:SetStates(member, 'off', 1)", "offState", "TypeError"),
        Mistake("GetConnectionHandler()", "Interface", "TypeError"),
        Mistake("GetConnectionHandler(client, print, {pollFrequency = 0})", "pollFrequency", "ValueError"),
        Mistake("GetConnectionHandler(client, print, {DisconnectLimit = 0})", "DisconnectLimit", "ValueError"),
        Mistake("handler:SendAndWait('x', -1)", "timeout", "ValueError"),
        Mistake("handler:Connect('5')", "timeout", "TypeError"),
    ]

    @Test("A bad parameter is an error that names it, at the program's line", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.devices = ["Main": ["COM1": .path("/dev/ttyS0"), "COM2": .path("/dev/ttyS1")]]
        let room = try stage.start(
            "room",
            Self.preparation + "local _, e = pcall(function() \(mistake.call) end) print(e.kind, e)",
            configuration: configuration)
        let line = try #require(room.lines.first)
        #expect(line.hasPrefix("\(mistake.kind)\troom.lua:"), "\(line)")
        #expect(line.contains("'\(mistake.parameter)'"), "\(line)")
    }

    @Test("A value of a wrong type is refused by every function that is declared, and the parameter is named")
    func everyDeclaredType() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        var declared = 0
        for of in room.program.runtime.surface {
            for member in of.members where member.kind == .constructor {
                declared += try check(of.name, member.parameters)
            }
        }
        for function in room.program.runtime.globalFunctions {
            declared += try check(function.name, function.parameters)
        }
        #expect(declared > 80)
    }

    /// Calls `function` once for each of its parameters with a coroutine in its place, which none of them takes.
    private func check(_ function: String, _ parameters: [LuaParameter]) throws -> Int {
        var checked = 0
        for (index, parameter) in parameters.enumerated() where parameter.type.plain != .any {
            let before = parameters[..<index].map { Self.good($0.type) }
            guard !before.contains(nil) else { continue }
            let arguments = (before.compactMap { $0 } + ["coroutine.create(print)"]).joined(separator: ", ")
            let actor = try Stage().start(
                "\(function)-\(parameter.name)",
                """
                local device = ProcessorDevice('Main')
                local _, e = pcall(function() \(function)(\(arguments)) end) print(e.kind, e.message)
                """)
            let line = try #require(actor.lines.first)
            #expect(
                line.hasPrefix("TypeError\targument '\(parameter.name)' of \(function) must be "),
                "\(function): \(line)")
            checked += 1
        }
        return checked
    }

    /// A value that a parameter of this type takes; `nil` when there is none at hand.
    private static func good(_ type: LuaType) -> String? {
        switch type {
        case .any, .boolean: "true"
        case .integer(let range): "\(max(range.lowerBound, min(1, range.upperBound)))"
        case .number(let range), .seconds(let range): "\(max(range.lowerBound, min(1, range.upperBound)))"
        case .string: "'x'"
        case .oneOf(let words): "'\(words[0])'"
        case .function: "print"
        case .table: "{'x'}"
        case .instance(["ProcessorDevice"]): "device"
        case .instance: nil
        case .secret(let type), .shown(let type, _): good(type)
        }
    }
}
