import CPolling
import Glibc

/// A socket that is connecting.
public final class ConnectSource: PollSource {
    private var completion: ((Result<CInt, SystemError>) -> Void)?

    /// Begins to connect.
    /// - Parameters:
    ///   - address: whom to connect to.
    ///   - completion: called once on a later turn, unless ``cancel()`` comes first: with the connected descriptor,
    ///     which is the callee's from then on, or with what the system said.
    /// - Throws: when the process has no descriptor left.
    public init(
        loop: PollLoop, to address: SocketAddress, completion: @escaping (Result<CInt, SystemError>) -> Void
    ) throws(SystemError) {
        let descriptor = try checked(polling_stream_socket(address.family))
        self.completion = completion
        super.init(loop: loop, descriptor: descriptor)
        // Short messages go at once, and a peer that is gone is noticed one day. A socket that refuses these works.
        _ = polling_set_option(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        _ = polling_set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        let result = address.withSocketAddress { connect(descriptor, $0, $1) }
        let error = result == 0 ? 0 : errno
        if error == 0 || error == EINPROGRESS || error == EINTR {
            tell(of: Readiness.writable)
        } else {
            loop.execute { [self] in finish(error) }
        }
    }

    /// Calls it off. The completion is not called.
    public func cancel() { close() }

    /// As ``cancel()``. Idempotent.
    public override func close() {
        // What goes with the completion may call this again.
        guard isOpen else { return }
        super.close()
        completion = nil
    }

    override func serve(_ events: UInt32) {
        guard isOpen else { return }
        finish(polling_take_error(descriptor))
    }

    override var mayLinger: Bool { true }

    override func refused(_ error: CInt) { finish(error) }

    private func finish(_ error: CInt) {
        guard isOpen, let completion else { return }
        self.completion = nil
        if error == 0 {
            completion(.success(release()))
        } else {
            close()
            completion(.failure(SystemError(error)))
        }
    }
}
