import Glibc
public import Polling
import Synchronization

/// The blocking look-up of names, and the threads on which it blocks.
public enum NameLookup {
    /// Finds a name's addresses, blocking until it has them. The addresses carry port 0.
    public typealias Function = @Sendable (_ name: String) -> Result<[SocketAddress], ConnectFailure>

    /// How many names may be under way at once in this process. The C library waits about 5 to 30 s for a dead server.
    public static let threadCount = 16

    /// The process's threads for look-ups.
    static let threads = LookupThreads(limit: threadCount)

    /// Asks the system: `/etc/hosts`, DNS and whatever else `nsswitch.conf` names. Fails with
    /// ``ConnectFailure/hostError``, or with ``ConnectFailure/other(_:)`` when the process has no descriptor to ask
    /// with. Blocks.
    @Sendable public static func system(_ name: String) -> Result<[SocketAddress], ConnectFailure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        // Without it, machines without IPv6 would try IPv6 addresses first and in vain.
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else {
            return .failure(ConnectFailure.hostError.orDescriptorTrouble)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next?.pointee {
            if let address = info.ai_addr.flatMap({ SocketAddress($0, length: info.ai_addrlen) }) {
                addresses.append(address)
            }
            next = info.ai_next
        }
        return addresses.isEmpty ? .failure(.hostError) : .success(addresses)
    }
}

/// Threads on which look-ups block: one for each that is under way, up to a limit; the others wait for one to end.
final class LookupThreads: Sendable {
    private struct State {
        var running = 0
        var waiting: [Task] = []
    }

    /// Looks a name up and tells of it; or tells of a failure, without looking.
    private typealias Task = @Sendable (_ failure: ConnectFailure?) -> Void

    private let limit: Int
    private let start: @Sendable (_ body: @escaping @Sendable () -> Void) throws(SystemError) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: how many threads there are at once.
    ///   - start: runs a body on a thread of its own.
    init(
        limit: Int,
        start: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) throws(SystemError) -> Void = {
            body throws(SystemError) in try SystemThread(name: "name look-up", body).detach()
        }
    ) {
        self.limit = limit
        self.start = start
    }

    /// Calls `lookup` on a thread of its own.
    /// - Parameter completion: called on that thread; on this one, when the process may have no more threads.
    func run(
        _ lookup: @escaping NameLookup.Function, for name: String,
        completion: @escaping @Sendable (Result<[SocketAddress], ConnectFailure>) -> Void
    ) {
        let task: Task = { failure in completion(failure.map { .failure($0) } ?? lookup(name)) }
        let needsThread = state.withLock { state in
            guard state.running < limit else {
                state.waiting.append(task)
                return false
            }
            state.running += 1
            return true
        }
        guard needsThread else { return }
        do throws(SystemError) {
            try start { [self] in work(task) }
        } catch {
            let failure = ConnectFailure.other(systemErrorText(error.number))
            // Those that have waited for a thread meanwhile, when there is none that comes to them.
            let stranded = state.withLock { state -> [Task] in
                state.running -= 1
                guard state.running == 0 else { return [] }
                defer { state.waiting = [] }
                return state.waiting
            }
            for task in [task] + stranded { task(failure) }
        }
    }

    /// Does a task, then those that have waited.
    private func work(_ first: Task) {
        first(nil)
        while let next = next() { next(nil) }
    }

    private func next() -> Task? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
    }
}
