import ControlCore
import HSMS
import LoopTesting
import Polling
import Testing

/// One side of GEM on a loop and live sockets of its own, driven from a test.
final class GemStation<Handler: GemHandler>: Sendable {
    private let thread: LoopThread
    private let parts: LoopVariable<(environment: LiveEnvironment, hsms: HsmsProtocol, handler: Handler)?>
    private let notes = StationNotes()

    /// - Parameters:
    ///   - t3: how long a reply is awaited.
    ///   - make: makes the handler on its link; what it notes appears in ``lines``.
    init(
        role: HsmsConfiguration.Role, active: Bool, port: Int, t3: TimeAmount = HsmsTimers().t3,
        make: @escaping @Sendable (HsmsSession, _ note: @escaping @Sendable (String) -> Void) throws -> Handler
    ) async throws {
        thread = try LoopThread(name: "station")
        let loop = thread.loop
        let notes = notes
        parts = try await loop.call {
            let environment = LiveEnvironment(loop: loop)
            var configuration = HsmsConfiguration()
            configuration.role = role
            configuration.timers.t3 = t3
            configuration.timers.t5 = .milliseconds(200)
            let hsms = try HsmsProtocol(
                environment: environment, address: "127.0.0.1", port: port, active: active, name: "station",
                configuration: configuration)
            let note: @Sendable (String) -> Void = { text in notes.append(text) }
            let handler = try make(HsmsSession(hsms), note)
            handler.onCommunicationStateChanged = { note("\($0)") }
            hsms.onEvent = { _, event in
                switch event {
                case .packetReceived, .unexpectedReply: break
                case .connected, .selected, .deselected, .disconnected, .openFailed: note("hsms \(event)")
                }
            }
            handler.enable()
            hsms.enable()
            return LoopVariable((environment, hsms, handler), loop: loop)
        }
    }

    /// All that it noted so far.
    var lines: [String] { notes.lines }

    /// Waits for the n-th line that is `text`.
    func line(
        _ text: String, count: Int = 1, within seconds: Double = 60, at location: SourceLocation = #_sourceLocation
    )
        async throws
    {
        try await notes.wait(for: text, count: count, within: seconds, at: location) { $0 == text }
    }

    /// Makes a request, and waits for its answer.
    func answer<Value: Sendable>(
        _ request: @escaping @Sendable (Handler, @escaping (SecsResult<Value>) -> Void) -> Void
    ) async throws -> Value {
        let promise = Promise<Result<Value, any Error>>()
        thread.loop.submit { [parts] in
            guard let handler = parts.value?.handler else { return promise.keep(.failure(SecsFailure.closed)) }
            request(handler) { promise.keep($0.mapError { $0 as any Error }) }
        }
        return try await promise.value.get()
    }

    /// Does something with the handler.
    func run(_ body: @escaping @Sendable (Handler) throws -> Void) async throws {
        try await thread.loop.call { [parts] in
            if let handler = parts.value?.handler { try body(handler) }
        }
    }

    /// Separates and closes everything.
    func end() async throws {
        let promise = Promise<Void>()
        thread.loop.submit { [parts] in
            guard let (environment, hsms, handler) = parts.value else { return promise.keep(()) }
            parts.value = nil
            handler.disable()
            hsms.disable { environment.close { promise.keep(()) } }
        }
        await promise.value
        thread.stop()
        thread.join()
    }
}
