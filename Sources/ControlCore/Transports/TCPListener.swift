import Glibc
import NIOCore

/// A listening TCP socket: the first handler of its server channel.
final class TCPListener: ChannelInboundHandler, Listener {
    typealias InboundIn = Channel
    typealias InboundOut = Channel

    /// A want of descriptors that was told is not told again for so long.
    static let troubleInterval = TimeAmount.seconds(60)
    /// How long no connection is accepted after the process ran out of descriptors.
    static let acceptPause = TimeAmount.milliseconds(200)

    private var environment: LiveEnvironment?
    private var channel: (any Channel)?
    private(set) var port = 0
    var onTrouble: ((String) -> Void)?
    /// When a want of descriptors was told last.
    private var toldTroubleAt: NIODeadline?

    /// Whether connections are still wanted: those that the system had accepted when ``close()`` was called are not.
    private(set) var isOpen = true

    init(environment: LiveEnvironment) {
        self.environment = environment
    }

    func close() {
        isOpen = false
        channel?.close(promise: nil)
    }

    /// Notes the socket once it listens.
    func didBind(_ channel: any Channel) {
        port = channel.localAddress?.port ?? 0
    }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
        environment?.listenerOpened(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Without descriptors the socket stays readable, and accepting would fail again at once, for ever, at full
        // speed. Any other failure concerns one connection, which is gone.
        guard let code = (error as? IOError)?.errnoCode, let trouble = DescriptorTrouble(errorNumber: code) else {
            return
        }
        setAutoRead(false)
        let now = NIODeadline.now()
        if toldTroubleAt.map({ now - $0 >= Self.troubleInterval }) ?? true {
            toldTroubleAt = now
            onTrouble?("no connection can be accepted, and it is tried again 5 times a second: \(trouble.text)")
        }
        environment?.schedule(after: Self.acceptPause) { [weak self] in self?.setAutoRead(true) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isOpen = false
        channel = nil
        onTrouble = nil
        environment?.listenerClosed(self)
        environment = nil
    }

    private func setAutoRead(_ value: Bool) {
        // A closed channel refuses, and accepts nothing.
        try? channel?.syncOptions?.setOption(.autoRead, value: value)
    }
}
