import Glibc
import NIOCore
import NIOPosix
import Testing

/// A socket of the test's own that has joined a multicast group on the loopback interface.
final class GroupMember: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private(set) var port = 0
    var onReceive: (String) -> Void = { _ in }

    /// Joins `group` and calls `body` then.
    static func join(_ group: String, in scene: EnvironmentScene, then body: @escaping (GroupMember) -> Void) {
        guard let loop = scene.liveLoop else { return scene.fail("no sockets") }
        // As the system's ip_mreq: the group, and the address of the interface.
        let membership = (inet_addr(group), inet_addr("127.0.0.1"))
        let member = NIOLoopBound(GroupMember(), eventLoop: loop)
        DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(member.value)
                }
            }
            .bind(host: "0.0.0.0", port: 0)
            .flatMap { channel -> EventLoopFuture<any Channel> in
                // The channel's own way to join asks the interface whether it can do that; this one can, but does not
                // say so.
                guard let options = channel as? any SocketOptionProvider else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
                }
                return options.unsafeSetSocketOption(level: .ip, name: .ip_add_membership, value: membership).map {
                    channel
                }
            }
            .assumeIsolated()
            .whenComplete { result in
                guard let channel = try? result.get() else { return scene.fail("not joined: \(result)") }
                member.value.port = channel.localAddress?.port ?? 0
                scene.atEnd { channel.close(promise: nil) }
                body(member.value)
            }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        onReceive(String(buffer: unwrapInboundIn(data).data))
    }
}
