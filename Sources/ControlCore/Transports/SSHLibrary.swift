import CSSH
import Glibc

/// libssh, which is loaded with the first session: few programs have one, and loading it would take a seventh of the
/// time of a start.
enum SSHLibrary {
    private static let loaded: Result<cssh_functions, ConnectFailure> = {
        var functions = cssh_functions()
        guard !cssh_load(&functions) else { return .success(functions) }
        return .failure(.other(dlerror().map { String(cString: $0) } ?? "libssh cannot be loaded"))
    }()

    /// The functions of libssh. The first call loads it, for some milliseconds, so it belongs on a session's thread.
    /// - Throws: ``ConnectFailure/other(_:)`` when it is not installed.
    static func functions() throws(ConnectFailure) -> cssh_functions { try loaded.get() }
}
