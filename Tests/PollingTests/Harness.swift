import Bytes
import CPolling
import Dispatch
import Glibc
import Polling
import Testing

/// A loop on a thread of its own, driven from the test's thread. What hangs fails after a minute.
final class Scene: @unchecked Sendable {
    // Unchecked: all but the loop is touched on the loop only.
    let loop: PollLoop
    let queue = DeadlineQueue()
    private let thread: LoopThread
    private var sources: [PollSource] = []

    private init(_ backend: LoopBackend) throws {
        thread = try LoopThread(name: "test loop", backend: backend)
        loop = thread.loop
        try on { [self] in loop.serve(queue) }
    }

    /// Runs `test` with a new loop, closes what it has left open and ends the loop.
    static func run(_ backend: LoopBackend = .epoll, _ test: (Scene) throws -> Void) throws {
        let scene = try Scene(backend)
        defer {
            scene.thread.stop()
            scene.thread.join()
        }
        try test(scene)
        let left = try scene.on {
            for source in scene.sources { source.close() }
            scene.sources = []
            return scene.loop.openSources
        }
        #expect(left == 0)
    }

    /// Runs `body` on the loop and waits for its result.
    func on<R>(_ body: @escaping () throws -> R) throws -> R {
        var result: Result<R, any Error>?
        try play { done in
            result = Result(catching: body)
            done()
        }
        return try #require(result).get()
    }

    /// Runs `body` on the loop and waits until `done` is called. Nothing wakes the loop meanwhile.
    func play(_ body: @escaping (_ done: @escaping () -> Void) -> Void) throws {
        let semaphore = DispatchSemaphore(value: 0)
        let carried = Carried(value: body)
        guard loop.submit({ carried.value { semaphore.signal() } }) else { throw NotTaken() }
        guard semaphore.wait(timeout: .now() + 60) == .success else { throw TooLong() }
    }

    /// Waits until `condition` holds on the loop.
    func wait(until condition: @escaping () -> Bool) throws {
        try play { [queue] done in
            func look() {
                if condition() { done() } else { queue.arm(at: .now() + .milliseconds(1), look) }
            }
            look()
        }
    }

    /// Expects `condition` to hold on the loop now.
    func expect(_ condition: @escaping () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let holds = try on(condition)
        #expect(holds, sourceLocation: sourceLocation)
    }

    /// Lets the loop go through some turns, in each of which it asks for what is ready.
    func passTurns() throws {
        for _ in 0..<4 { try on {} }
    }

    /// Makes a stream of `descriptor` that reads; on the loop. It is closed at the end of the test.
    func stream(
        _ descriptor: CInt, _ handler: Recorder, kind: StreamSource.Kind = .socket, reads: Bool = true
    ) -> StreamSource {
        let source = StreamSource(loop: loop, descriptor: descriptor, kind: kind, handler: handler)
        handler.source = source
        if reads { source.setReading(true) }
        return keep(source)
    }

    /// Closes `source` at the end of the test.
    func keep<Source: PollSource>(_ source: Source) -> Source {
        sources.append(source)
        return source
    }
}

/// What did not come within a minute.
struct TooLong: Error {}

/// The loop has ended before the test.
struct NotTaken: Error {}

/// What is carried to another thread, by one who waits for that.
struct Carried<Value>: @unchecked Sendable {
    let value: Value
}

/// Notes what a stream tells.
final class Recorder: StreamSourceHandler {
    weak var source: StreamSource?
    var bytes: [UInt8] = []
    var sizes: [Int] = []
    var sends = 0
    var ends: [SystemError?] = []
    var onReceive: (() -> Void)?
    var onSend: (() -> Void)?
    var onEnd: (() -> Void)?

    func streamDidReceive(_ bytes: RawSpan) {
        sizes.append(bytes.byteCount)
        bytes.withUnsafeBytes { self.bytes.append(contentsOf: $0) }
        onReceive?()
    }

    func streamDidEnd(_ error: SystemError?) {
        ends.append(error)
        onEnd?()
    }

    func streamDidSend() {
        sends += 1
        onSend?()
    }
}

extension StreamSource {
    func send(_ text: String) { send(ByteBuffer(string: text)) }
}

/// Bytes in which a piece that is missing or doubled shows, and their comparison at the speed of memory.
enum Pattern {
    private static let period = 65521
    private static let bytes = (0..<period + 65536).map {
        UInt8(truncatingIfNeeded: ($0 % period) &* 2_654_435_761 >> 7)
    }

    static func piece(at position: Int, _ count: Int) -> ArraySlice<UInt8> {
        bytes[position % period..<position % period + count]
    }

    /// - Parameter bytes: at most 64 KiB.
    static func matches(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Bool {
        piece(at: position, bytes.count).withUnsafeBytes { expected in
            guard let one = expected.baseAddress, let other = bytes.baseAddress else { return true }
            return memcmp(one, other, bytes.count) == 0
        }
    }
}

/// The other end of a connection, which waits in its calls, for a minute at most.
struct Peer {
    let descriptor: CInt

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { polling_write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            done += count
        }
    }

    /// Reads once: the bytes, none at the end; or the error number.
    func read(_ limit: Int = 65536) -> Result<[UInt8], SystemError> {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = polling_read(descriptor, &bytes, limit)
        return count < 0 ? .failure(SystemError(CInt(-count))) : .success(Array(bytes.prefix(count)))
    }

    /// Reads until the end, or until there are `limit` bytes.
    func readAll(_ limit: Int = .max) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < limit {
            let piece = try read(min(65536, limit - all.count)).get()
            guard !piece.isEmpty else { break }
            all += piece
        }
        return all
    }

    func close() { Glibc.close(descriptor) }

    func reset() {
        _ = polling_set_reset_on_close(descriptor)
        close()
    }
}

/// Two ends of a Unix stream: one for a source, and one for a test.
func socketPair() throws -> (near: CInt, far: Peer) {
    var ends: [CInt] = [0, 0]
    try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
    return (ends[0], Peer(ends[1]))
}

/// A socket that listens on a free port of the loopback interface.
func listeningSocket(backlog: CInt = 16) throws -> (descriptor: CInt, address: SocketAddress) {
    let descriptor = polling_stream_socket(AF_INET)
    try #require(descriptor >= 0)
    try loopback.withSocketAddress { try #require(bind(descriptor, $0, $1) == 0) }
    if backlog >= 0 { try #require(listen(descriptor, backlog) == 0) }
    return (descriptor, try #require(SocketAddress(localOf: descriptor)))
}

/// Two ends of a TCP connection.
func tcpPair() throws -> (near: CInt, far: Peer) {
    let (listener, address) = try listeningSocket()
    defer { close(listener) }
    let far = Peer(try connected(to: address))
    var storage = sockaddr_storage()
    var length = socklen_t()
    let near = polling_accept(listener, &storage, &length)
    try #require(near >= 0)
    return (near, far)
}

/// A socket that is connected to `address`.
func connected(to address: SocketAddress) throws -> CInt {
    let peer = Peer(polling_stream_socket(address.family))
    try address.withSocketAddress { try #require(connect(peer.descriptor, $0, $1) == 0) }
    return peer.descriptor
}

/// Any free port of the loopback interface.
var loopback: SocketAddress { get throws { try SocketAddress(ipAddress: "127.0.0.1", port: 0) } }

/// Sends a pattern as its stream takes it, and compares what arrives with it.
final class LargeExchange: StreamSourceHandler {
    /// It sends until so much is queued, and goes on when less is.
    static let high = 1_000_000

    let total: Int
    var source: StreamSource?
    private(set) var sent = 0
    private(set) var received = 0
    private(set) var largest = 0
    private(set) var isWhole = true

    init(total: Int) { self.total = total }

    func streamDidReceive(_ bytes: RawSpan) {
        largest = max(largest, bytes.byteCount)
        isWhole = isWhole && bytes.withUnsafeBytes { Pattern.matches($0, at: received) }
        received += bytes.byteCount
    }

    func streamDidSend() {
        while let source, sent < total, source.queuedBytes < Self.high {
            let piece = ByteBuffer(bytes: Pattern.piece(at: sent, min(50_000, total - sent)))
            source.send(piece)
            sent += piece.readableBytes
        }
    }

    func streamDidEnd(_ error: SystemError?) { source = nil }
}
