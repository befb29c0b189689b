import Bytes
import Polling

/// A way to a device that knows no connections: what a ``RawSimplePipeHandler`` or ``ModuleSimplePipeHandler`` handles.
public enum SimplePipe: Writable {
    /// A serial port.
    case serial(SerialInterface)
    /// A client that speaks UDP.
    case datagrams(EthernetClientInterface)

    /// The device, for messages.
    public var peer: String {
        switch self {
        case .serial(let serial): serial.name
        case .datagrams(let client): client.peer
        }
    }

    /// Whether the interface may call its slots.
    public var isActive: Bool {
        switch self {
        case .serial(let serial): serial.isActive
        case .datagrams(let client): client.isActive
        }
    }

    /// Whether nothing can be sent: a serial port that is not there. UDP always can.
    public var isOffline: Bool {
        switch self {
        case .serial(let serial): serial.presence == .offline
        case .datagrams: false
        }
    }

    /// Whether there is room in the send queue.
    public var isWritable: Bool {
        switch self {
        case .serial(let serial): serial.isWritable
        case .datagrams(let client): client.isWritable
        }
    }

    /// Waits for room in the send queue: calls `body` once when there is some, or the line has ended; `nil` when there
    /// is room now.
    public func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        switch self {
        case .serial(let serial): serial.whenWritable(body)
        case .datagrams(let client): client.whenWritable(body)
        }
    }

    /// Pauses (`false`) or resumes (`true`) the delivery of data.
    public func setReceiving(_ receiving: Bool) {
        switch self {
        case .serial(let serial): serial.setReceiving(receiving)
        case .datagrams(let client): client.setReceiving(receiving)
        }
    }

    /// What becomes of the device at it.
    public var report: ConnectionReport {
        switch self {
        case .serial(let serial): serial.report
        case .datagrams(let client): client.report
        }
    }

    var environment: any Environment {
        switch self {
        case .serial(let serial): serial.environment
        case .datagrams(let client): client.environment
        }
    }

    func send(_ bytes: ByteBuffer) throws(IOFault) {
        switch self {
        case .serial(let serial): try serial.send(bytes)
        case .datagrams(let client): try client.send(bytes)
        }
    }

    func sendAndWait(
        _ data: ByteBuffer, timeout: TimeAmount, delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        switch self {
        case .serial(let serial):
            serial.sendAndWait(data, timeout: timeout, delimiter: delimiter, completion: completion)
        case .datagrams(let client):
            client.sendAndWait(data, timeout: timeout, delimiter: delimiter, completion: completion)
        }
    }

    func close() {
        switch self {
        case .serial(let serial): serial.close()
        case .datagrams(let client): client.close()
        }
    }

    func observe(_ observer: SimplePipeObserver) {
        switch self {
        case .serial(let serial): serial.observer = observer
        case .datagrams(let client): client.observer = observer
        }
    }

    /// Gives the observer's place up, unless another one has it.
    func stopObserving(_ observer: SimplePipeObserver) {
        switch self {
        case .serial(let serial): if serial.observer === observer { serial.observer = nil }
        case .datagrams(let client): if client.observer === observer { client.observer = nil }
        }
    }
}
