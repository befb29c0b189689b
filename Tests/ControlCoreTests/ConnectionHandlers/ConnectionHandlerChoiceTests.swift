import ControlCore
import NIOCore
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

    @Test("TCP and SSH clients get a RawTcpHandler, TCP servers a ServerExHandler")
    func handlers() {
        #expect(choose(.ethernetClient(.tcp), .callable) == "rawTcp")
        #expect(choose(.ethernetClient(.ssh), .callable) == "rawTcp")
        #expect(choose(.ethernetServerEx(.tcp), .none) == "serverEx")
        #expect(choose(.ethernetServerEx(.tcp), .other("number")) == "serverEx")
    }

    @Test("A UDP server and anything else are TypeErrors")
    func types() {
        #expect(choose(.ethernetServerEx(.udp), .none) == "TypeError")
        #expect(choose(.other("Timer"), .callable) == "TypeError")
    }

    @Test("A client without a usable query is a ValueError")
    func values() {
        for query in [KeepAliveQueryKind.none, .named("Power"), .other("number")] {
            #expect(choose(.ethernetClient(.tcp), query) == "ValueError")
        }
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
    }
}
