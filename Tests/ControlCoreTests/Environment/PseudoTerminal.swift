import Glibc

/// A pseudo terminal whose far end the test holds.
final class PseudoTerminal {
    /// The end that looks like a serial port.
    let path: String
    private var master: CInt
    /// Keeps the near end open: without any user of it, the far end could not be read.
    private var keeper: CInt = -1

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
        for descriptor in [master, keeper] where descriptor >= 0 { close(descriptor) }
        master = -1
        keeper = -1
    }

    /// Gives the far end away. Its new owner can read it while nobody has the near end open, too.
    func release() -> CInt {
        keeper = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        defer { master = -1 }
        return master
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
