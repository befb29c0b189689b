import Glibc
import Polling

/// Connects the socket of an SSH session, on the session's thread.
enum SSHSocket {
    /// After how many seconds without traffic the system asks whether the peer is there, how often, and how many
    /// unanswered questions break the connection: silence is noticed within a minute.
    private static let keepAlive: (idle: CInt, interval: CInt, count: CInt) = (30, 10, 3)
    /// How many milliseconds sent bytes may go unacknowledged.
    private static let userTimeout: CInt = 60_000

    /// Tries the target's addresses in turn; each gets an equal share of the time that is left.
    /// - Returns: a connected non-blocking socket, the caller's from now on, and its ends.
    static func connect(
        _ target: SSHTarget, mailbox: SSHMailbox
    ) throws(SSHStop) -> (descriptor: CInt, addresses: SSHMailbox.Addresses) {
        var failure = ConnectFailure.hostError
        var rest = target.addresses[...]
        while var address = rest.popFirst() {
            address.port = target.port
            let share = target.deadline.map { deadline -> Deadline in
                let left = max(deadline - .now(), .zero)
                return .now() + .nanoseconds(left.nanoseconds / Int64(rest.count + 1))
            }
            do throws(SSHStop) {
                let descriptor = try connect(to: address, deadline: share, mailbox: mailbox)
                return (descriptor, .init(local: localAddress(descriptor), remote: address.unmapped))
            } catch {
                guard case .failed(let reason) = error else { throw error }
                if reason.weight >= failure.weight { failure = reason }
            }
        }
        throw .failed(failure)
    }

    private static func connect(
        to address: SocketAddress, deadline: Deadline?, mailbox: SSHMailbox
    ) throws(SSHStop) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw .failed(.init(errorNumber: errno)) }
        do throws(SSHStop) {
            let code = address.withSocketAddress { generic, length in
                Glibc.connect(descriptor, generic, socklen_t(length)) == 0 ? 0 : errno
            }
            if code == EINPROGRESS {
                while try !SSHPoll.wait(descriptor, for: POLLOUT, until: deadline, mailbox: mailbox) {}
                let code = option(descriptor, SOL_SOCKET, SO_ERROR)
                guard code == 0 else { throw .failed(.init(errorNumber: code)) }
            } else if code != 0 {
                throw .failed(.init(errorNumber: code))
            }
        } catch {
            close(descriptor)
            throw error
        }
        // Options that a socket refuses leave it with the system's defaults, which work.
        set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(descriptor, CInt(IPPROTO_TCP), TCP_KEEPIDLE, keepAlive.idle)
        set(descriptor, CInt(IPPROTO_TCP), TCP_KEEPINTVL, keepAlive.interval)
        set(descriptor, CInt(IPPROTO_TCP), TCP_KEEPCNT, keepAlive.count)
        set(descriptor, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, userTimeout)
        return descriptor
    }

    /// Lets the close of the socket be a reset.
    static func resetOnClose(_ descriptor: CInt) {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    private static func set(_ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: CInt) {
        var value = value
        setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func option(_ descriptor: CInt, _ level: CInt, _ name: CInt) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : errno
    }

    private static func localAddress(_ descriptor: CInt) -> SocketAddress? {
        withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<sockaddr_storage>.size, alignment: MemoryLayout<sockaddr_storage>.alignment
        ) { bytes in
            var length = socklen_t(bytes.count)
            guard let base = bytes.baseAddress,
                getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return nil }
            switch CInt(base.loadUnaligned(as: sa_family_t.self)) {
            case AF_INET: return SocketAddress(base.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: return SocketAddress(base.loadUnaligned(as: sockaddr_in6.self)).unmapped
            default: return nil
            }
        }
    }
}

/// Why the thread of a session ended before it stood.
enum SSHStop: Error {
    /// Nobody waits for it any more.
    case cancelled
    case failed(ConnectFailure)
}

/// Where a session is to lead.
struct SSHTarget: Sendable {
    /// Of the host, without port.
    var addresses: [SocketAddress]
    /// The host as the program names it, by which its key is known.
    var host: String
    var port: Int
    var login: SSHLogin
    /// For all of it; `nil` as long as the system waits.
    var deadline: Deadline?
}

/// Waits for a socket and for the loop's wake-up at once.
enum SSHPoll {
    /// - Returns: whether the socket is ready; false when it was the loop that woke the thread.
    static func wait(
        _ descriptor: CInt, for events: CInt, until deadline: Deadline?, mailbox: SSHMailbox
    ) throws(SSHStop) -> Bool {
        let left = deadline.map { $0 - .now() } ?? .hours(1)
        guard left > .zero else { throw .failed(.timedOut) }
        let isReady = waitOnce(descriptor, for: events, milliseconds: milliseconds(left), mailbox: mailbox)
        guard !mailbox.isCancelled else { throw .cancelled }
        return isReady
    }

    static func milliseconds(_ time: TimeAmount) -> CInt {
        CInt(clamping: max(time.nanoseconds, 0) / 1_000_000 + 1)
    }

    /// - Returns: whether the socket is ready; false also when the time is over.
    static func waitOnce(_ descriptor: CInt, for events: CInt, milliseconds: CInt, mailbox: SSHMailbox) -> Bool {
        withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { set in
            set[0] = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            set[1] = pollfd(fd: mailbox.wakeUp, events: Int16(POLLIN), revents: 0)
            // Interrupted or not: the caller looks again at what it waits for.
            guard poll(set.baseAddress, 2, milliseconds) > 0 else { return false }
            if set[1].revents != 0 { mailbox.takeWakeUp() }
            return set[0].revents != 0
        }
    }
}
