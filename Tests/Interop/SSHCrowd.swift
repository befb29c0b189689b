import Bytes
import ControlCore
import LoopTesting
import Polling

/// 50 sessions on one loop, and how late that loop is meanwhile.
final class SSHCrowd {
    struct Tally: Sendable {
        var connected = 0
        var answers = 0
        var problems: [String] = []
        var medianLag = TimeAmount.zero
        var largestLag = TimeAmount.zero
        var slowestTrip = TimeAmount.zero
        var slowestConnect = TimeAmount.zero
    }

    private let environment: LiveEnvironment
    private let port: Int
    private let settings: SSHSettings
    private let done: (Tally) -> Void
    private var tally = Tally()
    private var clients: [EthernetClientInterface] = []
    private var unfinished = 50
    private var lags: [TimeAmount] = []

    init(environment: LiveEnvironment, port: Int, settings: SSHSettings, done: @escaping (Tally) -> Void) {
        self.environment = environment
        self.port = port
        self.settings = settings
        self.done = done
    }

    func begin() {
        measure()
        let start = environment.now
        do throws(ParameterError) {
            for number in 0..<50 {
                let client = try EthernetClientInterface(
                    environment: environment, hostname: "127.0.0.1", port: port, protocol: .ssh,
                    credentials: Credentials(user: "lectern", password: "secret"), ssh: settings)
                clients.append(client)
                client.connect(timeout: .seconds(120).here) { [self] outcome in
                    guard outcome == .connected else {
                        return finish("\(number): \(outcome.text) \(outcome.detail ?? "")")
                    }
                    tally.connected += 1
                    tally.slowestConnect = environment.now - start
                    client.awaitEcho { [self] isReady in
                        if isReady { ask(client, number, left: 100) } else { finish("\(number): no echo") }
                    }
                }
            }
        } catch {
            tally.problems.append("\(error)")
            done(tally)
        }
    }

    private func ask(_ client: EthernetClientInterface, _ number: Int, left: Int) {
        guard left > 0 else {
            client.disconnect()
            return finish(nil)
        }
        let start = environment.now
        let question = ByteBuffer(string: "session \(number) asks \(left)\r")
        let end = ResponseDelimiter.suffix(ByteBuffer(string: "\r"))
        client.sendAndWait(question, timeout: .seconds(30).here, delimiter: end) { [self] in
            guard case .response(question) = $0 else { return finish("\(number): \($0)") }
            tally.answers += 1
            tally.slowestTrip = max(tally.slowestTrip, environment.now - start)
            ask(client, number, left: left - 1)
        }
    }

    private func finish(_ problem: String?) {
        if let problem { tally.problems.append(problem) }
        unfinished -= 1
        guard unfinished == 0 else { return }
        lags.sort()
        tally.medianLag = lags[lags.count / 2]
        tally.largestLag = lags[lags.count - 1]
        done(tally)
    }

    private func measure() {
        let due = environment.now + .milliseconds(5)
        environment.schedule(at: due) { [self] in
            lags.append(environment.now - due)
            if unfinished > 0 { measure() }
        }
    }
}
