import Bytes
import ControlCore

/// Joins two streams, as an SSH server joins its client to a shell, and a device server its client to a serial line.
/// When one of them ends, the other is closed.
final class StreamRelay: StreamDelegate {
    private let near: any StreamTransport
    private var far: (any StreamTransport)?
    private var early: [ByteBuffer] = []

    /// - Parameter open: opens the far side and hands it over; without one the near side is closed.
    init(from near: any StreamTransport, open: (_ completion: @escaping ((any StreamTransport)?) -> Void) -> Void) {
        self.near = near
        near.start(delegate: self)
        open { [self] far in
            guard let far, near.isOpen else {
                far?.close()
                return near.close()
            }
            self.far = far
            far.start(delegate: self)
            for bytes in early { far.send(bytes) }
            early = []
        }
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        if transport !== near {
            near.send(bytes)
        } else if let far {
            far.send(bytes)
        } else {
            early.append(bytes)
        }
    }

    func transportDidDrain(_ transport: any StreamTransport) {}

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        (transport === near ? far : near)?.close()
    }
}
