internal import Glibc
internal import LuaRuntime

/// An open file of a program. Reading and writing may wait for the disk, as Lua's own `io` does.
final class ProgramFile {
    /// The name as the program gave it.
    let name: String
    private var descriptor: CInt
    private let canRead: Bool
    private let canWrite: Bool
    /// What was read ahead, and how much of it was used.
    private var ahead: [UInt8] = []
    private var used = 0

    private static let chunk = 8192

    /// Opens a file.
    /// - Parameters:
    ///   - name: as the program gave it, for messages.
    ///   - path: the real path.
    ///   - mode: as Python's `open` has it: `r`, `w`, `a` or `x`, with `+`, `b` or `t`.
    init(name: String, path: String, mode: String) throws(LuaFault) {
        let letters = Set(mode)
        let isUpdating = letters.contains("+")
        let base = letters.intersection(["r", "w", "a", "x"])
        guard base.count == 1, letters.count == mode.count, letters.isSubset(of: ["r", "w", "a", "x", "+", "b", "t"]),
            !letters.isSuperset(of: ["b", "t"]), let kind = base.first
        else {
            throw LuaFault(
                .valueError, "argument 'mode' of File must be 'r', 'w', 'a' or 'x', with '+', 'b' or 't', got '\(mode)'"
            )
        }
        canRead = kind == "r" || isUpdating
        canWrite = kind != "r" || isUpdating
        var flags = canRead ? (canWrite ? O_RDWR : O_RDONLY) : O_WRONLY
        switch kind {
        case "w": flags |= O_CREAT | O_TRUNC
        case "a": flags |= O_CREAT | O_APPEND
        case "x": flags |= O_CREAT | O_EXCL
        default: break
        }
        self.name = name
        // The path is real but for its last part, if that is not there yet: no link is followed.
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { throw fault() }
    }

    deinit { close() }

    /// Whether it is open.
    var isOpen: Bool { descriptor >= 0 }

    /// Closes the file. Idempotent.
    func close() {
        guard descriptor >= 0 else { return }
        // Nothing is buffered on the way out, so there is nothing that a failure could lose.
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Up to `count` bytes, fewer at the end of the file; `nil`: all that is left.
    /// - Parameter limit: more than so many are refused.
    func read(_ count: Int?, limit: Int) throws(LuaFault) -> [UInt8] {
        try requireOpen(canRead, "reading")
        var result: [UInt8] = []
        while result.count < count ?? .max {
            if used == ahead.count, try !fill() { break }
            let size = min(ahead.count - used, (count ?? .max) - result.count)
            result += ahead[used..<used + size]
            used += size
            try check(result, limit)
        }
        return result
    }

    /// The next line with its `\n`; empty at the end of the file.
    func readLine(limit: Int) throws(LuaFault) -> [UInt8] {
        try requireOpen(canRead, "reading")
        var result: [UInt8] = []
        while true {
            if used == ahead.count, try !fill() { return result }
            if let end = ahead[used...].firstIndex(of: UInt8(ascii: "\n")) {
                result += ahead[used...end]
                used = end + 1
                return result
            }
            result += ahead[used...]
            used = ahead.count
            try check(result, limit)
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8]) throws(LuaFault) {
        try requireOpen(canWrite, "writing")
        try dropAhead()
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress?.advanced(by: written), raw.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw fault() }
            written += count
        }
    }

    /// Where the next byte is read or written.
    func position() throws(LuaFault) -> Int {
        try requireOpen(true, "")
        return Int(lseek(descriptor, 0, SEEK_CUR)) - (ahead.count - used)
    }

    /// Moves the position.
    /// - Parameter whence: 0: from the beginning; 1: from the position; 2: from the end.
    /// - Returns: the new position.
    func seek(_ offset: Int, whence: Int) throws(LuaFault) -> Int {
        try requireOpen(true, "")
        try dropAhead()
        let position = lseek(descriptor, offset, CInt(whence))
        guard position >= 0 else { throw fault() }
        return position
    }

    private func fill() throws(LuaFault) -> Bool {
        var chunk = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw fault() }
            chunk.removeLast(chunk.count - count)
            ahead = chunk
            used = 0
            return count > 0
        }
    }

    /// Puts the system's position where the program's is.
    private func dropAhead() throws(LuaFault) {
        let left = ahead.count - used
        ahead = []
        used = 0
        guard left == 0 || lseek(descriptor, -left, SEEK_CUR) >= 0 else { throw fault() }
    }

    private func requireOpen(_ allowed: Bool, _ use: String) throws(LuaFault) {
        guard isOpen else { throw LuaFault(.ioError, "'\(name)' is not open") }
        guard allowed else { throw LuaFault(.ioError, "'\(name)' is not open for \(use)") }
    }

    private func check(_ bytes: [UInt8], _ limit: Int) throws(LuaFault) {
        guard limit <= 0 || bytes.count <= limit else {
            throw LuaFault(
                .valueError, "'\(name)' has more than the \(limit) bytes that a string may have; read it in parts")
        }
    }

    private func fault() -> LuaFault { LuaFault(.ioError, "'\(name)': \(ProgramFolder.systemError())") }
}
