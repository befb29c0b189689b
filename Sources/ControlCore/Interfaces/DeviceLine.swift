import Bytes

/// Takes what a line brings: the traffic of a device, or a client of a server.
protocol LineOwner: AnyObject {
    /// Bytes for the program, in order.
    func lineDidReceive(_ bytes: ByteBuffer)

    /// The line has ended, all received bytes were delivered. Called exactly once, last.
    func lineDidEnd(_ reason: CloseReason)
}

/// What a ``DeviceTraffic`` has to its device at present: of the two kinds of line one, or none.
enum DeviceLine {
    /// There is none.
    case down
    /// It is being opened for the first time. What was sent meanwhile waits.
    case opening(ByteBuffer)
    /// A stream that is up.
    case stream(StreamConnection)
    /// A stream that was closed, and whose end is not reported yet: it only takes what was received before.
    case ending(StreamConnection)
    /// Datagrams, which need no connection.
    case datagrams(DatagramConnection)

    /// Whether bytes can be sent to the device.
    var isUp: Bool {
        switch self {
        case .stream, .datagrams: true
        case .down, .opening, .ending: false
        }
    }

    /// Whether it may still cause events by itself.
    var isActive: Bool {
        switch self {
        case .stream, .ending: true
        case .datagrams(let datagrams): datagrams.isActive
        case .down, .opening: false
        }
    }

    /// Bytes that were sent and that the system has not taken yet.
    var queuedBytes: Int {
        switch self {
        case .stream(let stream): stream.queuedBytes
        case .datagrams(let datagrams): datagrams.queuedBytes
        case .opening(let early): early.readableBytes
        case .down, .ending: 0
        }
    }

    var isWritable: Bool {
        switch self {
        case .stream(let stream): stream.isWritable
        case .datagrams(let datagrams): datagrams.isWritable
        case .down, .opening, .ending: true
        }
    }

    func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        switch self {
        case .stream(let stream): stream.whenWritable(body)
        case .datagrams(let datagrams): datagrams.whenWritable(body)
        case .down, .opening, .ending: nil
        }
    }

    /// Whether the program takes data.
    func setReceiving(_ receiving: Bool) {
        switch self {
        case .stream(let stream): stream.setReceiving(receiving)
        case .datagrams(let datagrams): datagrams.setReceiving(receiving)
        case .down, .opening, .ending: break
        }
    }

    /// What arrives from now on goes to `waiting`, whose `sendAndWait` awaits a response; `nil`: none is awaited.
    func setAwaited(by waiting: DeviceTraffic?) {
        switch self {
        case .stream(let stream), .ending(let stream): stream.awaitedBy = waiting
        case .datagrams(let datagrams): datagrams.isAwaited = waiting != nil
        case .down, .opening: break
        }
    }

    /// Delivers what a response left over to the program, behind what is kept for it.
    func handOver(_ bytes: ByteBuffer) {
        switch self {
        case .stream(let stream), .ending(let stream): stream.handOver(bytes)
        case .datagrams(let datagrams): datagrams.handOver(bytes)
        case .down, .opening: break
        }
    }
}
