import NIOCore

/// The line of a ``DeviceTraffic``: whatever connects an interface to its device.
protocol DeviceLine: SendAndWaitLink {
    /// Whether a keep-alive may begin.
    var takesKeepAlive: Bool { get }

    /// Sends a keep-alive if the line is up and has room for it; else the turn is left out.
    func transmitKeepAlive(_ bytes: ByteBuffer)

    /// A keep-alive began or ended.
    func keepAliveDidChange()

    /// The program takes data from now on, or no longer.
    func receivingDidChange(_ receiving: Bool)
}

/// What a program and a device exchange, as far as it is the same with every line: commands and their responses, a
/// keep-alive, and pauses. Outlives each single connection. Belongs to one ``DeviceInterface``.
public final class DeviceTraffic {
    /// The most bytes of a response unless ``responseLimit`` says otherwise: 16 MiB, as much as a program's `limits.stringSize`.
    public static let defaultResponseLimit = 16 << 20

    /// The most bytes that a `sendAndWait` collects.
    public var responseLimit: Int {
        get { sendAndWaits.responseLimit }
        set { sendAndWaits.responseLimit = newValue }
    }

    /// Bytes that `sendAndWait` calls which wait for their turn are to send.
    public var waitingBytes: Int { sendAndWaits.waitingBytes }

    /// Bytes that a `sendAndWait` has collected so far.
    public var collectedBytes: Int { sendAndWaits.collectedBytes }

    /// Bytes of all that is kept here for the program: commands that wait, a response so far, the keep-alive's data.
    public var heldBytes: Int { waitingBytes + collectedBytes + keepAliveBytes }

    private var keepAliveBytes = 0
    private let environment: any Environment
    /// Owns this; set by it as soon as it exists, and cleared before it goes. Not weak: counting the references to an object
    /// takes twice as long for ever once there was a weak one.
    unowned(unsafe) var line: (any DeviceLine)? {
        didSet { sendAndWaits.link = line }
    }
    private var keepAlive: KeepAliveTransmitter?
    /// The commands that await a response.
    let sendAndWaits: SendAndWaitQueue
    /// Whether the program takes data.
    private(set) var isReceiving = true

    init(environment: any Environment) {
        self.environment = environment
        sendAndWaits = SendAndWaitQueue(environment: environment, responseLimit: Self.defaultResponseLimit)
    }

    /// Whether a keep-alive is under way. It keeps the line alive.
    var hasKeepAlive: Bool { keepAlive != nil }

    func startKeepAlive(interval: TimeAmount, data: ByteBuffer) throws(ParameterError) {
        try ControlTimer.check(interval, parameter: "interval")
        keepAlive?.stop()
        guard let line, line.takesKeepAlive else { return }
        keepAlive = KeepAliveTransmitter(environment: environment, interval: interval) {
            line.transmitKeepAlive(data)
        }
        keepAliveBytes = data.readableBytes
        line.keepAliveDidChange()
    }

    func stopKeepAlive() {
        keepAlive?.stop()
        keepAlive = nil
        keepAliveBytes = 0
        line?.keepAliveDidChange()
    }

    func setReceiving(_ receiving: Bool) {
        isReceiving = receiving
        line?.receivingDidChange(receiving)
    }
}
