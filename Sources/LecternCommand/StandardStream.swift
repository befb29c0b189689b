import Glibc

/// Standard output or standard error, written at once: a log line must not wait in a buffer.
struct StandardStream: Sendable {
    static let output = StandardStream(descriptor: STDOUT_FILENO)
    static let error = StandardStream(descriptor: STDERR_FILENO)

    let descriptor: Int32

    /// Whether it is a terminal that shows colours.
    var showsColours: Bool { isatty(descriptor) == 1 && getenv("NO_COLOR") == nil }

    /// Writes all of `text`. When nobody reads any more, the text is dropped: that must not end the program.
    func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = Glibc.write(descriptor, start, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == EAGAIN {
                        var readiness = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        poll(&readiness, 1, 1000)
                        continue
                    }
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
