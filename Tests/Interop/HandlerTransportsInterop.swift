import Foundation
import LoopTesting
import Testing

/// Connection handlers over the transports that need a peer in another process.
@Suite("Connection handlers over TLS and SSH")
struct HandlerTransportsInterop {
    @Test("A handler over TLS loses its server, and has it back within the retry time")
    func tls() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let (first, port) = try await files.server("good")
        let room = try files.program(
            """
            local device = EthernetClientInterface('localhost', \(port))
            device:SSLWrap({ca_certs = 'ca.pem'})
            local function ask(interface)
                if interface:SendAndWait('live\\n', \(3 * Machine.slowness), {deliTag = '\\n'}):strip() == 'evil' then
                    interface:ResponseAccepted()
                    print('answered')
                end
            end
            local handler = GetConnectionHandler(device, ask, {pollFrequency = 0.2, connectRetryTime = 1})
            event(handler, {'Connected', 'Disconnected'}, function(_, state) print('device', state) end)
            handler:Connect(10)
            """)
        try await room.line(containing: "device\tConnected")
        try await room.line(containing: "answered", count: 3)
        await first.kill()
        try await room.line(containing: "device\tDisconnected")
        let answers = room.lines.count { $0.contains("answered") }
        let (second, _) = try await files.server("good", port: port)
        try await room.line(containing: "device\tConnected", count: 2)
        try await room.line(containing: "answered", count: answers + 3)
        room.signal(SIGTERM)
        #expect(try await room.exitCode() == 0)
        #expect(room.lines.count { $0.contains("device\t") } == 3, "\(room.lines.joined(separator: "\n"))")
        await second.kill()
    }

    @Test("A handler over TLS does not take a server whose certificate has changed for the worse")
    func otherCertificate() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let (first, port) = try await files.server("good")
        let room = try files.program(
            """
            local device = EthernetClientInterface('localhost', \(port))
            device:SSLWrap({ca_certs = 'ca.pem'})
            local function ask(interface)
                interface:SendAndWait('live\\n', \(3 * Machine.slowness), {deliTag = '\\n'})
                interface:ResponseAccepted()
            end
            local handler = GetConnectionHandler(device, ask, {pollFrequency = 0.2, connectRetryTime = 0.5})
            event(handler, {'Connected', 'Disconnected'}, function(_, state) print('device', state) end)
            event(handler, 'ConnectFailed', function(_, reason) print('failed', reason) end)
            handler:Connect(10)
            """)
        try await room.line(containing: "device\tConnected")
        await first.kill()
        try await room.line(containing: "device\tDisconnected")
        let (second, _) = try await files.server("self", port: port)
        try await room.line(containing: "failed\tCertificateError", count: 2)
        // What repeats itself is told once.
        #expect(room.lines.count { $0.contains("CertificateError: self-signed") } == 1)
        room.signal(SIGTERM)
        #expect(try await room.exitCode() == 0)
        #expect(room.lines.count { $0.contains("device\tConnected") } == 1)
        await second.kill()
    }

    @Test(
        "A device module over SSH loses its host in the middle of a session, and has it back within the retry time",
        .enabled(if: SSHServerPeer.isPossible, "\(SSHServerPeer.reason)"))
    func ssh() async throws {
        let server = try await SSHServerPeer()
        do {
            try await server.start()
            try Project.write(
                """
                local Module = class('Module', EthernetClientInterface)
                function Module:Update(command)
                    if self:SendAndWait('ask\\n', \(5 * Machine.slowness), {deliTag = '\\n'}):find('ask') then print('answered') end
                end
                function Module:SubscribeStatus() end
                local module = Module('127.0.0.1', \(server.port), 'SSH', {Credentials = {'lectern', 'secret'}})
                local handler = GetConnectionHandler(module, 'Power', {pollFrequency = 0.2, connectRetryTime = 1})
                event(handler, {'Connected', 'Disconnected'}, function(_, state) print('device', state) end)
                print(handler:Connect(30))
                """, to: "\(server.folder)/main.lua")
            let room = try Peer(Project.lectern, ["run", "\(server.folder)/main.lua"])
            try await room.line(containing: "device\tConnected")
            try await room.line(containing: "answered", count: 3)
            await server.kill()
            try await room.line(containing: "device\tDisconnected")
            let answers = room.lines.count { $0.contains("answered") }
            try await server.start()
            try await room.line(containing: "device\tConnected", count: 2)
            try await room.line(containing: "answered", count: answers + 3)
            room.signal(SIGTERM)
            #expect(try await room.exitCode() == 0)
            #expect(room.lines.count { $0.contains("device\t") } == 3, "\(room.lines.joined(separator: "\n"))")
        } catch {
            await server.remove()
            throw error
        }
        await server.remove()
    }
}
