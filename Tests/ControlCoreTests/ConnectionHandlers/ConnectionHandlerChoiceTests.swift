import ControlCore
import Polling
import Testing

@Suite("connectionHandlerKind")
struct ConnectionHandlerChoiceTests {
    private func choose(_ subject: ConnectionHandlerSubject, _ query: KeepAliveQueryKind) -> String {
        do {
            return "\(try connectionHandlerKind(for: subject, keepAliveQuery: query))"
        } catch {
            switch error {
            case .unsupportedType: return "TypeError"
            case .invalidValue: return "ValueError"
            }
        }
    }

    @Test("Each interface gets its documented handler, with a function and with a module's command")
    func handlers() {
        #expect(choose(.ethernetClient(.tcp), .callable) == "rawTcp")
        #expect(choose(.ethernetClient(.ssh), .callable) == "rawTcp")
        #expect(choose(.ethernetClient(.udp), .callable) == "rawSimplePipe")
        #expect(choose(.serial, .callable) == "rawSimplePipe")
        #expect(choose(.ethernetClient(.tcp), .command("Power")) == "moduleTcp")
        #expect(choose(.ethernetClient(.ssh), .command("Power")) == "moduleTcp")
        #expect(choose(.ethernetClient(.udp), .command("Power")) == "moduleSimplePipe")
        #expect(choose(.serial, .command("Power")) == "moduleSimplePipe")
        for query in [KeepAliveQueryKind.none, .other("number"), .callable, .commandOfNoModule("Power")] {
            #expect(choose(.ethernetServerEx(.tcp), query) == "serverEx")
        }
    }

    @Test("A UDP server, the older server and anything else are TypeErrors, whatever the query")
    func types() {
        for query in [KeepAliveQueryKind.none, .callable, .command("Power")] {
            #expect(choose(.ethernetServerEx(.udp), query) == "TypeError")
            #expect(choose(.ethernetServer, query) == "TypeError")
            #expect(choose(.other("Timer"), query) == "TypeError")
        }
    }

    @Test("A client without a usable query is a ValueError")
    func values() {
        let unusable: [KeepAliveQueryKind] = [
            .none, .unknownCommand("Power", known: ["Input"]), .commandOfNoModule("Power"), .other("number"),
        ]
        for subject in [ConnectionHandlerSubject.serial, .ethernetClient(.tcp), .ethernetClient(.udp)] {
            for query in unusable { #expect(choose(subject, query) == "ValueError") }
        }
    }

    @Test("An unknown command is told with those that the module has")
    func commands() {
        let error = #expect(throws: ConnectionHandlerChoiceError.self) {
            try connectionHandlerKind(
                for: .serial, keepAliveQuery: .unknownCommand("Powr", known: ["Input", "Power"]))
        }
        #expect(
            error?.description == "keepAliveQuery 'Powr' is no command of the device module; it has Input, Power")
    }

    @Test("Options have the documented defaults, and are checked")
    func options() throws {
        let options = try HandlerOptions()
        #expect(options.disconnectLimit == 15)
        #expect(options.pollFrequency == .seconds(1))
        #expect(options.connectRetryTime == .seconds(5))
        #expect(options.serverTimeout == .minutes(5))
        #expect(options.connectedOn == .socket)
        #expect(throws: ParameterError.self) { try HandlerOptions(disconnectLimit: 0) }
        #expect(throws: ParameterError.self) { try HandlerOptions(pollFrequency: .zero) }
        #expect(throws: ParameterError.self) { try HandlerOptions(connectRetryTime: .seconds(-1)) }
        #expect(throws: ParameterError.self) { try HandlerOptions(serverTimeout: .milliseconds(1)) }
        #expect(throws: ParameterError.self) { try HandlerOptions(pollPhase: 1) }
        #expect(throws: ParameterError.self) { try HandlerOptions(pollPhase: -0.1) }
    }
}
