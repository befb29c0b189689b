import Polling
import Testing

@testable import ControlCore

/// What every kind of transport promises of its opening.
@Suite("Opening contract")
struct OpeningContractTests {
    @Test("A refused opening is reported once, after the call", arguments: TransportCase.all)
    func refused(_ transport: TransportCase) async throws {
        try await transport.run { [kind = transport.kind] transports, scene in
            var reports: [String] = []
            transports.openNear(to: .refusing, timeout: .seconds(5)) { result in
                guard case .failure(let failure) = result else { return scene.fail("opened to nobody") }
                reports.append(failure.reason)
                scene.client.schedule(after: .milliseconds(20)) {
                    #expect(reports == [kind.refusal])
                    scene.end()
                }
            }
            #expect(reports.isEmpty)
        }
    }

    @Test(
        "An opening that nobody answers times out, in time and once",
        arguments: TransportCase.having(\.isConnection))
    func timesOut(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            let start = scene.client.now
            var reports: [String] = []
            transports.openNear(to: .silent, timeout: .milliseconds(300)) { result in
                guard case .failure(let failure) = result else { return scene.fail("opened to nobody") }
                reports.append(failure.reason)
                #expect(scene.client.now - start >= .milliseconds(300))
                scene.client.schedule(after: .milliseconds(50)) {
                    #expect(reports == ["TimedOut"])
                    scene.whenClientHasNothing {
                        #expect(reports.count == 1)
                        scene.end()
                    }
                }
            }
        }
    }

    @Test(
        "An opening that is called off reports nothing and leaves nothing open, however far it was",
        arguments: TransportCase.having(\.canBeCalledOff))
    func calledOff(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            var isCalledOff = false
            func opening() -> any Cancellable {
                transports.openNear(to: .accepting, timeout: .seconds(5)) { result in
                    guard !isCalledOff else { return scene.fail("a cancelled opening was reported") }
                    // It was faster than the call.
                    if let end = try? result.get() { end.close() }
                }
            }
            func callOff(_ opening: any Cancellable) {
                isCalledOff = true
                opening.cancel()
                opening.cancel()
            }
            func callOffOnes(after delays: ArraySlice<TimeAmount>) {
                guard let delay = delays.first else { return scene.end() }
                isCalledOff = false
                let next = opening()
                scene.client.schedule(after: delay) {
                    callOff(next)
                    scene.client.schedule(after: .milliseconds(50)) {
                        scene.whenClientHasNothing { callOffOnes(after: delays.dropFirst()) }
                    }
                }
            }
            transports.prepare {
                callOff(opening())
                scene.client.schedule(after: .milliseconds(50)) {
                    scene.whenClientHasNothing {
                        // One turn later, the opening itself is under way.
                        callOffOnes(after: [.zero, .milliseconds(2), .milliseconds(10), .milliseconds(40)])
                    }
                }
            }
        }
    }

    @Test(
        "An opening that waits for an answer can be called off, and is when its environment closes",
        arguments: TransportCase.having(\.isConnection))
    func calledOffWaiting(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            func opening() -> any Cancellable {
                transports.openNear(to: .silent, timeout: .milliseconds(200)) { _ in
                    scene.fail("a cancelled opening was reported")
                }
            }
            let first = opening()
            scene.client.schedule(after: .milliseconds(20)) {
                first.cancel()
                _ = opening()
                scene.client.schedule(after: .milliseconds(20)) {
                    scene.closeClient()
                    scene.server.schedule(after: .milliseconds(400)) {
                        scene.whenClientHasNothing { scene.end() }
                    }
                }
            }
        }
    }

    @Test("A closed environment refuses to open anything", arguments: TransportCase.all)
    func closedEnvironment(_ transport: TransportCase) async throws {
        try await transport.run { transports, scene in
            scene.closeClient()
            var reports: [String] = []
            transports.openNear(to: .accepting, timeout: .seconds(5)) { result in
                guard case .failure(let failure) = result else { return scene.fail("opened after the close") }
                reports.append(failure.reason)
                scene.server.schedule(after: .milliseconds(20)) {
                    #expect(reports.count == 1)
                    #expect(reports.first?.hasSuffix("the environment is closed") == true, "\(reports)")
                    scene.end()
                }
            }
            #expect(reports.isEmpty)
        }
    }
}

extension EnvironmentScene {
    /// Calls `body` when the client has nothing open: the thread of an opening may end a moment after its opening.
    fileprivate func whenClientHasNothing(_ body: @escaping () -> Void) {
        guard client.openResources != OpenResources() else { return body() }
        // The client may be closed.
        server.schedule(after: .milliseconds(5)) { [self] in whenClientHasNothing(body) }
    }
}
