import CPolling
import Glibc

/// What a loop waits with.
public enum LoopBackend: String, CaseIterable, Codable, Sendable {
    /// The system tells which descriptors are ready, and each is read and written by a call of its own. Every Linux has
    /// it.
    case epoll
    /// The system receives and sends by itself, and one call a turn asks for all of it. Linux 6.1 and later have it,
    /// unless a container or a setting forbids it.
    case ioUring = "io_uring"

    /// Why this one cannot be had here; nil when it can. Tried anew at each call, which takes half a millisecond.
    public var refusal: LoopRefusal? {
        guard self == .ioUring else { return nil }
        var obstacle = POLLING_RING_REFUSED
        let status = polling_ring_try(&obstacle)
        return status < 0 ? LoopRefusal(obstacle, -status) : nil
    }
}

/// What a configuration says of the loop.
public enum LoopChoice: String, CaseIterable, Sendable {
    /// The one that is chosen of itself: epoll. io_uring takes less time, but has not run for long in the field yet.
    case auto
    /// In any case epoll.
    case epoll
    /// In any case io_uring.
    case ioUring = "io_uring"

    /// What it comes to on this system.
    /// - Throws: why what is demanded cannot be had.
    public func backend() throws(LoopRefusal) -> LoopBackend {
        switch self {
        case .auto, .epoll: return .epoll
        case .ioUring:
            if let refusal = LoopBackend.ioUring.refusal { throw refusal }
            return .ioUring
        }
    }
}

/// Why io_uring cannot be had.
public struct LoopRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// Such as "refused by the system, EPERM".
    public let description: String

    /// - Parameters:
    ///   - obstacle: what was the matter.
    ///   - error: with which error number.
    init(_ obstacle: polling_ring_obstacle, _ error: CInt) {
        description =
            switch obstacle {
            case POLLING_RING_REFUSED: Self.refused(error)
            case POLLING_RING_FEATURE: "the kernel is older than 6.1, \(Self.name(error))"
            case POLLING_RING_OPERATION: "the kernel lacks one of its operations, \(Self.name(error))"
            case POLLING_RING_BUFFERS: "the kernel gives it no buffers, \(Self.name(error))"
            case POLLING_RING_MEMORY: "no memory for it, \(Self.name(error))"
            default: "the kernel does not serve it as it must, \(Self.name(error))"
            }
    }

    private static func refused(_ error: CInt) -> String {
        switch error {
        case ENOSYS: return "the kernel does not have it, ENOSYS"
        case EPERM, EACCES:
            let setting = setting()
            return setting == "0" || setting.isEmpty
                ? "refused by the system, \(name(error)), as many containers and services are set up"
                : "refused by the system, \(name(error)): kernel.io_uring_disabled is \(setting)"
        default: return "refused by the system, \(name(error))"
        }
    }

    /// What the administrator has set; empty when the kernel is too old to know it, or nobody may see it.
    private static func setting() -> String {
        let file = open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var byte: UInt8 = 0
        guard polling_read(file, &byte, 1) == 1 else { return "" }
        return String(UnicodeScalar(byte))
    }

    private static func name(_ error: CInt) -> String {
        switch error {
        case EPERM: "EPERM"
        case EACCES: "EACCES"
        case ENOSYS: "ENOSYS"
        case EINVAL: "EINVAL"
        case ENOMEM: "ENOMEM"
        case EMFILE: "EMFILE"
        case ENFILE: "ENFILE"
        case EOPNOTSUPP: "EOPNOTSUPP"
        default: SystemError(error).description
        }
    }
}
