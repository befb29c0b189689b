import ControlCore
import HSMS
import Polling
import Testing

/// A host and an equipment that talk over a simulated HSMS connection, and have established communication.
final class GemPair {
    let world: SimulatedWorld
    let host: GemHostHandler
    let equipment: GemEquipmentHandler
    let hostSession: HsmsProtocol
    let equipmentSession: HsmsProtocol
    /// What the host got, in order.
    private(set) var log: [String] = []

    /// - Parameter initial: the equipment's control state at the start.
    init(
        initial: GemControlConfiguration.InitialState = .online, isRemote: Bool = true,
        set up: (GemEquipmentHandler) throws -> Void = { _ in }
    ) throws {
        world = SimulatedWorld(seed: 11)
        var configuration = HsmsConfiguration()
        hostSession = try HsmsProtocol(
            environment: world.environment(named: "host", address: "10.0.0.1"), address: "10.0.0.2", active: true,
            sessionID: 5, name: "host", configuration: configuration)
        configuration.role = .equipment
        equipmentSession = try HsmsProtocol(
            environment: world.environment(named: "equipment", address: "10.0.0.2"), address: "10.0.0.1", active: false,
            sessionID: 5, name: "equipment", configuration: configuration)
        var control = GemControlConfiguration()
        control.initialState = initial
        control.isRemote = isRemote
        host = GemHostHandler(session: HsmsSession(hostSession))
        equipment = GemEquipmentHandler(
            session: HsmsSession(equipmentSession), identity: GemIdentity(model: "etcher", revision: "1.2"),
            control: control)
        try up(equipment)
        host.onAlarm = { [unowned self] alarm in
            log.append("alarm \(alarm.id) \(alarm.isSet ? "set" : "cleared") \(alarm.category) \(alarm.text)")
            return 0
        }
        host.onEvent = { [unowned self] report in
            log.append("event \(report.event) \(Self.text(report))")
            return 0
        }
        host.onTrace = { [unowned self] samples in
            let values = samples.values.map { Self.line($0) }.joined(separator: " ")
            log.append("trace \(samples.trace) #\(samples.sampleNumber) \(values)")
            return 0
        }
        equipmentSession.enable()
        hostSession.enable()
        equipment.enable()
        host.enable()
        run(1)
        #expect(host.isCommunicating)
        #expect(equipment.isCommunicating)
    }

    func run(_ seconds: Double) {
        world.run(for: .milliseconds(Int64(seconds * 1_000)))
    }

    func takeLog() -> [String] {
        run(0.1)
        defer { log = [] }
        return log
    }

    /// What a request came to.
    func result<Value>(_ request: (@escaping (SecsResult<Value>) -> Void) -> Void) throws -> SecsResult<Value> {
        var results: [SecsResult<Value>] = []
        request { results.append($0) }
        #expect(results.isEmpty, "a completion must not run within the call")
        run(0.1)
        #expect(results.count == 1)
        return try #require(results.first)
    }

    /// The answer to a request.
    func answer<Value>(_ request: (@escaping (SecsResult<Value>) -> Void) -> Void) throws -> Value {
        try result(request).get()
    }

    /// The reply to a message, on one line.
    func reply(_ sml: String, from handler: SecsHandler? = nil) throws -> String {
        let message = try SecsMessage(sml: sml)
        let reply = try answer { (handler ?? host).send(message, completion: $0) }
        return reply.map { message in
            message.item.map { "\(message.name) \(Self.line($0))" } ?? message.name
        } ?? "-"
    }

    /// Takes the TCP connection away from both sides.
    func cut() {
        hostSession.disable()
        run(0.5)
    }

    /// Lets the host connect again.
    func mend() {
        hostSession.enable()
        run(30)
    }

    static func line(_ item: SecsItem) -> String {
        item.description.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func text(_ report: GemHostHandler.EventReport) -> String {
        report.reports.map { report in
            let values = report.values.map { "\($0.variable?.description ?? "?")=\(line($0.item))" }
            return "\(report.id){\(values.joined(separator: ", "))}"
        }.joined(separator: " ")
    }
}
