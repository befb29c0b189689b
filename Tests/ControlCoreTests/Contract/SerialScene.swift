import ControlCore
import Glibc
import Polling
import Testing

extension TransportKind {
    static let serial = TransportKind(
        name: "serial", refusal: "is not there", loss: "the port was pulled out", isConnection: false,
        makeScene: { SerialScene($0) })
}

/// A serial line from a port of the client's to one of the server's: pseudo terminals or simulated ports.
final class SerialScene: TransportScene {
    let scene: EnvironmentScene
    let nearPath: String
    let farPath: String
    /// Ends the line, as pulled plugs at both ends do.
    private(set) var unplug: () -> Void = {}

    init(_ scene: EnvironmentScene) {
        self.scene = scene
        guard let loop = scene.liveLoop else {
            nearPath = "/dev/ttyS0"
            farPath = "/dev/ttyS1"
            layLine()
            return
        }
        guard let nearEnd = try? PseudoTerminal(), let farEnd = try? PseudoTerminal() else {
            nearPath = ""
            farPath = ""
            scene.fail("no pseudo terminals")
            return
        }
        nearPath = nearEnd.path
        farPath = farEnd.path
        let cable = PseudoCable(nearEnd, farEnd, on: loop)
        unplug = cable.pull
        scene.atEnd(cable.pull)
    }

    private func layLine() {
        guard let near = scene.client.unwatched as? SimulatedEnvironment,
            let far = scene.server.unwatched as? SimulatedEnvironment
        else {
            return scene.fail("no simulation")
        }
        let line = near.world.serialLine(from: near, nearPath, to: far, farPath)
        for port in [line.near, line.far] { port.refusal = { $0.mode == .rs485 ? "mode 'RS485'" : nil } }
        unplug = {
            line.near.unplug()
            line.far.unplug()
        }
    }

    /// Fast, so that simulated lines and pseudo terminals are alike.
    static func settings(mode: SerialSettings.Mode = .rs232) -> SerialSettings {
        guard let settings = try? SerialSettings(baud: 4_000_000, flowControl: .hardware, mode: mode) else {
            preconditionFailure("these are in range")
        }
        return settings
    }

    /// Opens the near port.
    func openNear(
        _ settings: SerialSettings = SerialScene.settings(), then body: @escaping (any SerialTransport) -> Void
    ) {
        scene.client.openSerial(path: nearPath, settings: settings) { [self] result in
            switch result {
            case .success(let transport): body(transport)
            case .failure(let failure): scene.fail("the near port \(failure.reason)")
            }
        }
    }

    /// Opens both ports, neither of them started.
    func openBoth(
        _ settings: SerialSettings = SerialScene.settings(),
        then body: @escaping (_ near: any SerialTransport, _ far: any SerialTransport) -> Void
    ) {
        openNear(settings) { [self] near in
            scene.server.openSerial(path: farPath, settings: settings) { [self] result in
                switch result {
                case .success(let far): body(near, far)
                case .failure(let failure): scene.fail("the far port \(failure.reason)")
                }
            }
        }
    }

    // MARK: TransportScene

    func open(then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void) {
        openBoth { near, far in body(StreamEnd(near), StreamEnd(far)) }
    }

    func openBreakable(
        then body:
            @escaping (_ near: any TransportEnd, _ far: any TransportEnd, _ breakLine: @escaping () -> Void) -> Void
    ) {
        open { [self] near, far in body(near, far, unplug) }
    }

    func openNear(
        to partner: TransportPartner, timeout: TimeAmount,
        report: @escaping (Result<any TransportEnd, FailedOpening>) -> Void
    ) -> any Cancellable {
        switch partner {
        case .accepting, .refusing:
            let path = if case .refusing = partner { "/dev/no-such-port" } else { nearPath }
            return scene.client.openSerial(path: path, settings: Self.settings()) { result in
                report(result.map { StreamEnd($0) }.mapError { FailedOpening(reason: $0.reason) })
            }
        case .silent:
            scene.fail("a serial port waits for no answer")
            return UnstoppableOpening()
        }
    }
}

/// Runs `body` with a serial line of the given kind until the scene ends, then closes everything and checks that
/// nothing is left open.
func withSerialScene(
    _ kind: EnvironmentKind,
    limit: TimeAmount = .seconds(30),
    at location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (_ line: SerialScene, _ scene: EnvironmentScene) -> Void
) async throws {
    try await withScene(kind, limit: limit, at: location) { scene in body(SerialScene(scene), scene) }
}

/// Carries bytes between the test's ends of two pseudo terminals.
private final class PseudoCable {
    private let ends: [PseudoTerminal]
    private var relays: [StreamRelay] = []

    init(_ first: PseudoTerminal, _ second: PseudoTerminal, on loop: PollLoop) {
        ends = [first, second]
        relays = [StreamRelay(), StreamRelay()]
        StreamRelay.join(relays[0], relays[1])
        for (end, relay) in zip(ends, relays) {
            let descriptor = end.release()
            _ = fcntl(descriptor, F_SETFL, O_RDWR | O_NONBLOCK)
            relay.attach(descriptor, .file, on: loop)
        }
    }

    func pull() {
        for relay in relays { relay.close() }
        relays = []
    }
}
