import NIOCore

/// Carries bytes between two channels, and stops reading one while the other is full.
final class StreamRelay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private weak var partner: StreamRelay?
    private var context: ChannelHandlerContext?
    /// What came before the partner was there.
    private var early: [NIOAny] = []

    /// Makes each the other's partner.
    static func join(_ first: StreamRelay, _ second: StreamRelay) {
        first.partner = second
        second.partner = first
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        guard let partner else { return }
        for data in partner.early { context.writeAndFlush(data, promise: nil) }
        partner.early = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let other = partner?.context, other.channel.isActive else {
            early.append(data)
            return
        }
        other.writeAndFlush(data, promise: nil)
        if !other.channel.isWritable { setReading(false) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.setReading(true) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner?.context?.close(promise: nil)
    }

    /// A serial port that is not open yet, or not any more, reads as a failure of its far end. The line stays.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func setReading(_ value: Bool) {
        // A closed channel refuses, and carries nothing.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: value)
    }
}
