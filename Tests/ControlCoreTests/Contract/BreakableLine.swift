import ControlCore
import Glibc
import NIOCore
import NIOPosix
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
        let relays = NIOLoopBound(RelayList(), eventLoop: loop)
        ServerBootstrap(group: loop)
            .childChannelInitializer { near in
                let ends = (StreamRelay(), StreamRelay())
                StreamRelay.join(ends.0, ends.1)
                relays.value.channels.append(near)
                let far = NIOLoopBound(ends.1, eventLoop: loop)
                return near.eventLoop.makeCompletedFuture {
                    try near.pipeline.syncOperations.addHandler(ends.0)
                }.flatMap {
                    ClientBootstrap(group: loop)
                        .channelInitializer { channel in
                            relays.value.channels.append(channel)
                            return channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(far.value)
                            }
                        }
                        .connect(host: "127.0.0.1", port: target).map { _ in }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .assumeIsolated()
            .whenComplete { result in
                guard let listener = try? result.get(), let port = listener.localAddress?.port else {
                    return scene.fail("no relay: \(result)")
                }
                scene.atEnd {
                    relays.value.close()
                    listener.close(promise: nil)
                }
                body(BreakableLine(port: port) { relays.value.reset() })
            }
    }

    /// The channels of the relay's connections.
    private final class RelayList {
        var channels: [any Channel] = []

        func close() {
            for channel in channels { channel.close(promise: nil) }
            channels = []
        }

        func reset() {
            for channel in channels {
                guard let options = channel as? any SocketOptionProvider else { continue }
                options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
            }
            channels = []
        }
    }
}
