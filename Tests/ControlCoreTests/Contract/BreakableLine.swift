import ControlCore
import Polling
import Testing

/// A TCP line to a port of the server that the test can break, so that both ends hear of a reset.
///
/// Live, a relay carries the bytes; in a simulation, the network does. Whatever runs over TCP can be broken with it.
final class BreakableLine {
    /// Where the client connects instead.
    let port: Int
    private let onBreak: () -> Void

    private init(port: Int, onBreak: @escaping () -> Void) {
        self.port = port
        self.onBreak = onBreak
    }

    /// Resets what goes over the line.
    func `break`() { onBreak() }

    /// Lays a line to `target`.
    static func lay(to target: Int, in scene: EnvironmentScene, then body: @escaping (BreakableLine) -> Void) {
        guard let loop = scene.liveLoop else {
            body(BreakableLine(port: target) { scene.world?.network.reset(.everything) })
            return
        }
        do {
            let relay = try Relay(to: target, on: loop)
            scene.atEnd { relay.close() }
            body(BreakableLine(port: relay.port) { relay.reset() })
        } catch {
            scene.fail("no relay: \(error)")
        }
    }

    /// Accepts connections, and carries each on to the target.
    private final class Relay: ListenerSourceHandler {
        private let loop: PollLoop
        private let target: SocketAddress
        private var listener: ListenerSource?
        private var ends: [StreamRelay] = []
        private(set) var port = 0

        init(to target: Int, on loop: PollLoop) throws {
            self.loop = loop
            self.target = try SocketAddress(ipAddress: "127.0.0.1", port: target)
            let listener = try ListenerSource(
                loop: loop, on: try SocketAddress(ipAddress: "127.0.0.1", port: 0), handler: self)
            self.listener = listener
            port = listener.localAddress?.port ?? 0
        }

        func listenerDidAccept(_ descriptor: CInt, from address: SocketAddress?) {
            let near = StreamRelay()
            let far = StreamRelay()
            StreamRelay.join(near, far)
            ends += [near, far]
            near.attach(descriptor, .socket, on: loop)
            do {
                _ = try ConnectSource(loop: loop, to: target) { [loop] result in
                    switch result {
                    case .success(let descriptor): far.attach(descriptor, .socket, on: loop)
                    case .failure: near.close()
                    }
                }
            } catch {
                Issue.record("the relay's far end: \(error)")
            }
        }

        func listenerDidFail(_ error: SystemError) { Issue.record("the relay: \(error)") }

        func close() {
            listener?.close()
            listener = nil
            for end in ends { end.close() }
            ends = []
        }

        func reset() {
            for end in ends { end.reset() }
            ends = []
        }
    }
}
