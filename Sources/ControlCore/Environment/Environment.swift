public import Polling

/// The one seam between Lectern and the world.
///
/// Time, sockets, names and randomness come through an environment and through nothing else, so the same interfaces and
/// connection handlers run on live sockets (``LiveEnvironment``) and in a simulation with virtual time
/// (``SimulatedEnvironment``).
///
/// An environment belongs to one event loop. Every member is called on that loop, and every closure that is handed in
/// is called on that loop, never before the call that took it has returned.
public protocol Environment: AnyObject {
    /// The monotonic time. It never goes back and does not follow changes of the wall clock.
    var now: Deadline { get }

    /// The wall clock: nanoseconds since 1970-01-01 00:00:00 UTC. It may jump.
    var wallClock: Int64 { get }

    /// The zone in which `Clock` times and log times are read.
    var timeZone: any LocalTimeZone { get }

    /// What is known of the machine now. It reads some small files of the system's: not for each event.
    var machine: MachineDescription { get }

    /// Whether all of it happens again in the same way when it is begun again with the same seed, as in a simulation.
    var isRepeatable: Bool { get }

    /// The program that runs here is being ended: what is still open is to be closed by `deadline`, and what is still
    /// to be sent then is dropped.
    func end(by deadline: Deadline)

    /// Tells of a password or a key that may go over a wire, so that nothing shows it that shows what wires carry.
    func keepSecret(_ secret: [UInt8])

    /// Whence all randomness comes: jitter, initial phases, the seed of a program's `math.random`.
    func nextRandom() -> UInt64

    /// Runs `body` on the loop, after the present call stack has unwound. Bodies run in the order of their calls.
    func execute(_ body: @escaping () -> Void)

    /// Runs `work`, which may block for long, such as on a disk, on a thread of its own, and then `completion`.
    ///
    /// Nothing is promised of the order of works that are under way at once. The environment's end waits for them, but
    /// no longer than until the time of ``end(by:)``.
    /// - Parameters:
    ///   - work: what may block.
    ///   - completion: called exactly once, on the loop: with true when the work is done, with false when the
    ///     environment's end has not waited for it.
    func offload(_ work: @escaping @Sendable () -> Void, completion: @escaping (_ isDone: Bool) -> Void)

    /// Runs `body` at `deadline`, or as soon as possible when that is past.
    ///
    /// Calls with the same deadline run in the order in which they were scheduled.
    /// - Returns: a handle whose ``Cancellable/cancel()`` prevents the call. Dropping the handle does not cancel.
    @discardableResult
    func schedule(at deadline: Deadline, _ body: @escaping () -> Void) -> any Cancellable

    /// Has `node` fired at `deadline`, or as soon as possible when that is past; moves it there when it is armed
    /// already. It is kept alive until then. As ``schedule(at:_:)``, without an allocation.
    func arm(_ node: DeadlineNode, at deadline: Deadline)

    /// Finds the addresses of `host`, a name or an IP literal.
    ///
    /// Names are resolved off the loop, in parallel: a name that does not answer delays no other.
    /// - Parameters:
    ///   - host: a name or an IP literal.
    ///   - timeout: when it passes, `completion` gets ``ConnectFailure/hostError``.
    ///   - completion: called once, unless the returned handle was cancelled before: with one address or more, or with
    ///     the failure.
    @discardableResult
    func resolve(
        _ host: String,
        timeout: TimeAmount,
        completion: @escaping (Result<[SocketAddress], ConnectFailure>) -> Void
    ) -> any Cancellable

    /// Opens a TCP connection.
    ///
    /// Addresses of the name are tried in turn until one answers or `timeout` passes.
    /// - Parameters:
    ///   - host: a name or an IP literal.
    ///   - port: the port of the host, 1…65535.
    ///   - timeout: for the whole of it, resolving included; `nil` waits as long as the system does.
    ///   - completion: called exactly once, unless the returned handle was cancelled before. The transport that it gets
    ///     is open and does not read until ``StreamTransport/start(delegate:)``.
    @discardableResult
    func connectTCP(
        host: String,
        port: Int,
        timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable

    /// Finds out early whether ``TLSCapableTransport/startTLS(_:timeout:completion:)`` could work with `terms`.
    /// - Throws: when a certificate, a key or the versions are of no use.
    func checkTLS(_ terms: TLSTerms) throws(ParameterError)

    /// Opens an SSH connection and logs in: a terminal of type `vt100` with 80 columns and 24 lines, in which the
    /// user's shell runs. The host echoes what is sent as its terminal is set.
    ///
    /// Addresses are tried as by ``connectTCP(host:port:timeout:completion:)``. Keys are tried before the password.
    /// - Parameters:
    ///   - host: a name or an IP literal.
    ///   - port: the port of the host, 1…65535; SSH has 22.
    ///   - login: who logs in, and how the host must prove itself.
    ///   - timeout: for the whole of it, resolving and login included; `nil` waits as long as the system does, and two
    ///     minutes for the login.
    ///   - completion: called exactly once, unless the returned handle was cancelled before. The transport that it gets
    ///     is open and does not read until ``StreamTransport/start(delegate:)``.
    @discardableResult
    func connectSSH(
        host: String,
        port: Int,
        login: SSHLogin,
        timeout: TimeAmount?,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable

    /// Listens for TCP connections.
    /// - Parameters:
    ///   - address: an IP literal of a local interface; `nil` is every interface.
    ///   - port: 0 lets the system choose; the choice is in ``Listener/port``.
    ///   - accept: called for each connection. The transport does not read until ``StreamTransport/start(delegate:)``.
    ///   - completion: called exactly once.
    func listenTCP(
        address: String?,
        port: Int,
        accept: @escaping (any StreamTransport) -> Void,
        completion: @escaping (Result<any Listener, ListenFailure>) -> Void
    )

    /// Opens a serial port for this program alone.
    /// - Parameters:
    ///   - path: the port's device, such as `/dev/ttyUSB0`.
    ///   - settings: how the line is driven from the start.
    ///   - completion: called exactly once, unless the returned handle was cancelled before. The transport that it gets
    ///     is open and does not read until ``StreamTransport/start(delegate:)``.
    @discardableResult
    func openSerial(
        path: String,
        settings: SerialSettings,
        completion: @escaping (Result<any SerialTransport, SerialFailure>) -> Void
    ) -> any Cancellable

    /// Opens a UDP socket. It may send to broadcast and multicast addresses too.
    /// - Parameters:
    ///   - options: address, port and kind of the socket.
    ///   - completion: called exactly once. The transport does not read until ``DatagramTransport/start(delegate:)``.
    func openDatagrams(
        _ options: DatagramOptions,
        completion: @escaping (Result<any DatagramTransport, ListenFailure>) -> Void
    )

    /// Sends an ICMP echo request and waits for its answer.
    /// - Parameters:
    ///   - address: whom to ask; the port is of no meaning.
    ///   - timeout: how long to wait.
    ///   - completion: called exactly once, with the time that the answer took, unless the returned handle was
    ///     cancelled before.
    @discardableResult
    func echo(
        _ address: SocketAddress,
        timeout: TimeAmount,
        completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) -> any Cancellable
}

extension Environment {
    /// The world does not repeat itself.
    public var isRepeatable: Bool { false }

    /// Does nothing: what is open closes in its own time.
    public func end(by deadline: Deadline) {}

    /// Does nothing: nobody is shown what wires carry.
    public func keepSecret(_ secret: [UInt8]) {}

    /// Runs `body` after `delay`; see ``schedule(at:_:)``.
    @discardableResult
    public func schedule(after delay: TimeAmount, _ body: @escaping () -> Void) -> any Cancellable {
        schedule(at: now + delay, body)
    }
}

/// Something under way that can be called off.
public protocol Cancellable: AnyObject {
    /// Calls it off. Harmless when it has already happened or was cancelled before.
    func cancel()
}

extension ScheduledDeadline: Cancellable {}

/// A time zone, as far as `Clock`, `os.date` and the log need it.
public protocol LocalTimeZone {
    /// Seconds to add to UTC for local time at `unixTime` (seconds since 1970 UTC).
    func secondsFromUTC(at unixTime: Int64) -> Int

    /// Whether the zone's rules call the time at `unixTime` daylight saving time, as `tm_isdst` of the C library tells.
    /// It cannot be seen from offsets: Dublin's winter is daylight saving time of less than no time, and an offset that
    /// changed for good is none.
    func isDaylightSaving(at unixTime: Int64) -> Bool
}

extension LocalTimeZone {
    /// A guess, for a zone that knows offsets only.
    public func isDaylightSaving(at unixTime: Int64) -> Bool { guessedDaylightSaving(at: unixTime) }

    /// Whether the offset is the larger one of a year's two halves.
    func guessedDaylightSaving(at unixTime: Int64) -> Bool {
        let offset = secondsFromUTC(at: unixTime)
        let days = (unixTime + Int64(offset)).floorDivided(by: CivilTime.secondsPerDay)
        let year = CivilTime.date(daysSince1970: days).year
        let january = CivilTime.daysSince1970(year: year, month: 1, day: 1) * CivilTime.secondsPerDay
        let july = CivilTime.daysSince1970(year: year, month: 7, day: 1) * CivilTime.secondsPerDay
        let offsets = (secondsFromUTC(at: january), secondsFromUTC(at: july))
        return offsets.0 != offsets.1 && offset > min(offsets.0, offsets.1)
    }
}
