import Bytes
import DequeModule
import Glibc
import Polling

/// What the thread of one SSH session does, from connecting to the last byte.
struct SSHWorker: Sendable {
    /// How long a login may take that has no time-out of its own.
    static let loginTimeout = TimeAmount.seconds(120)
    /// libssh sends a keep-alive at every other call: the first takes the answer to the one before.
    private static let keepAliveInterval = TimeAmount.seconds(15)

    let target: SSHTarget
    let mailbox: SSHMailbox
    /// Lets the loop look into the mailbox.
    let notify: @Sendable () -> Void

    /// Runs until the session is over; everything that it opened is closed then.
    func run() {
        do throws(SSHStop) {
            try open()
        } catch {
            // Whoever called it off knows.
            if case .failed(let failure) = error { post { $0.outcome = .failure(Self.cause(of: failure)) } }
        }
        mailbox.dropQueue()
        mailbox.closeWakeUp()
        post { $0.isOver = true }
    }

    /// Without descriptors libssh reads neither known hosts nor keys, and blames the host or the user for it.
    private static func cause(of failure: ConnectFailure) -> ConnectFailure {
        switch failure {
        case .hostKeyChanged, .hostKeyUnknown, .authenticationFailed, .handshakeFailed: failure.orDescriptorTrouble
        default: failure
        }
    }

    private func open() throws(SSHStop) {
        let (descriptor, addresses) = try SSHSocket.connect(target, mailbox: mailbox)
        let deadline = target.deadline ?? .now() + Self.loginTimeout
        let session = try SSHSession(target, descriptor: descriptor, deadline: deadline, mailbox: mailbox)
        try session.connect()
        try SSHHostKey.check(session)
        var authentication = SSHAuthentication(session)
        try authentication.run()
        try session.openShell()
        post { $0.outcome = .success(addresses) }
        relay(session)
    }

    private func post(_ body: (inout SSHMailbox.Arrivals) -> Void) {
        if mailbox.add(body) { notify() }
    }

    // MARK: - The open session

    private func relay(_ session: SSHSession) {
        var unsent = Deque<ByteBuffer>()
        var nextKeepAlive = Deadline.now() + Self.keepAliveInterval
        while true {
            let orders = mailbox.takeOrders()
            guard !orders.isCancelled else { return }
            for bytes in orders.outgoing { unsent.appendJoined(bytes) }
            guard write(&unsent, to: session) else {
                end(session)
                return
            }
            if let closeBy = orders.closeBy {
                close(session, sending: &unsent, by: closeBy)
                return
            }
            let hasMore = read(orders.room, from: session)
            guard session.isConnected, !session.hasPeerEnded else {
                end(session)
                return
            }
            // Reading may have made room for writing: whatever libssh can do now must be done before the wait, as the
            // socket does not tell of it again.
            if hasMore || (!unsent.isEmpty && session.canWrite) { continue }
            let now = Deadline.now()
            if now >= nextKeepAlive {
                session.keepAlive()
                nextKeepAlive = now + Self.keepAliveInterval
                continue
            }
            _ = SSHPoll.waitOnce(
                session.descriptor, for: session.pollEvents, milliseconds: SSHPoll.milliseconds(nextKeepAlive - now),
                mailbox: mailbox)
        }
    }

    /// - Returns: false when the session is broken.
    private func write(_ unsent: inout Deque<ByteBuffer>, to session: SSHSession) -> Bool {
        while !unsent.isEmpty {
            let first = unsent.startIndex
            guard let count = session.write(&unsent[first]) else { return false }
            if count == 0 { return true }
            if unsent[first].readableBytes == 0 { unsent.removeFirst() }
            if mailbox.didSend(count) { notify() }
        }
        return true
    }

    /// Lets libssh work, and hands what has arrived to the loop in one go.
    /// - Returns: whether all of `room` was used, so that there may be more.
    private func read(_ room: Int, from session: SSHSession) -> Bool {
        var left = room
        var chunks: [ByteBuffer] = []
        repeat {
            // After each step, as what libssh holds is lost when it then finds the connection broken.
            while left > 0, let bytes = session.read(left) {
                left -= bytes.readableBytes
                chunks.append(bytes)
            }
        } while session.process() && session.isConnected && (room == 0 || left > 0)
        while left > 0, let bytes = session.read(left) {
            left -= bytes.readableBytes
            chunks.append(bytes)
        }
        if !chunks.isEmpty { post { $0.chunks += chunks } }
        return room > 0 && left <= 0
    }

    /// The host has ended the session, or it broke: hands over what is left of it.
    private func end(_ session: SSHSession) {
        var chunks: [ByteBuffer] = []
        while let bytes = session.read(SSHMailbox.arrivalLimit) { chunks.append(bytes) }
        let reason = session.hasPeerEnded ? CloseReason.peer : .failed(session.problem)
        if session.hasPeerEnded { session.closeChannel() }
        mailbox.dropQueue()
        post {
            $0.chunks += chunks
            $0.end = reason
        }
    }

    /// Sends what is queued and closes in good order, as far as the host plays along in time.
    private func close(
        _ session: SSHSession, sending unsent: inout Deque<ByteBuffer>, by deadline: Deadline
    ) {
        var isFlushed = false
        while session.isConnected, !session.hasPeerClosed {
            guard write(&unsent, to: session) else { break }
            // Read on, into the void: a socket that is closed over unread bytes sends a reset, and that may destroy on
            // the other side what was sent just before.
            repeat {
                while session.read(SSHMailbox.arrivalLimit) != nil, .now() < deadline {}
            } while session.process() && .now() < deadline
            if !isFlushed, unsent.isEmpty, !session.isWritePending {
                isFlushed = true
                post { $0.end = .local }
                session.closeChannel()
            }
            let left = deadline - .now()
            guard left > .zero, !mailbox.isCancelled, !session.hasPeerClosed else { break }
            if !unsent.isEmpty, session.canWrite { continue }
            _ = SSHPoll.waitOnce(
                session.descriptor, for: session.pollEvents, milliseconds: SSHPoll.milliseconds(left), mailbox: mailbox)
        }
        if !isFlushed {
            // The host does not take what is queued: a reset tells it that the stream is not whole.
            if session.isConnected { SSHSocket.resetOnClose(session.descriptor) }
            post { $0.end = .local }
        }
    }
}
