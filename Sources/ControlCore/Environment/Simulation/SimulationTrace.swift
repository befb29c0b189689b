import Bytes
import Polling

/// The record of a simulation: one line for each event, in a form that two equal runs repeat byte by byte.
///
/// A line is the time in seconds, the host, the event and its details, separated by spaces:
/// `12.000200000 controller send #1 5 "Pwr1\r"`.
public final class SimulationTrace {
    /// Whether events are recorded.
    public var isEnabled = true
    /// Whether deadlines of programs are recorded too, as `timer`.
    public var includesTimers = false
    /// How many bytes of one chunk are shown; a checksum stands for the others.
    public var byteLimit = 256
    /// Gets each line. While it is set, lines are not collected in ``lines``.
    public var sink: ((String) -> Void)?
    /// The lines so far.
    public private(set) var lines: [String] = []

    init() {}

    /// All lines, each with a newline behind it.
    public var text: String { lines.map { $0 + "\n" }.joined() }

    /// Forgets the lines so far.
    public func clear() {
        lines = []
    }

    /// Adds an event. The details are not computed while the trace is off.
    func record(_ time: Deadline, _ host: String, _ event: @autoclosure () -> String) {
        guard isEnabled else { return }
        let line = "\(Self.seconds(time)) \(host) \(event())"
        if let sink { sink(line) } else { lines.append(line) }
    }

    /// The count and the content of a chunk of bytes.
    func describe(_ bytes: ByteBuffer) -> String {
        let count = bytes.readableBytes
        var text = "\(count) \""
        bytes.withUnsafeReadableBytes { raw in
            for index in 0..<min(count, byteLimit) { Self.append(raw[index], to: &text) }
        }
        text += "\""
        if count > byteLimit {
            text += "+\(String(Self.checksum(bytes, from: byteLimit), radix: 16))"
        }
        return text
    }

    /// A checksum of what lies behind the first `start` bytes, taken eight bytes at a time.
    private static func checksum(_ bytes: ByteBuffer, from start: Int) -> UInt64 {
        bytes.withUnsafeReadableBytes { raw in
            var sum: UInt64 = 0xcbf2_9ce4_8422_2325
            var index = start
            while index + 8 <= raw.count {
                sum = (sum ^ UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
                sum = (sum &* 0x0000_0100_0000_01b3) ^ (sum >> 29)
                index += 8
            }
            while index < raw.count {
                sum = (sum ^ UInt64(raw[index])) &* 0x0000_0100_0000_01b3
                index += 1
            }
            return sum
        }
    }

    private static func append(_ byte: UInt8, to text: inout String) {
        switch byte {
        case UInt8(ascii: "\r"): text += "\\r"
        case UInt8(ascii: "\n"): text += "\\n"
        case UInt8(ascii: "\t"): text += "\\t"
        case UInt8(ascii: "\\"): text += "\\\\"
        case UInt8(ascii: "\""): text += "\\\""
        case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(byte))
        default: text += byte < 16 ? "\\x0\(String(byte, radix: 16))" : "\\x\(String(byte, radix: 16))"
        }
    }

    private static func seconds(_ time: Deadline) -> String {
        let (whole, part) = time.uptimeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(part)
        return "\(whole).\(String(repeating: "0", count: 9 - digits.count))\(digits)"
    }
}
