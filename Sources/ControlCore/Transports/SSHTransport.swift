import Bytes
import Polling

/// An SSH session with an interactive channel: the loop's end of it. The other end is a thread of its own
/// (``SSHWorker``), and between them lies an ``SSHMailbox``.
///
/// The host's end of the channel ends the stream in both directions, as a FIN does with TCP.
final class SSHTransport: StreamTransport, LiveResource {
    typealias Outcome = Result<SSHTransport, ConnectFailure>

    let kind = LiveResourceKind.stream
    /// Kept until the thread is over: the environment closes what is open when a program ends.
    private var environment: LiveEnvironment?
    private let mailbox: SSHMailbox
    // Assigned in init as it needs self, and never again.
    private var inbox: StreamInbox! = nil
    private var onOpened: ((Outcome) -> Void)?
    private var isEstablished = false
    private var isClosing = false

    private(set) var remoteAddress: SocketAddress?
    private(set) var localAddress: SocketAddress?

    /// - Throws: when the process has no descriptor left.
    init(environment: LiveEnvironment) throws(ConnectFailure) {
        self.environment = environment
        mailbox = try SSHMailbox()
        let scheduler = environment.scheduler
        let mailbox = mailbox
        inbox = StreamInbox(transport: self) { scheduler.execute($0) }
        inbox.onRelease = { mailbox.release($0) }
    }

    /// Starts the thread, which connects and logs in.
    /// - Parameters:
    ///   - start: runs a body on a thread of its own.
    ///   - onOpened: called once on a later turn, unless ``abandon()`` comes first.
    /// - Throws: when the process may have no more threads.
    func open(
        _ target: SSHTarget,
        start: (@escaping @Sendable () -> Void) throws(ConnectFailure) -> Void = SSHThread.start,
        onOpened: @escaping (Outcome) -> Void
    ) throws(ConnectFailure) {
        guard let environment else { return }
        let loop = environment.loop
        let bound = LoopBound(self, loop: loop)
        let worker = SSHWorker(target: target, mailbox: mailbox) {
            loop.submit { bound.value.collect() }
        }
        do throws(ConnectFailure) {
            try start { worker.run() }
        } catch {
            mailbox.closeWakeUp()
            throw error
        }
        self.onOpened = onOpened
        environment.opened(self)
    }

    /// Lets an attempt end that nobody waits for any more.
    func abandon() {
        onOpened = nil
        isClosing = true
        mailbox.cancel()
    }

    var isOpen: Bool { isEstablished && !isClosing && !inbox.hasEnded }

    var queuedBytes: Int { mailbox.queuedBytes }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
        mailbox.setReading(true)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
        mailbox.setReading(reading)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, bytes.readableBytes > 0 else { return }
        mailbox.send(bytes)
    }

    func close() {
        guard !isClosing, let environment else { return }
        isClosing = true
        inbox.discard()
        guard !inbox.hasEnded else { return }
        mailbox.close(by: environment.now + environment.linger)
    }

    func abandonClose() {
        abandon()
        inbox.discard()
        inbox.finish(.local)
        leaveEnvironment()
    }

    /// The environment keeps it no more, and it does not keep the environment.
    private func leaveEnvironment() {
        let environment = environment
        self.environment = nil
        environment?.closed(self)
    }

    /// Takes what the thread has brought.
    private func collect() {
        let arrivals = mailbox.takeArrivals()
        if let outcome = arrivals.outcome { opened(outcome) }
        for chunk in arrivals.chunks { inbox.receive(chunk) }
        if arrivals.hasDrained { inbox.didDrain() }
        if let end = arrivals.end { inbox.finish(isClosing ? .local : end) }
        if arrivals.isOver { leaveEnvironment() }
    }

    private func opened(_ outcome: Result<SSHMailbox.Addresses, ConnectFailure>) {
        let onOpened = onOpened
        self.onOpened = nil
        switch outcome {
        case .success(let addresses):
            remoteAddress = addresses.remote
            localAddress = addresses.local
            isEstablished = true
            onOpened?(.success(self))
        case .failure(let failure):
            onOpened?(.failure(failure))
        }
    }
}
