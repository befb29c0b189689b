import Bytes
import ControlCore
import Polling
import Testing

@testable import HttpClient

@Suite("HTTP under a trace")
struct HttpTraceTests {
    private final class Sink: WireSink {
        var text = ""

        func record(_ event: WireEvent) {
            switch event.content {
            case .sent(let piece), .received(let piece): text += String(buffer: piece.bytes)
            default: break
            }
        }
    }

    @Test(arguments: [
        HttpLogin.basic(Credentials(user: "admin", password: "p@ssw0rd")),
        .automatic(Credentials(user: "admin", password: "p@ssw0rd")), .bearer("t0ken-t0ken"),
    ])
    func `No trace shows a password or a token, over TLS neither`(_ login: HttpLogin) throws {
        let scene = try HttpScene()
        let device = scene.server(port: 443, tls: SimulatedCertificate(names: ["device"])) { connection, request in
            if request["Authorization"] == nil {
                connection.answer(status: "401 No", "WWW-Authenticate: Basic realm=\"r\"")
            } else {
                connection.answer("in")
            }
        }
        let sink = Sink()
        let traced = TracedEnvironment(scene.client, sink: sink)
        let session = try HttpSession(environment: traced)
        var body = ""
        let url = try HttpURL("https://device/")
        try session.send(HttpRequest(url: url, login: login)) { result in
            if case .success(let response) = result { body = String(buffer: response.body) }
        }
        scene.world.run(for: .seconds(5))
        #expect(body == "in")
        #expect(device.requests.last?["Authorization"] != nil)
        #expect(sink.text.contains("Authorization"))
        for secret in login.secrets { #expect(!sink.text.contains(String(decoding: secret, as: UTF8.self))) }
    }
}
