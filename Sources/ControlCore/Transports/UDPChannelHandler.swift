import NIOCore

/// The only handler of a UDP channel. A transport that has to open its socket anew gets a new channel with a new one.
final class UDPChannelHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private var transport: UDPTransport?
    private var context: ChannelHandlerContext?

    init(transport: UDPTransport) {
        self.transport = transport
    }

    /// Lets go of the transport and closes the channel, if there is one.
    func abandon() {
        transport = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        transport?.didRead(unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { transport?.didBecomeWritable() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        transport?.didCatch(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let transport = transport
        self.transport = nil
        transport?.channelDidClose(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        transport = nil
    }
}
