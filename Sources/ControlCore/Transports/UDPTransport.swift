import Glibc
import NIOCore
import NIOPosix

/// A UDP socket on the program's loop.
///
/// A channel closes itself when the system refuses a write, for instance for want of a route. That is no reason to lose
/// the port: the transport then opens a new channel on the same port, and what is sent meanwhile waits for it.
final class UDPTransport: DatagramTransport {
    /// The most bytes that wait for a new channel; what is sent beyond is lost, as datagrams may be.
    static let reopeningLimit = 64 * 1024

    private var environment: LiveEnvironment?
    private var options: DatagramOptions
    // Assigned in init as it needs self, and never again.
    private var inbox: DatagramInbox! = nil
    private var channel: (any Channel)?
    private(set) var localAddress: SocketAddress?
    private var isClosing = false
    private var isReading = false
    private var isSending = false
    private var wasFull = false
    private var failure: (any Error)?
    /// Sent while no channel was open.
    private var waiting: CircularBuffer<(bytes: ByteBuffer, address: SocketAddress)> = []
    private var waitingBytes = 0

    init(environment: LiveEnvironment, options: DatagramOptions) {
        self.environment = environment
        self.options = options
        let scheduler = environment.scheduler
        inbox = DatagramInbox(transport: self) { scheduler.execute($0) }
    }

    var isOpen: Bool { environment != nil && !isClosing && !inbox.hasEnded }

    var queuedBytes: Int {
        // A closed channel refuses to answer: it has nothing queued.
        waitingBytes + Int((try? channel?.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    // MARK: Opening

    /// Opens the socket.
    /// - Parameter completion: called once, on a later turn of the loop.
    func open(completion: @escaping (Result<any DatagramTransport, ListenFailure>) -> Void) {
        guard (0...65535).contains(options.port) else {
            completion(.failure(.other("port \(options.port) is not in 0...65535")))
            return
        }
        environment?.datagramsOpened(self)
        bind(options.candidates[...]) { [self] result in
            switch result {
            case .success: completion(.success(self))
            case .failure(let failure):
                release()
                completion(.failure(failure))
            }
        }
    }

    private func bind(
        _ candidates: ArraySlice<String>, completion: @escaping (Result<Void, ListenFailure>) -> Void
    ) {
        guard let interface = candidates.first, let environment else {
            completion(.failure(.environmentClosed))
            return
        }
        guard let address = try? SocketAddress(ipAddress: interface, port: options.port) else {
            completion(.failure(.interfaceUnavailable(interface)))
            return
        }
        let handler = UDPChannelHandler(transport: self)
        let bound = NIOLoopBound(handler, eventLoop: environment.eventLoop)
        var bootstrap = DatagramBootstrap(group: environment.eventLoop)
            .channelOption(.socketOption(.so_broadcast), value: 1)
            .channelOption(.autoRead, value: false)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: options.largestDatagram)
            )
            .channelOption(.writeBufferWaterMark, value: LiveEnvironment.waterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        if case .v6 = address {
            let onlyV6 = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.channelOption(onlyV6, value: 0)
        }
        environment.openingBegan()
        var future = bootstrap.bind(to: address)
        if let peer = options.peer {
            future = future.flatMap { channel in channel.connect(to: peer).map { channel } }
        }
        future.assumeIsolated().whenComplete { [self] result in
            defer { environment.openingEnded() }
            switch result {
            case .success(let channel):
                didOpen(channel, handler, completion)
            case .failure(let error):
                handler.abandon()
                let code = (error as? IOError)?.errnoCode
                if candidates.count > 1, code == EAFNOSUPPORT || code == EADDRNOTAVAIL {
                    // A machine without IPv6.
                    bind(candidates.dropFirst(), completion: completion)
                } else {
                    completion(.failure(ListenFailure(binding: error, interface: interface)))
                }
            }
        }
    }

    private func didOpen(
        _ channel: any Channel, _ handler: UDPChannelHandler,
        _ completion: (Result<Void, ListenFailure>) -> Void
    ) {
        guard isOpen else {
            // Closed between the two.
            handler.abandon()
            completion(.failure(.environmentClosed))
            return
        }
        self.channel = channel
        localAddress = channel.localAddress?.unmapped
        // The system's choice is kept should the channel have to be opened anew.
        options.port = channel.localAddress?.port ?? options.port
        setAutoRead(isReading)
        completion(.success(()))
    }

    /// The channel has closed itself, after a write or a report that the system calls fatal.
    private func reopen() {
        guard let environment else { return }
        // On a turn of its own: the channel may have closed inside the owner's send.
        environment.execute { [self] in
            guard isOpen, channel == nil else { return }
            bind(options.candidates[...]) { [self] result in
                switch result {
                case .success:
                    let sends = waiting
                    waiting = []
                    waitingBytes = 0
                    for (bytes, address) in sends { send(bytes, to: address) }
                case .failure(let failure):
                    inbox.finish(.failed(failure.reason))
                    release()
                }
            }
        }
    }

    // MARK: DatagramTransport

    func start(delegate: any DatagramDelegate) {
        inbox.start(delegate: delegate)
        setReading(true)
    }

    func setReading(_ reading: Bool) {
        guard isOpen else { return }
        isReading = reading
        inbox.setReading(reading)
        setAutoRead(reading)
    }

    func setLargestDatagram(_ count: Int) {
        options.largestDatagram = count
        // A closed channel refuses, and its successor gets the value from the options.
        try? channel?.syncOptions?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: count))
    }

    func send(_ bytes: ByteBuffer, to address: SocketAddress) {
        guard isOpen else { return }
        guard let channel else {
            guard waitingBytes + bytes.readableBytes <= Self.reopeningLimit else { return }
            waitingBytes += bytes.readableBytes
            waiting.append((bytes, address))
            return
        }
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenFailure { [weak self] error in self?.writeFailed(error) }
        isSending = true
        let destination = options.peer ?? (localFamilyIsV6(channel) ? address.mapped : address)
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: destination, data: bytes), promise: written)
        isSending = false
        if !channel.isWritable { wasFull = true }
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        waiting = []
        waitingBytes = 0
        inbox.finish(.local)
        if let channel { channel.close(promise: nil) } else { release() }
    }

    private func localFamilyIsV6(_ channel: any Channel) -> Bool {
        if case .v6 = channel.localAddress { true } else { false }
    }

    private func setAutoRead(_ value: Bool) {
        // A channel that is closed refuses, and has nothing to read.
        try? channel?.syncOptions?.setOption(.autoRead, value: value)
    }

    private func writeFailed(_ error: any Error) {
        // These two concern one datagram only. Whatever else fails a write closes the channel, and is heard of there.
        if case ChannelError.writeHostUnreachable = error {
            inbox.fail(.hostUnreachable)
        } else if case ChannelError.writeMessageTooLarge = error {
            inbox.fail(.other(systemErrorText(EMSGSIZE)))
        } else if failure == nil {
            failure = error
        }
    }

    private func release() {
        channel = nil
        let environment = environment
        self.environment = nil
        environment?.datagramsClosed(self)
    }

    // MARK: From the channel's handler

    func didRead(_ envelope: AddressedEnvelope<ByteBuffer>) {
        // A copy, so that few bytes do not keep the large buffer that they were read into. That buffer may be larger
        // than what was asked for: its size is rounded up.
        let bytes = ByteBuffer(bytes: envelope.data.readableBytesView.prefix(options.largestDatagram))
        inbox.receive(bytes, from: envelope.remoteAddress.unmapped, later: isSending)
    }

    func didBecomeWritable() {
        guard wasFull, isOpen else { return }
        wasFull = false
        if isSending {
            environment?.execute { [self] in inbox.didDrain() }
        } else {
            inbox.didDrain()
        }
    }

    func didCatch(_ error: any Error) {
        // The channel tells of the refusal of a datagram and goes on; after anything else it closes itself.
        if (error as? IOError)?.errnoCode == ECONNREFUSED {
            inbox.fail(.connectionRefused)
        } else if failure == nil {
            failure = error
        }
    }

    func channelDidClose(_ closed: any Channel) {
        guard closed === channel else { return }
        channel = nil
        guard isOpen else {
            release()
            return
        }
        inbox.fail(failure.map(ConnectFailure.init(connecting:)) ?? .networkUnreachable)
        failure = nil
        reopen()
    }
}
