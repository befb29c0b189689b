import CSSH
import Glibc

/// Starts the threads on which SSH sessions live: one each, as libssh computes for milliseconds in a key exchange.
enum SSHThread {
    /// Enough for libssh with OpenSSL; the default of 8 MiB would be reserved for each session.
    private static let stackSize = 512 * 1024

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own. No signal is delivered to it; a write to a closed socket fails there instead
    /// of raising SIGPIPE.
    /// - Throws: ``ConnectFailure/other(_:)`` when the process may have no more threads.
    static func start(_ body: @escaping @Sendable () -> Void) throws(ConnectFailure) {
        var attributes = pthread_attr_t()
        // These cannot fail with a fresh structure and constants that every system accepts.
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)
        defer { pthread_attr_destroy(&attributes) }
        var all = sigset_t()
        var former = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        let argument = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                cssh_name_thread("ssh")
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw .other(systemErrorText(code))
        }
    }
}
