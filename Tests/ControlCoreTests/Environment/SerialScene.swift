import NIOCore
import NIOPosix
import Testing

@testable import ControlCore

/// Two programs with a serial port each, and a line between the ports.
final class SerialScene {
    let near: any Environment
    let far: any Environment
    let nearPath: String
    let farPath: String
    /// Ends the line, as pulled plugs at both ends do.
    let unplug: () -> Void
    private let onEnd: () -> Void
    private(set) var hasEnded = false

    init(
        near: any Environment, _ nearPath: String, far: any Environment, _ farPath: String,
        unplug: @escaping () -> Void, onEnd: @escaping () -> Void
    ) {
        self.near = near
        self.nearPath = nearPath
        self.far = far
        self.farPath = farPath
        self.unplug = unplug
        self.onEnd = onEnd
    }

    /// The test has seen all that it waits for.
    func end() {
        hasEnded = true
        onEnd()
    }

    /// Ends the test with a failure.
    func fail(_ comment: Comment, at location: SourceLocation = #_sourceLocation) {
        Issue.record(comment, sourceLocation: location)
        end()
    }

    /// Fast, so that simulated lines and pseudo terminals are alike.
    static func settings(mode: SerialSettings.Mode = .rs232) -> SerialSettings {
        guard let settings = try? SerialSettings(baud: 4_000_000, flowControl: .hardware, mode: mode) else {
            preconditionFailure("these are in range")
        }
        return settings
    }

    /// Opens the near port.
    func open(
        _ settings: SerialSettings = SerialScene.settings(), then body: @escaping (any SerialTransport) -> Void
    ) {
        near.openSerial(path: nearPath, settings: settings) { [self] result in
            switch result {
            case .success(let transport): body(transport)
            case .failure(let failure): fail("the near port \(failure.reason)")
            }
        }
    }

    /// Opens both ports, neither of them started.
    func openBoth(then body: @escaping (_ near: any SerialTransport, _ far: any SerialTransport) -> Void) {
        open { [self] nearEnd in
            far.openSerial(path: farPath, settings: Self.settings()) { [self] result in
                switch result {
                case .success(let farEnd): body(nearEnd, farEnd)
                case .failure(let failure): fail("the far port \(failure.reason)")
                }
            }
        }
    }
}

/// Runs `body` with a line of the given kind until the scene ends, then closes everything and checks that nothing is
/// left open.
func withSerialScene(
    _ kind: EnvironmentKind,
    limit: TimeAmount = .seconds(30),
    at location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (SerialScene) -> Void
) async throws {
    switch kind {
    case .live: try await withLiveSerialScene(limit, location, body)
    case .simulated: withSimulatedSerialScene(limit, location, body)
    }
}

private func withLiveSerialScene(
    _ limit: TimeAmount, _ location: SourceLocation, _ body: @escaping @Sendable (SerialScene) -> Void
) async throws {
    let outcome: String = try await onLiveLoop { loop, done in
        guard let nearEnd = try? PseudoTerminal(), let farEnd = try? PseudoTerminal() else {
            return done("no pseudo terminals")
        }
        let near = LiveEnvironment(eventLoop: loop)
        let far = LiveEnvironment(eventLoop: loop)
        let cable = PseudoCable(nearEnd, farEnd, on: loop)
        var hasEnded = false
        func finish(_ outcome: String) {
            guard !hasEnded else { return }
            hasEnded = true
            near.close {
                far.close {
                    #expect(near.openSerialPorts + far.openSerialPorts == 0, sourceLocation: location)
                    cable.pull()
                    done(outcome)
                }
            }
        }
        near.schedule(after: limit) { finish("the test did not end in time") }
        body(
            SerialScene(near: near, nearEnd.path, far: far, farEnd.path, unplug: cable.pull) { finish("ended") })
    }
    #expect(outcome == "ended", sourceLocation: location)
}

private func withSimulatedSerialScene(
    _ limit: TimeAmount, _ location: SourceLocation, _ body: (SerialScene) -> Void
) {
    let world = SimulatedWorld(seed: 1)
    let near = world.environment(named: "near", address: "10.0.0.1")
    let far = world.environment(named: "far", address: "10.0.0.2")
    let line = world.serialLine(from: near, "/dev/ttyS0", to: far, "/dev/ttyS1")
    for port in [line.near, line.far] { port.refusal = { $0.mode == .rs485 ? "mode 'RS485'" : nil } }
    let scene = SerialScene(
        near: near, "/dev/ttyS0", far: far, "/dev/ttyS1",
        unplug: {
            line.near.unplug()
            line.far.unplug()
        }, onEnd: {})
    body(scene)
    #expect(world.run(limit: limit) { scene.hasEnded }, "the test did not end in time", sourceLocation: location)
    near.close()
    far.close()
    #expect(world.runUntilIdle(), sourceLocation: location)
    #expect(near.openSerialPorts + far.openSerialPorts == 0, sourceLocation: location)
}

/// Carries bytes between the test's ends of two pseudo terminals, and stops reading one while the other is full.
private final class PseudoCable {
    private let ends: [PseudoTerminal]
    private var channels: [any Channel] = []

    init(_ first: PseudoTerminal, _ second: PseudoTerminal, on loop: any EventLoop) {
        ends = [first, second]
        let handlers = [Relay(), Relay()]
        handlers[0].partner = handlers[1]
        handlers[1].partner = handlers[0]
        for (end, handler) in zip(ends, handlers) {
            let bound = NIOLoopBound(handler, eventLoop: loop)
            NIOPipeBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(bound.value)
                    }
                }
                .takingOwnershipOfDescriptor(inputOutput: end.release())
                .assumeIsolated()
                .whenComplete { result in
                    switch result {
                    case .success(let channel): self.channels.append(channel)
                    case .failure(let error): Issue.record(error, "the cable")
                    }
                }
        }
    }

    func pull() {
        for channel in channels { channel.close(promise: nil) }
        channels = []
    }

    private final class Relay: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        weak var partner: Relay?
        private var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            partner?.context?.writeAndFlush(data, promise: nil)
            if partner?.context?.channel.isWritable == false { setReading(false) }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            if context.channel.isWritable { partner?.setReading(true) }
        }

        /// A port that is not open yet, or not any more, reads as a failure of its far end. The cable stays.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {}

        private func setReading(_ value: Bool) {
            // A closed channel refuses, and carries nothing.
            try? context?.channel.syncOptions?.setOption(.autoRead, value: value)
        }
    }
}
