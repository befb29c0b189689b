import Bytes
import ControlCore
import Glibc
import Polling
import Testing

/// A socket of the test's own that has joined a multicast group on the loopback interface.
final class GroupMember: DatagramSourceHandler {
    private var source: DatagramSource?
    private(set) var port = 0
    var onReceive: (String) -> Void = { _ in }

    /// Joins `group` and calls `body` then.
    static func join(_ group: String, in scene: EnvironmentScene, then body: @escaping (GroupMember) -> Void) {
        guard let loop = scene.liveLoop else { return scene.fail("no sockets") }
        do {
            let member = GroupMember()
            let any = try SocketAddress(ipAddress: "0.0.0.0", port: 0)
            let source = try DatagramSource(loop: loop, local: any, peer: nil, handler: member)
            member.source = source
            scene.atEnd { source.close() }
            // As the system's ip_mreq: the group, and the address of the interface.
            var membership = (inet_addr(group), inet_addr("127.0.0.1"))
            let size = socklen_t(MemoryLayout.size(ofValue: membership))
            let joined = setsockopt(source.descriptor, CInt(IPPROTO_IP), IP_ADD_MEMBERSHIP, &membership, size)
            guard joined == 0 else { throw SystemError(errno) }
            member.port = source.localAddress?.port ?? 0
            source.setReading(true)
            scene.client.execute { body(member) }
        } catch {
            scene.fail("not joined: \(error)")
        }
    }

    func datagramDidArrive(_ bytes: RawSpan, from address: SocketAddress) {
        onReceive(String(buffer: ByteBuffer(copying: bytes)))
    }

    func datagramsDidFail(_ error: SystemError) {
        Issue.record("the group's member: \(error)")
    }

    func datagramsCanSend() {}
}
