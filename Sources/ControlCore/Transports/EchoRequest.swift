import Glibc
import NIOCore
import NIOPosix

/// One ICMP echo request and the wait for its answer.
///
/// It goes through a socket of the kind that needs no privilege: the system puts the socket's identifier into the
/// request, computes the checksum, and delivers only answers to that identifier.
final class EchoRequest: ChannelInboundHandler, Cancellable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private var environment: LiveEnvironment?
    private let address: SocketAddress
    /// What makes the answer this request's.
    private let nonce: UInt64
    private var completion: ((Result<TimeAmount, EchoFailure>) -> Void)?
    private var channel: (any Channel)?
    private var sentAt = NIODeadline.now()
    private var timer: (any Cancellable)?

    /// The types of a request and of its answer.
    private var types: (request: UInt8, answer: UInt8) { if case .v6 = address { (128, 129) } else { (8, 0) } }
    /// Type, code, checksum, identifier and sequence number.
    private static let headerLength = 8

    init(
        environment: LiveEnvironment, address: SocketAddress,
        completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) {
        self.environment = environment
        self.address = address
        self.completion = completion
        nonce = environment.nextRandom()
    }

    /// Sends it. Called on a turn of its own.
    func begin(timeout: TimeAmount) {
        guard let environment else { return }
        let isV6 = if case .v6 = address { true } else { false }
        let bound = NIOLoopBound(self, eventLoop: environment.eventLoop)
        timer = environment.schedule(after: timeout) { [self] in finish(.failure(.timedOut)) }
        environment.openingBegan()
        DatagramBootstrap(group: environment.eventLoop)
            .protocolSubtype(NIOBSDSocket.ProtocolSubtype(isV6 ? .ipv6Icmp : .icmp))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { [self] result in
                defer { environment.openingEnded() }
                switch result {
                case .success(let channel): didOpen(channel)
                case .failure(let error): finish(.failure(Self.failure(error)))
                }
            }
    }

    /// Gives up; nothing is reported. Idempotent.
    func cancel() {
        completion = nil
        timer?.cancel()
        timer = nil
        let opened = channel
        channel = nil
        opened?.close(promise: nil)
        environment?.echoEnded(self)
        environment = nil
    }

    private func didOpen(_ channel: any Channel) {
        guard completion != nil else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        var request = ByteBuffer()
        request.writeInteger(types.request)
        request.writeRepeatingByte(0, count: Self.headerLength - 1)
        request.writeInteger(nonce)
        sentAt = environment?.now ?? .now()
        // No promise: what fails closes the channel, and that is how it is heard of.
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: request), promise: nil)
    }

    private func finish(_ result: Result<TimeAmount, EchoFailure>) {
        guard let completion else { return }
        cancel()
        completion(result)
    }

    private static func failure(_ error: any Error) -> EchoFailure {
        if case ChannelError.writeHostUnreachable = error { return .unreachable }
        guard let code = (error as? IOError)?.errnoCode else { return .other("\(error)") }
        if let trouble = DescriptorTrouble(errorNumber: code) { return .noDescriptor(trouble.text) }
        switch code {
        case EACCES, EPERM: return .notPermitted
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ECONNREFUSED, EADDRNOTAVAIL, EAFNOSUPPORT:
            return .unreachable
        default: return .other(systemErrorText(code))
        }
    }

    // MARK: ChannelInboundHandler

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let environment else { return }
        var answer = unwrapInboundIn(data).data
        let now = environment.now
        guard answer.readInteger(as: UInt8.self) == types.answer,
            answer.readSlice(length: Self.headerLength - 1) != nil,
            answer.readInteger(as: UInt64.self) == nonce
        else { return }
        finish(.success(now - sentAt))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(.failure(Self.failure(error)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.unreachable))
    }
}
