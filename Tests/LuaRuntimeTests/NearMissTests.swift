import LuaRuntime
import Testing

@Suite("Names that may have been meant")
struct NearMissTests {
    private let names = ["Hostname", "IPAddress", "IPPort", "ServicePort", "Protocol", "Send", "SendAndWait", "OnSend"]

    @Test(
        "Related are the one that is nearly spelt so, else those that have the name as a part or are a part of it",
        arguments: [
            ("Port", ["IPPort", "ServicePort"]), ("address", ["IPAddress"]), ("hostName", ["Hostname"]),
            ("Prtocol", ["Protocol"]), ("TheProtocolInUse", ["Protocol"]), ("send", ["Send"]),
            ("endA", ["SendAndWait"]), ("end", ["OnSend", "Send", "SendAndWait"]), ("IP", []), ("Nothing", []),
            ("", []),
        ])
    func related(_ name: String, _ expected: [String]) {
        #expect(NearMiss.related(name, in: names) == expected)
    }

    @Test("A name that is longer than all names is compared with none")
    func longName() {
        #expect(NearMiss.related(String(repeating: "Port", count: 1_000), in: names).isEmpty)
    }
}
