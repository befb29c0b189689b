public import Polling

/// Asks a host for echoes, one after the other, as `Ping` does.
public final class PingCall: Cancellable {
    /// How long each request waits for its answer.
    public static let answerTimeout = TimeAmount.seconds(1)
    /// How long the look-up of the name may take.
    public static let lookUpTimeout = TimeAmount.seconds(10)

    /// What came of it.
    public struct Outcome: Equatable, Sendable {
        /// How many requests were answered.
        public var successes = 0
        /// How many were not.
        public var failures = 0
        /// How long the answered ones took, together.
        public var totalTime = TimeAmount.zero

        /// How long an answer took, in milliseconds; 0 when there was none.
        public var averageMilliseconds: Double {
            successes == 0 ? 0 : Double(totalTime.nanoseconds) / 1e6 / Double(successes)
        }
    }

    private let environment: any Environment
    private let count: Int
    private var outcome = Outcome()
    private var addresses: ArraySlice<SocketAddress> = []
    private var completion: ((Result<Outcome, IOFault>) -> Void)?
    private var pending: (any Cancellable)?

    /// Begins.
    /// - Parameters:
    ///   - host: a name or an IP literal. All requests of a name that is not resolved have failed.
    ///   - count: how many requests; at least 1. Each is sent when the one before is answered or has failed.
    ///   - environment: the world from which the requests go.
    ///   - completion: called once on a later turn of the loop, unless cancelled; with an ``IOFault`` when the system
    ///     does not let this process send echo requests.
    /// - Returns: gives up.
    @discardableResult
    public static func begin(
        _ host: String, count: Int, in environment: any Environment,
        completion: @escaping (Result<Outcome, IOFault>) -> Void
    ) -> any Cancellable {
        let call = PingCall(environment, count: count, completion)
        call.pending = environment.resolve(host, timeout: lookUpTimeout) { result in
            switch result {
            case .success(let addresses):
                call.addresses = addresses[...]
                call.sendNext()
            case .failure(.other(let text)):
                call.finish(.failure(IOFault("\(host) cannot be looked up: \(text)")))
            case .failure:
                call.outcome.failures = count
                call.finish(.success(call.outcome))
            }
        }
        return call
    }

    private init(
        _ environment: any Environment, count: Int, _ completion: @escaping (Result<Outcome, IOFault>) -> Void
    ) {
        self.environment = environment
        self.count = count
        self.completion = completion
    }

    /// Gives up; nothing is reported. Idempotent.
    public func cancel() {
        completion = nil
        pending?.cancel()
        pending = nil
    }

    private func sendNext() {
        guard outcome.successes + outcome.failures < count, let address = addresses.first else {
            finish(.success(outcome))
            return
        }
        pending = environment.echo(address, timeout: Self.answerTimeout) { [self] result in
            switch result {
            case .success(let time):
                outcome.successes += 1
                outcome.totalTime = outcome.totalTime + time
                sendNext()
            case .failure(.notPermitted):
                finish(.failure(Self.notPermitted))
            case .failure(.noDescriptor(let text)):
                finish(.failure(IOFault("no echo request can be sent: \(text)")))
            case .failure(.unreachable) where outcome == Outcome() && addresses.count > 1:
                // As a machine without IPv6 finds of the first of two addresses.
                addresses.removeFirst()
                sendNext()
            case .failure(.unreachable), .failure(.other):
                outcome.failures += 1
                // The system refused at once. Another request at once would only hear the same.
                pending = environment.schedule(after: Self.answerTimeout) { [self] in sendNext() }
            case .failure(.timedOut):
                outcome.failures += 1
                sendNext()
            }
        }
    }

    private func finish(_ result: Result<Outcome, IOFault>) {
        let completion = completion
        self.completion = nil
        pending = nil
        completion?(result)
    }

    private static let notPermitted = IOFault(
        "the system does not let this process send echo requests: its group must be in net.ipv4.ping_group_range, "
            + "for instance by sysctl -w net.ipv4.ping_group_range='0 2147483647'")
}
