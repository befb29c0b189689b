internal import ByteText
internal import Glibc
internal import Synchronization

/// A file of the host's that outlives whatever ends the process, in a folder of its own: it is replaced as a whole, and
/// beside it stays the copy from before.
///
/// One process at a time has the folder. Every member may block, and may be called from any thread.
public final class KeptFile: Sendable {
    /// What was found at the beginning.
    public struct Found: Sendable {
        /// The content; nil when there is none yet.
        public var bytes: [UInt8]?
        /// What was wrong, one line each for whoever runs the host.
        public var troubles: [String] = []
    }

    private struct State {
        var folder: Descriptor?
        /// Holds the lock of the folder.
        var lock: Descriptor?
        /// The turn of the content that was written last.
        var turn = 0
    }

    /// The folder.
    public let folder: String
    private let name: String
    private let limit: Int
    private let calls: WholeFile.Calls
    private let state = Mutex(State())

    private var copyName: String { "\(name).last" }
    private static let lockName = "lock"
    private static let linkName = ".lectern-link.tmp"

    /// The file `name` of the folder at a path, which need not be there yet.
    /// - Parameters:
    ///   - folder: the folder's path. All that is in it is the host's.
    ///   - name: the file's name there.
    ///   - limit: how many bytes are read of it at most.
    ///   - calls: how the system is called.
    public init(folder: String, name: String, limit: Int, calls: WholeFile.Calls = WholeFile.Calls()) {
        self.folder = folder
        self.name = name
        self.limit = limit
        self.calls = calls
    }

    /// Takes the folder for this process, and reads the file; or the copy, when something is wrong with the file. What
    /// is damaged gets the ending `.damaged`, and stays until the next such file takes its place.
    /// - Parameter problem: what is wrong with a content; nil: nothing.
    /// - Throws: ``FileFailure`` when another process has the folder, or the files are there and cannot be read.
    public func open(judge problem: ([UInt8]) -> String?) throws(FileFailure) -> Found {
        try withState { (state) throws(FileFailure) in
            var found = Found()
            do throws(FileFailure) {
                try take(&state)
            } catch {
                // What cannot be locked may well be read: a file system that nobody can write to. A write tells of it.
                guard error.code != 0 else { throw error }
            }
            if state.folder == nil {
                let number = folder.withRawCString { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
                guard number >= 0 else {
                    // It is not there, and cannot be made now.
                    if errno == ENOENT { return found }
                    throw .system()
                }
                state.folder = Descriptor(owning: number)
            }
            guard let folder = state.folder else { return found }
            for name in [name, copyName] {
                guard let bytes = try read(name, in: folder) else { continue }
                guard let problem = problem(bytes) else {
                    if name == copyName { found.troubles.append("the copy from before, '\(name)', is used") }
                    found.bytes = bytes
                    return found
                }
                let aside = "\(name).damaged"
                let isAside = name.withRawCString { from in
                    aside.withRawCString { renameat(folder.number, from, folder.number, $0) == 0 }
                }
                let kept = isAside ? "it is kept as '\(aside)'" : "it cannot be renamed: \(systemErrorText(errno))"
                found.troubles.append("\(self.folder.showingRawBytes)/\(name) is damaged: \(problem); \(kept)")
            }
            return found
        }
    }

    /// Replaces the content. When it returns, the new one is on the disk; whatever happens before, the old one is.
    /// - Parameters:
    ///   - bytes: the new content, all of it.
    ///   - turn: which content it is, counted from 1: one that is older than what was written last is left out.
    public func replace(with bytes: [UInt8], turn: Int) throws(FileFailure) {
        try withState { (state) throws(FileFailure) in
            guard turn > state.turn else { return }
            try take(&state)
            guard let folder = state.folder else { return }
            try keepCopy(in: folder)
            try WholeFile(folder: folder, name: name, calls: calls).replace(with: bytes, mode: 0o600)
            state.turn = turn
        }
    }

    /// Lets others have the folder. Nothing is written any more.
    public func close() {
        state.withLock { state in
            state = State(turn: .max)
        }
    }

    // MARK: - Inside

    private func withState<Value>(_ body: (inout State) throws(FileFailure) -> Value) throws(FileFailure) -> Value {
        try state.withLock { (state) -> Result<Value, FileFailure> in
            do throws(FileFailure) { return .success(try body(&state)) } catch { return .failure(error) }
        }.get()
    }

    /// Makes the folder, and locks it. Nothing, when that is done already.
    private func take(_ state: inout State) throws(FileFailure) {
        guard state.lock == nil else { return }
        let folder = try Folder.make(self.folder)
        state.folder = folder
        let number = openat(folder.number, Self.lockName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { throw .system() }
        let lock = Descriptor(owning: number)
        while flock(lock.number, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: throw .refused(inUse(lock))
            // Some file systems have no locks.
            case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL: break
            default: throw .system()
            }
            break
        }
        let process = Array("\(getpid())\n".utf8)
        if ftruncate(lock.number, 0) == 0 { _ = pwrite(lock.number, process, process.count, 0) }
        state.lock = lock
        removeLeftovers(in: folder)
    }

    private func inUse(_ lock: Descriptor) -> String {
        var text = [UInt8](repeating: 0, count: 20)
        let count = max(pread(lock.number, &text, text.count, 0), 0)
        let process = Int(String(decoding: text[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
        return "is in use by another program\(process.map { ", of process \($0)" } ?? "")"
    }

    /// What a process has left that was ended while it wrote.
    private func removeLeftovers(in folder: Descriptor) {
        let number = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0, let stream = fdopendir(number) else {
            if number >= 0 { Glibc.close(number) }
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if WholeFile.isTemporary(name) { unlinkat(folder.number, name, 0) }
        }
    }

    /// The bytes of a file; nil when there is none.
    private func read(_ name: String, in folder: Descriptor) throws(FileFailure) -> [UInt8]? {
        let number = name.withRawCString {
            openat(folder.number, $0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        }
        guard number >= 0 else {
            if errno == ENOENT { return nil }
            throw .system()
        }
        return try BoundedFile.read(Descriptor(owning: number), limit: limit)
    }

    /// Gives the file a second name, which stays when the first one is another file's. A copy is there at every moment.
    private func keepCopy(in folder: Descriptor) throws(FileFailure) {
        unlinkat(folder.number, Self.linkName, 0)
        let linked = name.withRawCString { from in
            Self.linkName.withCString { calls.link(folder.number, from, $0) }
        }
        if linked == 0 {
            let renamed = Self.linkName.withCString { from in
                copyName.withRawCString { calls.rename(folder.number, from, $0) }
            }
            guard renamed == 0 else { throw .system() }
            // Of two names of one file a rename takes none away.
            unlinkat(folder.number, Self.linkName, 0)
            return
        }
        switch errno {
        case ENOENT: return  // there is no file yet
        // Some file systems have no second names.
        case EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EINVAL: break
        default: throw .system()
        }
        guard let bytes = try read(name, in: folder) else { return }
        try WholeFile(folder: folder, name: copyName, calls: calls).replace(with: bytes, mode: 0o600)
    }
}
