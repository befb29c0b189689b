internal import ByteText
internal import ControlCore
internal import Glibc
internal import LuaRuntime

/// An open file of a program. Reading and writing may wait for the disk, as Lua's own `io` does.
final class ProgramFile {
    /// The name as the program gave it.
    let name: String
    private var descriptor: Descriptor?
    private let mode: FileMode
    /// What was read ahead, and how much of it was used.
    private var ahead: [UInt8] = []
    /// Bytes that the file keeps in memory.
    var heldBytes: Int { ahead.capacity }
    private var used = 0

    private static let chunk = 8192

    /// A file that was opened.
    /// - Parameters:
    ///   - name: as the program gave it, for messages.
    ///   - descriptor: opened as `mode` has it.
    init(name: String, descriptor: Descriptor, mode: FileMode) throws(LuaFault) {
        self.name = name
        self.mode = mode
        self.descriptor = descriptor
        // Where the next byte is written is where the file is, also before the first.
        if mode.appends, lseek(descriptor.number, 0, SEEK_END) < 0 { throw fault() }
    }

    /// Whether it is open.
    var isOpen: Bool { descriptor != nil }

    /// Closes the file. Idempotent.
    func close() {
        // Nothing is buffered on the way out, so there is nothing that a failure could lose.
        descriptor = nil
    }

    /// Up to `count` bytes, fewer at the end of the file; `nil`: all that is left.
    /// - Parameter limit: more than so many are refused.
    func read(_ count: Int?, limit: Int) throws(LuaFault) -> [UInt8] {
        let descriptor = try open(mode.canRead, "reading")
        var result: [UInt8] = []
        while result.count < count ?? .max {
            if used == ahead.count, try !fill(descriptor) { break }
            let size = min(ahead.count - used, (count ?? .max) - result.count)
            result += ahead[used..<used + size]
            used += size
            try check(result, limit)
        }
        return result
    }

    /// The next line with its `\n`; empty at the end of the file.
    func readLine(limit: Int) throws(LuaFault) -> [UInt8] {
        let descriptor = try open(mode.canRead, "reading")
        var result: [UInt8] = []
        while true {
            if used == ahead.count, try !fill(descriptor) { return result }
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
        let descriptor = try open(mode.canWrite, "writing")
        try dropAhead(descriptor)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor.number, raw.baseAddress?.advanced(by: written), raw.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw fault() }
            written += count
        }
    }

    /// Writes strings one after the other. None of them is nothing to write, which any open file takes, as Python's
    /// does.
    func writeLines(_ lines: [[UInt8]]) throws(LuaFault) {
        _ = try open(true, "")
        if !lines.isEmpty { try write(Array(lines.joined())) }
    }

    /// Where the next byte is read or written.
    func position() throws(LuaFault) -> Int {
        let descriptor = try open(true, "")
        return Int(lseek(descriptor.number, 0, SEEK_CUR)) - (ahead.count - used)
    }

    /// Moves the position.
    /// - Parameter whence: 0: from the beginning; 1: from the position; 2: from the end.
    /// - Returns: the new position.
    func seek(_ offset: Int, whence: Int) throws(LuaFault) -> Int {
        let descriptor = try open(true, "")
        try dropAhead(descriptor)
        let position = lseek(descriptor.number, offset, CInt(whence))
        guard position >= 0 else { throw fault() }
        return position
    }

    private func fill(_ descriptor: Descriptor) throws(LuaFault) -> Bool {
        var chunk = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            let count = Glibc.read(descriptor.number, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw fault() }
            chunk.removeLast(chunk.count - count)
            ahead = chunk
            used = 0
            return count > 0
        }
    }

    /// Puts the system's position where the program's is.
    private func dropAhead(_ descriptor: Descriptor) throws(LuaFault) {
        let left = ahead.count - used
        ahead = []
        used = 0
        guard left == 0 || lseek(descriptor.number, -left, SEEK_CUR) >= 0 else { throw fault() }
    }

    private func open(_ allowed: Bool, _ use: String) throws(LuaFault) -> Descriptor {
        guard let descriptor else { throw LuaFault(.ioError, "'\(shownName)' is not open") }
        guard allowed else { throw LuaFault(.ioError, "'\(shownName)' is not open for \(use)") }
        return descriptor
    }

    private func check(_ bytes: [UInt8], _ limit: Int) throws(LuaFault) {
        guard limit <= 0 || bytes.count <= limit else {
            throw LuaFault(
                .valueError, "'\(shownName)' has more than the \(limit) bytes that a string may have; read it in parts")
        }
    }

    private func fault() -> LuaFault { LuaFault(.ioError, FileFailure.system().message(name: name)) }

    private var shownName: String { name.showingRawBytes }
}

extension ProgramFile: ClosableResource {
    /// After what may open it again.
    static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
