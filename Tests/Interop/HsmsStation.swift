import ControlCore
import HSMS
import LoopTesting
import Polling
import Testing

/// An HSMS protocol on a loop and live sockets of its own, driven from a test.
final class HsmsStation: Sendable {
    private let thread: LoopThread
    private let parts: LoopVariable<(environment: LiveEnvironment, handler: HsmsProtocol)?>
    private let notes = StationNotes()

    init(
        active: Bool, port: Int, _ configure: @escaping @Sendable (inout HsmsConfiguration) -> Void = { _ in }
    )
        async throws
    {
        thread = try LoopThread(name: "station")
        let loop = thread.loop
        let notes = notes
        parts = try await loop.call {
            let environment = LiveEnvironment(loop: loop)
            var configuration = HsmsConfiguration()
            configuration.timers.t5 = .milliseconds(300)
            configure(&configuration)
            let handler = try HsmsProtocol(
                environment: environment, address: "127.0.0.1", port: port, active: active, name: "station",
                configuration: configuration)
            handler.onEvent = { _, event in
                let text =
                    switch event {
                    case .connected: "connected"
                    case .selected: "selected"
                    case .deselected: "deselected"
                    case .disconnected(let reason): "disconnected: \(reason)"
                    case .packetReceived(let packet): "received \(packet)"
                    case .unexpectedReply(let packet): "unexpected \(packet)"
                    case .openFailed(let reason): "open failed: \(reason)"
                    }
                notes.append(text)
            }
            handler.enable()
            return LoopVariable((environment, handler), loop: loop)
        }
    }

    /// All that it noted so far.
    var lines: [String] { notes.lines }

    /// Waits for the n-th line that begins with `text`.
    func line(
        _ text: String, count: Int = 1, within seconds: Double = 60, at location: SourceLocation = #_sourceLocation
    )
        async throws
    {
        try await notes.wait(for: text, count: count, within: seconds, at: location) { $0.hasPrefix(text) }
    }

    /// Makes a request, and waits for what becomes of it.
    func outcome(
        _ request: @escaping @Sendable (HsmsProtocol, @escaping (HsmsOutcome) -> Void) -> Void
    ) async throws -> HsmsOutcome {
        let promise = Promise<HsmsOutcome>()
        thread.loop.submit { [parts] in
            guard let handler = parts.value?.handler else { return promise.keep(.closed) }
            request(handler) { promise.keep($0) }
        }
        return await promise.value
    }

    /// Does something with the protocol.
    func run(_ body: @escaping @Sendable (HsmsProtocol) throws -> Void) async throws {
        try await thread.loop.call { [parts] in
            if let handler = parts.value?.handler { try body(handler) }
        }
    }

    /// Ends it as a process that dies: the connection is cut, without a Separate.req.
    func kill() async throws {
        let promise = Promise<Void>()
        thread.loop.submit { [parts] in
            let environment = parts.value?.environment
            parts.value = nil
            guard let environment else { return promise.keep(()) }
            environment.close { promise.keep(()) }
        }
        await promise.value
        thread.stop()
        thread.join()
    }
}
