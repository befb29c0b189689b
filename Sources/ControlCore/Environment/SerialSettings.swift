public import Polling

/// How a serial line is driven. A value of this type is always one that Lectern can ask a driver for.
public struct SerialSettings: Equatable, Sendable {
    /// The parity bit. Raw values are the words that programs use.
    public enum Parity: String, Equatable, Sendable, CaseIterable {
        /// No parity bit.
        case none = "None"
        /// An odd number of ones.
        case odd = "Odd"
        /// An even number of ones.
        case even = "Even"
    }

    /// What stops the sender when the receiver is full. Raw values are the words that programs use.
    public enum FlowControl: String, Equatable, Sendable, CaseIterable {
        /// The lines RTS and CTS.
        case hardware = "HW"
        /// The bytes XON (0x11) and XOFF (0x13), which then are no data.
        case software = "SW"
        /// Nothing.
        case off = "Off"
    }

    /// The electrical standard. Raw values are the words that programs use.
    public enum Mode: String, Equatable, Sendable, CaseIterable {
        /// RS-232.
        case rs232 = "RS232"
        /// RS-422; the same as ``rs232`` to a driver, the wiring makes the difference.
        case rs422 = "RS422"
        /// RS-485: the driver switches the transmitter on while it sends.
        case rs485 = "RS485"
    }

    /// The bit rates that can be asked for. Which of them a port has is up to its driver.
    public static let baudRange = 50...12_000_000

    /// Bits per second, in ``baudRange``; 9600 by default.
    public private(set) var baud = 9600
    /// Data bits of a character, 7 or 8; 8 by default.
    public private(set) var dataBits = 8
    /// None by default.
    public private(set) var parity = Parity.none
    /// Stop bits of a character, 1 or 2; 1 by default.
    public private(set) var stopBits = 1
    /// Off by default.
    public private(set) var flowControl = FlowControl.off
    /// The pause after each character that is sent; zero by default.
    public private(set) var charDelay = TimeAmount.zero
    /// RS-232 by default.
    public private(set) var mode = Mode.rs232

    /// The defaults named at each property.
    public init() {}

    /// Makes settings; what is left out has its default.
    /// - Parameters:
    ///   - baud: bits per second, in ``baudRange``.
    ///   - dataBits: data bits of a character, 7 or 8.
    ///   - parity: the parity bit.
    ///   - stopBits: stop bits of a character, 1 or 2.
    ///   - flowControl: what stops the sender when the receiver is full.
    ///   - charDelay: the pause after each character that is sent, 0 to 60 s.
    ///   - mode: the electrical standard.
    /// - Throws: when a parameter is out of its range.
    public init(
        baud: Int = 9600,
        dataBits: Int = 8,
        parity: Parity = .none,
        stopBits: Int = 1,
        flowControl: FlowControl = .off,
        charDelay: TimeAmount = .zero,
        mode: Mode = .rs232
    ) throws(ParameterError) {
        guard Self.baudRange.contains(baud) else {
            throw ParameterError(
                parameter: "Baud", problem: "is \(baud)",
                allowed: "\(Self.baudRange.lowerBound) to \(Self.baudRange.upperBound)")
        }
        guard dataBits == 7 || dataBits == 8 else {
            throw ParameterError(parameter: "Data", problem: "is \(dataBits)", allowed: "7 or 8")
        }
        guard stopBits == 1 || stopBits == 2 else {
            throw ParameterError(parameter: "Stop", problem: "is \(stopBits)", allowed: "1 or 2")
        }
        guard (.zero)...(.seconds(60)) ~= charDelay else {
            throw ParameterError(
                parameter: "CharDelay", problem: "is \(Double(charDelay.nanoseconds) / 1e9)", allowed: "0 to 60 seconds"
            )
        }
        self.baud = baud
        self.dataBits = dataBits
        self.parity = parity
        self.stopBits = stopBits
        self.flowControl = flowControl
        self.charDelay = charDelay
        self.mode = mode
    }

    /// How long one character takes on the line: a start bit, data, parity and stop bits.
    public var characterTime: TimeAmount {
        let bits = 1 + dataBits + (parity == .none ? 0 : 1) + stopBits
        return .nanoseconds(Int64(bits) * 1_000_000_000 / Int64(baud))
    }
}
