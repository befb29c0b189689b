import Bytes
import DequeModule
import Polling

/// A serial line as its transmitter sees it.
protocol SerialLine: AnyObject {
    /// Bytes that were written and that the driver has not sent yet.
    var unsentBytes: Int { get }
    /// Gives bytes to the driver, which sends them in order. Never waits.
    func write(_ bytes: ByteBuffer)
    /// Puts settings in force at once.
    func apply(_ settings: SerialSettings)
}

/// The sending half that live and simulated serial lines share: bytes and changes of settings in the order in which
/// they were asked for, with the character delay between bytes.
final class SerialTransmitter {
    /// The most characters that hardware holds back behind the driver's queue, where nobody can see them.
    static let hardwareQueue = 64
    /// How often the driver is asked whether it has sent everything before settings change.
    static let drainInterval = TimeAmount.milliseconds(5)

    private enum Item {
        case bytes(ByteBuffer)
        case settings(SerialSettings)
    }

    private unowned let line: any SerialLine
    private let schedule: (TimeAmount, @escaping () -> Void) -> any Cancellable
    private var items: Deque<Item> = []
    private var settings: SerialSettings
    private var timer: (any Cancellable)?
    private var isRunning = false
    /// Characters that the hardware may still hold.
    private var unsettled = 0
    /// Bytes that were not given to the line yet.
    private(set) var pendingBytes = 0

    /// - Parameters:
    ///   - line: whose transmitter it is; owns it.
    ///   - settings: those in force.
    ///   - schedule: calls a body after a time.
    init(
        line: any SerialLine, settings: SerialSettings,
        schedule: @escaping (TimeAmount, @escaping () -> Void) -> any Cancellable
    ) {
        self.line = line
        self.settings = settings
        self.schedule = schedule
    }

    /// Begins to give the line what was queued.
    func start() {
        isRunning = true
        advance()
    }

    func send(_ bytes: ByteBuffer) {
        pendingBytes += bytes.readableBytes
        // Many short messages that wait must not cost more than their bytes.
        if let last = items.indices.last, case .bytes(var waiting) = items[last],
            waiting.readableBytes + bytes.readableBytes <= StreamLimits.chunk
        {
            // Moved out and back, so that it is not copied.
            items[last] = .bytes(ByteBuffer())
            waiting.writeImmutableBuffer(bytes)
            items[last] = .bytes(waiting)
        } else {
            items.append(.bytes(bytes))
        }
        advance()
    }

    func reconfigure(_ settings: SerialSettings) {
        items.append(.settings(settings))
        advance()
    }

    /// Drops what is queued, and does nothing more.
    func stop() {
        isRunning = false
        timer?.cancel()
        timer = nil
        items.removeAll()
        pendingBytes = 0
    }

    private func advance() {
        while isRunning, timer == nil, let item = items.first {
            switch item {
            case .bytes(let bytes):
                write(bytes)
            case .settings(let new):
                if line.unsentBytes > 0 {
                    wait(Self.drainInterval)
                } else if unsettled > 0 {
                    let count = unsettled
                    unsettled = 0
                    wait(settings.characterTime * count)
                } else {
                    items.removeFirst()
                    settings = new
                    line.apply(new)
                }
            }
        }
    }

    private func write(_ bytes: ByteBuffer) {
        var bytes = bytes
        // The queue first: writing may end the line, and that stops this transmitter.
        guard settings.charDelay > .zero, let first = bytes.readSlice(length: 1) else {
            items.removeFirst()
            wrote(bytes)
            return
        }
        if bytes.readableBytes > 0 { items[items.startIndex] = .bytes(bytes) } else { items.removeFirst() }
        // After the last byte too: the next message keeps the distance.
        wait(settings.characterTime + settings.charDelay)
        wrote(first)
    }

    private func wrote(_ bytes: ByteBuffer) {
        pendingBytes -= bytes.readableBytes
        unsettled = min(unsettled + bytes.readableBytes, Self.hardwareQueue)
        line.write(bytes)
    }

    private func wait(_ time: TimeAmount) {
        timer = schedule(time) { [weak self] in
            self?.timer = nil
            self?.advance()
        }
    }
}
