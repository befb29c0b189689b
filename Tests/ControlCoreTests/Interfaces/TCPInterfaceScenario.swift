import Bytes
import ControlCore
import Foundation
import Polling

/// A ``TCPInterface`` of the controller, whose outcomes are noted in a scenario's log.
struct TCPInterfaceScenario {
    let scenario: ControlScenario
    let interface: TCPInterface
    var world: SimulatedWorld { scenario.world }
    var device: FakeDevice { scenario.device }

    init(
        _ scenario: ControlScenario = ControlScenario(), host: String = "10.0.0.2", port: Int = 23,
        timeout: TimeAmount = .seconds(2)
    ) throws {
        self.scenario = scenario
        interface = try TCPInterface(environment: scenario.controller, host: host, port: port, timeout: timeout)
        interface.report.onLine = { [scenario] level, text in
            // Ends are of ConnectionReportTests.
            let isEnd = ["ClosedByPeer", "Lost", "NotTaken", "flapping"].contains { text.hasPrefix($0) }
            if level == .warning, !isEnd { scenario.note("log: \(text.withoutAdvice)") }
        }
    }

    /// One that is connected, with an empty log.
    static func connected(timeout: TimeAmount = .seconds(2)) throws -> TCPInterfaceScenario {
        let new = try TCPInterfaceScenario(timeout: timeout)
        new.interface.connect {}
        new.world.run(for: .zero)
        _ = new.takeLog()
        return new
    }

    func takeLog() -> [String] { scenario.takeLog() }

    /// Begins to send.
    @discardableResult
    func send(_ text: String) -> any Cancellable {
        interface.send(ByteBuffer(string: text)) { [scenario] result in
            switch result {
            case .success: scenario.note("sent \(text)")
            case .failure(let fault): scenario.note("\(text) not sent: \(fault)")
            }
        }
    }

    /// Begins to receive.
    @discardableResult
    func receive(upTo limit: Int = 4096, reset: Bool = false, _ name: String = "received") -> any Cancellable {
        interface.receive(upTo: limit, resetOnError: reset) { [scenario] in scenario.note("\(name) \(Self.text($0))") }
    }

    /// Begins to ask.
    @discardableResult
    func query(_ text: String) -> any Cancellable {
        interface.query(ByteBuffer(string: text), upTo: 4096) { [scenario] in
            scenario.note("\(text): \(Self.text($0))")
        }
    }

    private static func text(_ result: Result<ByteBuffer, ConnectionFault>) -> String {
        switch result {
        case .success(let bytes): "'\(String(buffer: bytes))'"
        case .failure(let fault): "failure: \(fault)"
        }
    }
}

extension String {
    /// Whether a line of a report is of a failure whose reason alone does not say it all.
    var saysMoreThanReason: Bool {
        ["AuthenticationFailed", "HostKey", "HandshakeFailed", "CertificateError"].contains { hasPrefix($0) }
    }

    /// A line of a report up to what a person can do.
    var withoutAdvice: String { range(of: ". ").map { String(self[..<$0.lowerBound]) } ?? self }
}
