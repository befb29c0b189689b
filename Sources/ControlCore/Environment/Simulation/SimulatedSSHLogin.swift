import Polling

/// A simulated client's way in: opens the connection, checks the host's key, offers keys and the password.
final class SimulatedSSHLogin: Cancellable {
    typealias Outcome = Result<any StreamTransport, ConnectFailure>

    private let environment: SimulatedEnvironment
    private let name: String
    private let port: Int
    private let login: SSHLogin
    private let deadline: Deadline?
    private var completion: ((Outcome) -> Void)?
    private var opening: (any Cancellable)?
    private var timer: (any Cancellable)?
    private var stream: SimulatedSSHStream?
    private var ways: ArraySlice<SimulatedSSHWay>
    private var tried: [String] = []

    init(
        environment: SimulatedEnvironment, host: String, port: Int, login: SSHLogin, timeout: TimeAmount?,
        completion: @escaping (Outcome) -> Void
    ) {
        self.environment = environment
        name = host
        self.port = port
        self.login = login
        deadline = timeout.map { environment.now + $0 }
        self.completion = completion
        ways = (login.settings.keyFiles.map { .key($0) } + [.password(login.credentials.password)])[...]
    }

    func begin() {
        let timeout = deadline.map { $0 - environment.now }
        opening = environment.connectTCP(host: name, port: port, timeout: timeout) { [self] result in
            opening = nil
            switch result {
            case .success(let carrier): greet(carrier)
            case .failure(let failure): finish(.failure(failure))
            }
        }
    }

    func cancel() {
        completion = nil
        opening?.cancel()
        opening = nil
        timer?.cancel()
        timer = nil
        stream?.close()
        stream = nil
    }

    private func finish(_ outcome: Outcome) {
        let completion = completion
        if case .success = outcome { stream = nil }
        cancel()
        completion?(outcome)
    }

    private func greet(_ carrier: any StreamTransport) {
        let stream = SimulatedSSHStream(over: carrier) { [environment] in environment.execute($0) }
        self.stream = stream
        let limit = deadline ?? environment.now + SSHWorker.loginTimeout
        timer = environment.schedule(at: limit) { [self] in finish(.failure(.timedOut)) }
        stream.beginLogin { [self] line in
            take(line, from: stream)
        } onLost: { [self] reason in
            let detail = if case .failed(let text) = reason { text } else { "the host closed the connection" }
            finish(.failure(.handshakeFailed(detail: detail)))
        }
    }

    private func take(_ line: String, from stream: SimulatedSSHStream) {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        switch words.first {
        case SimulatedSSHGate.greeting where words.count == 2:
            if let failure = check(words[1]) { return finish(.failure(failure)) }
            offer(to: stream)
        case SimulatedSSHGate.acceptance:
            stream.endLogin()
            finish(.success(stream))
        case SimulatedSSHGate.refusal:
            offer(to: stream)
        default:
            finish(.failure(.handshakeFailed(detail: "the host speaks no SSH")))
        }
    }

    private func check(_ key: String) -> ConnectFailure? {
        let settings = login.settings
        let host = ConnectFailure.knownHostName(name, port: port)
        switch environment.knownHosts[settings.knownHosts, default: [:]][host] {
        case key:
            return nil
        case nil where settings.hostKeyPolicy == .acceptNew:
            environment.knownHosts[settings.knownHosts, default: [:]][host] = key
            return nil
        case nil:
            return .hostKeyUnknown(of: host, key: key, knownHosts: settings.knownHosts)
        default:
            return .hostKeyChanged(of: host, to: key, knownHosts: settings.knownHosts)
        }
    }

    private func offer(to stream: SimulatedSSHStream) {
        guard let way = ways.popFirst() else {
            finish(.failure(login.refusal(tried: tried)))
            return
        }
        tried.append(way.text)
        stream.send(line: environment.world.network.offer(way, of: login.credentials.user))
    }
}
