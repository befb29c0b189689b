internal import LuaRuntime
internal import Polling

/// The versions that are in use.
public enum LecternVersion {
    /// The version of Lectern.
    public static let current = "0.1.0"

    /// The release of the Lua library, such as "Lua 5.4.4".
    public static var lua: String { LuaRuntime.luaRelease }

    /// What the loop of a program waits with here unless its configuration says something else, and why not with
    /// io_uring, such as "epoll (io_uring: the kernel does not have it, ENOSYS)". Tries it, which takes half a
    /// millisecond.
    public static var loop: String {
        let refusal = LoopBackend.ioUring.refusal
        // What is chosen of itself can always be had.
        let chosen = (try? LoopChoice.auto.backend()) ?? .epoll
        guard chosen == .epoll else { return chosen.rawValue }
        return "epoll (io_uring: \(refusal?.description ?? "can be had, by 'loop: io_uring' in lectern.yaml"))"
    }
}
