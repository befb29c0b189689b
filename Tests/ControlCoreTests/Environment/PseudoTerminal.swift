import Glibc

/// A pseudo terminal whose far end the test holds.
final class PseudoTerminal {
    /// The end that looks like a serial port.
    let path: String
    private var master: CInt

    struct Failure: Error { let code: CInt }

    init() throws {
        // Swift does not see posix_openpt and its kin; these are what they do.
        let unlock = CUnsignedLong(0x4004_5431)  // TIOCSPTLCK
        let number = CUnsignedLong(0x8004_5430)  // TIOCGPTN
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: CInt = 0
        var index: CInt = 0
        guard master >= 0, ioctl(master, unlock, &locked) == 0, ioctl(master, number, &index) == 0 else {
            throw Failure(code: errno)
        }
        path = "/dev/pts/\(index)"
    }

    deinit { hangUp() }

    /// Ends the far end, as a pulled plug does.
    func hangUp() {
        if master >= 0 { close(master) }
        master = -1
    }

    /// What any other program sees of the line.
    func attributes() throws -> termios {
        var attributes = termios()
        guard tcgetattr(master, &attributes) == 0 else { throw Failure(code: errno) }
        return attributes
    }

    func write(_ text: String) {
        _ = Glibc.write(master, text, text.utf8.count)
    }
}
