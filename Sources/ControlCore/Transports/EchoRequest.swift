import Bytes
import Glibc
import Polling

/// One ICMP echo request and the wait for its answer.
///
/// It goes through a socket of the kind that needs no privilege: the system puts the socket's identifier into the
/// request, computes the checksum, and delivers only answers to that identifier.
final class EchoRequest: DatagramSourceHandler, Cancellable, LiveResource {
    let kind = LiveResourceKind.attempt
    private var environment: LiveEnvironment?
    private let address: SocketAddress
    /// What makes the answer this request's.
    private let nonce: UInt64
    private var completion: ((Result<TimeAmount, EchoFailure>) -> Void)?
    private var source: DatagramSource?
    private var sentAt = Deadline.now()
    private var timer: (any Cancellable)?

    /// The types of a request and of its answer.
    private var types: (request: UInt8, answer: UInt8) { address.family == AF_INET6 ? (128, 129) : (8, 0) }
    /// Type, code, checksum, identifier and sequence number.
    private static let headerLength = 8

    init(
        environment: LiveEnvironment, address: SocketAddress,
        completion: @escaping (Result<TimeAmount, EchoFailure>) -> Void
    ) {
        self.environment = environment
        self.address = address
        self.completion = completion
        nonce = environment.nextRandom()
    }

    /// Sends it. Called on a turn of its own.
    func begin(timeout: TimeAmount) {
        guard let environment else { return }
        timer = environment.schedule(after: timeout) { [self] in finish(.failure(.timedOut)) }
        do throws(SystemError) {
            let source = try DatagramSource(
                loop: environment.loop, kind: .echo, local: nil, peer: address, handler: self)
            self.source = source
            source.setReading(true)
            var request = ByteBuffer()
            request.writeInteger(types.request)
            request.writeRepeatingByte(0, count: Self.headerLength - 1)
            request.writeInteger(nonce)
            sentAt = environment.now
            let error = request.withBytes { source.send($0, to: nil) }
            if error != 0 { throw SystemError(error) }
        } catch {
            finish(.failure(Self.failure(error.number)))
        }
    }

    /// Gives up; nothing is reported. Idempotent.
    func cancel() {
        completion = nil
        timer?.cancel()
        timer = nil
        source?.close()
        source = nil
        environment?.closed(self)
        environment = nil
    }

    func close() { cancel() }

    private func finish(_ result: Result<TimeAmount, EchoFailure>) {
        guard let completion else { return }
        cancel()
        completion(result)
    }

    private static func failure(_ code: CInt) -> EchoFailure {
        if let trouble = DescriptorTrouble(errorNumber: code) { return .noDescriptor(trouble.text) }
        switch code {
        case EACCES, EPERM: return .notPermitted
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ECONNREFUSED, EADDRNOTAVAIL, EAFNOSUPPORT:
            return .unreachable
        default: return .other(systemErrorText(code))
        }
    }

    // MARK: DatagramSourceHandler

    func datagramDidArrive(_ bytes: RawSpan, from sender: SocketAddress) {
        guard let environment else { return }
        let now = environment.now
        var answer = ByteBuffer(copying: bytes)
        guard answer.readInteger(as: UInt8.self) == types.answer,
            answer.readSlice(length: Self.headerLength - 1) != nil,
            answer.readInteger(as: UInt64.self) == nonce
        else { return }
        finish(.success(now - sentAt))
    }

    func datagramsDidFail(_ error: SystemError) {
        finish(.failure(Self.failure(error.number)))
    }

    func datagramsCanSend() {}
}
