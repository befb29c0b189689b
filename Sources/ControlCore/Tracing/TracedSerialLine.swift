/// A serial line that is watched.
final class TracedSerialLine: TracedStream, SerialTransport {
    private let line: any SerialTransport

    init(_ line: any SerialTransport, tap: WireTap) {
        self.line = line
        super.init(line, tap: tap)
    }

    func reconfigure(_ settings: SerialSettings) { line.reconfigure(settings) }
}
