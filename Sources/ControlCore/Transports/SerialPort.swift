import CSerial
import Glibc
import Polling

/// An open serial device of the system: its descriptor, which this process has for itself, and its settings.
///
/// Nothing here waits for the line. The calls go to the driver, and take as long as it takes to tell the hardware: some
/// milliseconds for an adapter on USB.
final class SerialPort {
    private let path: String
    private var descriptor: CInt
    private var isClaimed = false
    /// Whether this object has switched the driver's RS-485 mode on.
    private var hasEnabledRS485 = false

    /// Opens the device `path` as it is said, raw.
    /// - Throws: ``SerialFailure``; nothing is left open then.
    init(opening path: String, _ settings: SerialSettings) throws(SerialFailure) {
        self.path = path
        // Without O_NONBLOCK the open would wait for a carrier.
        descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(errno) }
        do throws(SerialFailure) {
            var present = serial_line_settings()
            let status = serial_line_read(descriptor, &present)
            guard status != ENOTTY && status != EINVAL else { throw .other("it is no serial port") }
            try Self.check(status)
            try Self.check(serial_line_claim(descriptor))
            isClaimed = true
            try apply(settings)
        } catch {
            close()
            throw error
        }
    }

    /// Closes the descriptor. What the driver has not sent is dropped: closing would wait for it. Idempotent.
    func close() {
        guard descriptor >= 0 else { return }
        // Each of these fails only on a port that is gone, which keeps nothing. One that another has is not touched.
        if isClaimed {
            if hasEnabledRS485 { _ = serial_line_set_rs485(descriptor, false) }
            // Not when all is sent: dropping would reach what waits at the far end of a pseudo terminal.
            if unsentBytes > 0 { _ = serial_line_drop_unsent(descriptor) }
            _ = serial_line_release(descriptor)
        }
        _ = Glibc.close(descriptor)
        descriptor = -1
    }

    deinit { close() }

    /// Makes a descriptor of the same open port, for an owner who closes it.
    /// - Throws: the system's error when there are no more descriptors.
    func duplicate() throws(SerialFailure) -> CInt {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw Self.failure(errno) }
        return copy
    }

    /// Bytes that the driver has not sent yet; 0 when the port is gone, and with drivers that do not say.
    var unsentBytes: Int {
        var count: CInt = 0
        return serial_line_unsent(descriptor, &count) == 0 ? max(Int(count), 0) : 0
    }

    /// Gives the driver settings, effective at once.
    /// - Throws: ``SerialFailure/unsupported(_:)`` when the driver has others in force afterwards.
    func apply(_ settings: SerialSettings) throws(SerialFailure) {
        let wanted = serial_line_settings(
            baud: UInt32(settings.baud), data_bits: UInt8(settings.dataBits), stop_bits: UInt8(settings.stopBits),
            parity: settings.parity != .none, parity_is_odd: settings.parity == .odd,
            hardware_flow: settings.flowControl == .hardware, software_flow: settings.flowControl == .software)
        let status = withUnsafePointer(to: wanted) { serial_line_apply(descriptor, $0) }
        guard status != EINVAL else { throw .unsupported("these settings") }
        try Self.check(status)
        // The system reports success when it could do any part of it.
        var present = serial_line_settings()
        try Self.check(serial_line_read(descriptor, &present))
        if let refused = refused(wanted, present, settings) { throw .unsupported(refused) }
        try applyMode(settings.mode)
    }

    private func refused(
        _ wanted: serial_line_settings, _ present: serial_line_settings, _ settings: SerialSettings
    ) -> String? {
        // Drivers name the rate that their divisor gives. A receiver bears a deviation of some five percent.
        if abs(Int(present.baud) - settings.baud) * 100 > settings.baud * 3 { return "\(settings.baud) baud" }
        if present.stop_bits != wanted.stop_bits { return "\(settings.stopBits) stop bits" }
        if present.hardware_flow != wanted.hardware_flow { return "flow control 'HW'" }
        if present.software_flow != wanted.software_flow { return "flow control 'SW'" }
        // A pseudo terminal carries bytes, whatever is said of their bits.
        guard !serial_line_is_pseudo(descriptor) else { return nil }
        if present.data_bits != wanted.data_bits { return "\(settings.dataBits) data bits" }
        if present.parity != wanted.parity || (wanted.parity && present.parity_is_odd != wanted.parity_is_odd) {
            return "parity '\(settings.parity.rawValue)'"
        }
        return nil
    }

    /// A mode that somebody else has given the port, as a device tree does, is left alone.
    private func applyMode(_ mode: SerialSettings.Mode) throws(SerialFailure) {
        guard (mode == .rs485) != hasEnabledRS485 else { return }
        let status = serial_line_set_rs485(descriptor, mode == .rs485)
        guard status == 0 else {
            throw .unsupported("mode '\(mode.rawValue)': the driver says \(systemErrorText(status))")
        }
        hasEnabledRS485 = mode == .rs485
    }

    private static func check(_ status: CInt) throws(SerialFailure) {
        guard status == 0 else { throw failure(status) }
    }

    private static func failure(_ code: CInt) -> SerialFailure {
        switch code {
        // EIO: the system keeps names for ports that the machine does not have, and for those just pulled out.
        case ENOENT, ENODEV, ENXIO, ENOTDIR, EIO: .missing
        case EBUSY: .inUse
        case EACCES, EPERM: .permissionDenied
        default: .other(systemErrorText(code))
        }
    }
}
