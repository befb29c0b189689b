import Bytes
import ControlCore
import HSMS
import Polling
import Testing

/// What SEMI E37 and E37.1 demand of bad input, asked over the wire.
@Suite("Malformed HSMS input")
struct MalformedInputTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var isSelected: Bool
        var hex: String
        /// The answers of generic HSMS; `closed` means that the connection ends.
        var lenient: [String]
        /// Those of single-session HSMS.
        var strict: [String]

        init(_ title: String, selected: Bool = true, _ hex: String, _ lenient: [String], strict: [String] = ["closed"])
        {
            testDescription = title
            isSelected = selected
            self.hex = hex
            self.lenient = lenient
            self.strict = strict
        }
    }

    static let samples: [Sample] = [
        Sample("length below 10", "00000009 ffff 00 00 00 05 000000", ["closed"]),
        Sample("length 0", selected: false, "00000000", ["closed"]),
        Sample("length above the maximum", "000003e9", ["closed"]),
        Sample("length of 4 GB", selected: false, "ffffffff", ["closed"]),
        Sample("control message with text", "0000000b ffff 00 00 00 05 00000007 00", ["Reject.req 1 of 5"]),
        Sample("Select.req with text", selected: false, "0000000b ffff 00 00 00 01 00000007 00", ["Reject.req 1 of 1"]),
        Sample("SType 8", "0000000a ffff 00 00 00 08 00000007", ["Reject.req 1 of 8"]),
        Sample("SType 10", "0000000a ffff 00 00 00 0a 00000007", ["Reject.req 1 of 10"]),
        Sample("SType 11", selected: false, "0000000a ffff 00 00 00 0b 00000007", ["Reject.req 1 of 11"]),
        Sample("SType 255", "0000000a ffff 00 00 00 ff 00000007", ["Reject.req 1 of 255"]),
        Sample("PType 5 of data", "0000000a 0000 81 01 05 00 00000007", ["Reject.req 2 of 5"]),
        Sample("PType 200 of a control message", "0000000a ffff 00 00 c8 05 00000007", ["Reject.req 2 of 200"]),
        Sample("data while not selected", selected: false, "0000000a 0000 81 01 00 00 00000007", ["Reject.req 4 of 0"]),
        Sample("Select.rsp without a request", "0000000a ffff 00 00 00 02 00000007", ["Reject.req 3 of 2"]),
        Sample(
            "Select.rsp while not selected", selected: false, "0000000a ffff 00 00 00 02 00000007",
            ["Reject.req 3 of 2"]),
        Sample("Deselect.rsp without a request", "0000000a ffff 00 00 00 04 00000007", ["Reject.req 3 of 4"]),
        Sample("Linktest.rsp without a request", "0000000a ffff 00 00 00 06 00000007", ["Reject.req 3 of 6"]),
        Sample("second Select.req", "0000000a ffff 00 00 00 01 00000007", ["Select.rsp 1"], strict: ["Select.rsp 1"]),
        Sample(
            "Deselect.req while not selected", selected: false, "0000000a ffff 00 00 00 03 00000007", ["Deselect.rsp 1"]
        ),
        Sample("Separate.req while selected", "0000000a ffff 00 00 00 09 00000007", ["closed"]),
        Sample("Separate.req while not selected", selected: false, "0000000a ffff 00 00 00 09 00000007", []),
        Sample("data for another device", "0000000a 0005 81 01 00 00 00000007", ["S9F1"], strict: ["S9F1"]),
        Sample("Reject.req of nothing", "0000000a ffff 00 04 00 07 00000007", [], strict: []),
        Sample("Reject.req of PType 9", "0000000a ffff 09 02 09 07 00000007", [], strict: []),
    ]

    @Test(
        "Each malformed message has the answer of the standard", arguments: EnvironmentKind.allCases,
        [HsmsConfiguration.Conformance.lenient, .strict])
    func answers(_ kind: EnvironmentKind, _ conformance: HsmsConfiguration.Conformance) async throws {
        for sample in Self.samples {
            try await withHsmsScene(kind) { scene in
                Self.ask(sample, conformance, scene)
            }
        }
    }

    private static func ask(
        _ sample: Sample, _ conformance: HsmsConfiguration.Conformance, _ scene: HsmsScene
    ) {
        var configuration = HsmsConfiguration()
        configuration.conformance = conformance
        configuration.role = .equipment
        configuration.maximumMessageLength = 1_000
        let expected = conformance == .lenient ? sample.lenient : sample.strict
        // Behind the sample: its answer comes after all others, when the connection stands.
        let fence = HsmsHeader.linktestRequest(system: 0xFEED)
        var answers: [String] = []
        func check() {
            guard !scene.hasEnded else { return }
            #expect(answers == expected, "\(sample.testDescription), \(conformance)")
            scene.end()
        }
        scene.passive(configuration) { _, port in
            scene.connect(to: port) { peer in
                peer.onPacket = { packet in
                    if packet.header == .linktestResponse(system: 0xFEED) {
                        check()
                    } else if packet.header != .selectResponse(system: 1) {
                        answers.append(packet.brief)
                    }
                }
                peer.onClose = {
                    answers.append("closed")
                    check()
                }
                if sample.isSelected { peer.send(.selectRequest(system: 1)) }
                peer.send(hex: sample.hex)
                peer.send(fence)
            }
        }
    }

    @Test("A connection without a session is closed after T7", arguments: EnvironmentKind.allCases)
    func notSelectedTimeout(_ kind: EnvironmentKind) async throws {
        try await withHsmsScene(kind) { scene in
            var configuration = HsmsConfiguration()
            configuration.timers.t7 = .milliseconds(300)
            let events = EventLog()
            scene.passive(configuration, events: events) { _, port in
                scene.connect(to: port) { peer in
                    let start = scene.here.now
                    peer.onClose = {
                        #expect(scene.here.now - start > .milliseconds(250))
                        #expect(events.lines == ["connected", "disconnected: T7: no session was selected"])
                        scene.end()
                    }
                }
            }
        }
    }

    @Test("A message that comes to a halt is given up after T8, in its length too", arguments: EnvironmentKind.allCases)
    func intercharacterTimeout(_ kind: EnvironmentKind) async throws {
        for hex in ["00", "0000000a ffff", "0000000b ffff 00 00 00 00 00000001"] {
            try await withHsmsScene(kind) { scene in
                var configuration = HsmsConfiguration()
                configuration.timers.t8 = .milliseconds(300)
                let events = EventLog()
                scene.passive(configuration, events: events) { _, port in
                    scene.connect(to: port) { peer in
                        let start = scene.here.now
                        peer.onClose = {
                            #expect(scene.here.now - start > .milliseconds(250))
                            #expect(events.lines.last == "disconnected: T8: a message came to a halt")
                            scene.end()
                        }
                        peer.send(.selectRequest(system: 1))
                        peer.send(hex: hex)
                    }
                }
            }
        }
    }

    @Test("A slow message is not given up while its bytes come, however long it takes")
    func slowMessage() async throws {
        try await withHsmsScene(.simulated, limit: .seconds(600)) { scene in
            var configuration = HsmsConfiguration()
            configuration.timers.linktest = nil
            scene.passive(configuration) { _, port in
                scene.connect(to: port) { peer in
                    var bytes = HsmsPacket(.selectRequest(system: 1)).encoded()
                    func next() {
                        guard let byte = bytes.readSlice(length: 1) else { return }
                        peer.transport.send(byte)
                        // The whole takes longer than T8, and not as long as T7.
                        scene.there.schedule(after: .milliseconds(600)) { next() }
                    }
                    peer.onPacket = { packet in
                        #expect(packet.brief == "Select.rsp 0")
                        scene.end()
                    }
                    peer.onClose = { scene.fail("closed") }
                    next()
                }
            }
        }
    }
}
