internal import ByteText
public import Glibc

/// An open file or folder, which is closed with the last reference to it.
public final class Descriptor: Sendable {
    /// The system's number.
    public let number: CInt

    /// Owns `number`.
    public init(owning number: CInt) { self.number = number }

    deinit { close(number) }
}

/// What tells one file or folder from all others, whatever names it has.
public struct FileIdentity: Hashable, Sendable {
    private let device: dev_t
    private let number: ino_t

    /// That of what the system told of.
    public init(_ status: stat) {
        device = status.st_dev
        number = status.st_ino
    }

    /// That of what is at `path`, links followed; nil when nothing is.
    public init?(path: String) {
        var status = stat()
        guard path.withRawCString({ stat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }
}

/// Why a file cannot be read, written, or had at all.
public struct FileFailure: Error, Equatable, Sendable {
    /// The system's number of the error; 0 when it is the host that does not allow it.
    public let code: CInt
    /// What is wrong, without the file's name.
    public let problem: String

    /// A failure of the system's call that came last.
    public static func system(_ code: CInt = errno) -> FileFailure {
        FileFailure(code: code, problem: systemErrorText(code))
    }

    /// What the host does not allow. `problem` stands after the file's name: `is no regular file`.
    public static func refused(_ problem: String) -> FileFailure { FileFailure(code: 0, problem: problem) }

    /// One line about the file at `path`, for whoever runs the host.
    public func message(path: String) -> String { "\(Self.shown(path)): \(problem)" }

    /// One line about the file that a program calls `name`.
    public func message(name: String) -> String {
        "'\(Self.shown(name))'\(code == 0 ? "" : ":") \(problem)"
    }

    /// A name that no file can have is not shown whole.
    private static func shown(_ name: String) -> String {
        guard name.utf8.count >= Int(PATH_MAX) else { return name.showingRawBytes }
        return String(name.prefix(100)).showingRawBytes + "…"
    }
}
