import Bytes
import LoopTesting
import Polling
import Testing

@testable import ControlCore

/// The same classes on sockets of this machine. No moment is checked: real time is not exact.
@Suite("Connection handlers on live sockets")
struct LiveHandlerTests {
    @Test(
        "A device that hangs up is polled again after a reconnect, and closing leaves nothing", .timeLimit(.minutes(5)))
    func reconnect() async throws {
        let (log, left): ([String], Int) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            var log: [String] = []
            func finish() {
                environment.close { done((log, environment.openTransports + environment.armedDeadlines)) }
            }
            do {
                let server = try EthernetServerInterfaceEx(environment: environment, port: 0, bindAddress: "127.0.0.1")
                var answers = 0
                server.onReceiveData = { client, bytes in
                    answers += 1
                    // The second answer is the last one of the first connection.
                    #expect(throws: Never.self) { try client.send(bytes) }
                    if answers == 2 { client.disconnect() }
                }
                server.startListen(timeout: nil) { outcome in
                    log.append(outcome.text)
                    do {
                        let client = try EthernetClientInterface(
                            environment: environment, hostname: "127.0.0.1", port: server.listeningPort ?? 0)
                        let handler = try RawTcpHandler(
                            interface: client,
                            options: HandlerOptions(
                                pollFrequency: .milliseconds(20), connectRetryTime: .milliseconds(50))
                        ) { handler, finished in
                            handler.sendAndWait(
                                ByteBuffer(string: "Q\r"), timeout: .seconds(5), delimiter: .suffix([13])
                            ) { outcome in
                                log.append(ControlScenario.text(outcome))
                                handler.responseAccepted()
                                finished()
                                guard answers == 3 else { return }
                                handler.close()
                                server.close()
                                environment.execute { environment.execute { finish() } }
                            }
                        }
                        handler.onConnected = { log.append("Connected") }
                        handler.onDisconnected = { log.append("Disconnected") }
                        handler.connect(timeout: .seconds(5)) { log.append("Connect \($0.text)") }
                    } catch {
                        log.append("\(error)")
                        finish()
                    }
                }
            } catch {
                log.append("\(error)")
                finish()
            }
        }
        #expect(
            log == [
                "Listening", "Connected", "Connect Connected", "response 'Q\r'", "response 'Q\r'", "Disconnected",
                "Connected", "response 'Q\r'", "Disconnected",
            ])
        #expect(left == 0)
    }
}
