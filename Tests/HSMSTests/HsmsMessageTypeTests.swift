import HSMS
import Testing

@Suite("HSMS message types")
struct HsmsMessageTypeTests {
    @Test("The unassigned code 8 is no message type")
    func unassignedCode() {
        #expect(HsmsMessageType(rawValue: 8) == nil)
        #expect(HsmsMessageType(rawValue: 9) == .separateRequest)
    }
}
