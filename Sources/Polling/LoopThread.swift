import CPolling
import Glibc
import Synchronization

/// A thread that runs a ``PollLoop``.
public final class LoopThread: Sendable {
    /// The loop. It runs from the start until ``stop()``.
    public let loop: PollLoop
    private let thread: Mutex<SystemThread?>

    /// Starts a thread with a loop of its own.
    /// - Parameters:
    ///   - name: what tools of the system show, at most 15 bytes.
    ///   - backend: what the loop waits with; see ``LoopChoice/backend()``.
    ///   - onEnd: called on the thread as its last act.
    /// - Throws: when the process has no descriptor left, or may have no more threads, or the system refuses io_uring.
    public init(
        name: String, backend: LoopBackend = .epoll, onEnd: @escaping @Sendable () -> Void = {}
    ) throws(SystemError) {
        let loop = try PollLoop(backend)
        self.loop = loop
        thread = Mutex(
            try SystemThread(name: name) {
                loop.run()
                onEnd()
            })
    }

    /// Lets the thread end when the loop has done what it was asked for before. Does not wait.
    public func stop() { loop.stop() }

    /// Waits until the thread has ended; so does each of several callers. Not from the thread itself.
    public func join() {
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    deinit {
        loop.stop()
        // Nobody waits for it: the system takes it back when it ends.
        thread.withLock { $0 }?.detach()
    }
}

/// A thread of the system that was started here.
public struct SystemThread: Sendable {
    // What `pthread_t` is on Linux.
    private let handle: UInt

    /// Starts a thread that runs `body`. It blocks all signals: those of the process are for its main thread.
    /// - Parameter name: what tools of the system show, at most 15 bytes.
    /// - Throws: when the process may have no more threads.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var thread = pthread_t()
        var blocked = sigset_t()
        var previous = sigset_t()
        sigfillset(&blocked)
        // What the processor raises cannot be blocked in good order.
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF] { sigdelset(&blocked, fault) }
        pthread_sigmask(SIG_BLOCK, &blocked, &previous)
        let error = pthread_create(
            &thread, nil,
            { argument in
                // The pointer is the one that was handed to pthread_create: it is never nil.
                guard let argument else { return nil }
                let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                polling_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        guard error == 0 else {
            start.release()
            throw SystemError(error)
        }
        handle = UInt(thread)
    }

    /// Waits until it has ended, and forgets it. Once, or ``detach()`` instead.
    public func join() { pthread_join(pthread_t(handle), nil) }

    /// Lets the system take it back when it ends.
    public func detach() { pthread_detach(pthread_t(handle)) }
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}
