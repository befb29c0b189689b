import Glibc
import Polling

/// A listening TCP socket.
final class TCPListener: ListenerSourceHandler, Listener, LiveResource {
    /// A want of descriptors or memory that was told is not told again for so long.
    static let troubleInterval = TimeAmount.seconds(60)
    /// How long no connection is accepted after the system could accept none.
    static let acceptPause = TimeAmount.milliseconds(200)

    let kind = LiveResourceKind.listener
    private var environment: LiveEnvironment?
    private var source: ListenerSource?
    private let accept: (any StreamTransport) -> Void
    private(set) var port = 0
    var onTrouble: ((String) -> Void)?
    /// When such a want was told last.
    private var toldTroubleAt: Deadline?

    /// Listens.
    /// - Throws: what the system refused.
    init(
        environment: LiveEnvironment, on address: SocketAddress, accept: @escaping (any StreamTransport) -> Void
    ) throws(SystemError) {
        self.environment = environment
        self.accept = accept
        let source = try ListenerSource(loop: environment.loop, on: address, handler: self)
        self.source = source
        port = source.localAddress?.port ?? 0
        environment.opened(self)
    }

    func close() {
        guard let environment else { return }
        self.environment = nil
        source?.close()
        source = nil
        onTrouble = nil
        environment.closed(self)
    }

    func listenerDidAccept(_ descriptor: CInt, from address: SocketAddress?) {
        guard let environment else {
            Glibc.close(descriptor)
            return
        }
        accept(TCPTransport(environment: environment, descriptor: descriptor, peer: address))
    }

    func listenerDidFail(_ error: SystemError) {
        // Without descriptors or memory the socket stays readable, and accepting would fail again at once, for ever, at
        // full speed.
        guard let environment else { return }
        source?.setAccepting(false)
        let now = environment.now
        if toldTroubleAt.map({ now - $0 >= Self.troubleInterval }) ?? true {
            toldTroubleAt = now
            let cause = DescriptorTrouble(errorNumber: error.number)?.text ?? systemErrorText(error.number)
            onTrouble?("no connection can be accepted, and it is tried again 5 times a second: \(cause)")
        }
        environment.schedule(after: Self.acceptPause) { [weak self] in self?.source?.setAccepting(true) }
    }
}
