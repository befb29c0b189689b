import Foundation
import LoopTesting
import Testing

/// Peers that flood a program, and a process without descriptors: in the real world, with real time.
@Suite("Peers that flood, live")
struct PeerShareInterop {
    /// How late a timer may be: machines that run tests are busy. On a quiet one it is some milliseconds; what was
    /// measured is printed.
    private static let lateness = 0.25 * Machine.slowness

    private func program(_ text: String, in folder: String, limit: Int? = nil) throws -> Peer {
        try Project.write(text, to: "\(folder)/main.lua")
        guard let limit else { return try Peer(Project.lectern, ["run", "\(folder)/main.lua"]) }
        return try Peer(
            "/bin/sh", ["-c", "ulimit -n \(limit); exec \"$0\" \"$@\"", Project.lectern, "run", "\(folder)/main.lua"])
    }

    private func python(_ text: String) throws -> Peer {
        try Peer("/usr/bin/env", ["python3", "-u", "-c", text])
    }

    /// Timers of a program, and the latest that one of them was.
    private static let timers = """
        local latest = 0
        for _ = 1, 50 do
            local due = GetSystemUpTime() + 0.05
            Timer(0.05, function()
                local now = GetSystemUpTime()
                if now - due > latest then latest = now - due end
                due = now + 0.05
            end)
        end
        function report(...) print('latest', ('%.4f'):format(latest), ...) end

        """

    private func expectOnTime(_ line: Peer.Line, _ name: String) throws {
        let words = line.text.split(whereSeparator: \.isWhitespace)
        let place = try #require(words.firstIndex(of: "latest"))
        let seconds = try #require(Double(words[place + 1]))
        print("\(name): the latest of 50 timers was \(seconds) s late")
        #expect(seconds < Self.lateness, "\(line.text)")
    }

    @Test("Six million bytes of garbage for a module that tells lengths delay no timer")
    func garbage() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try Project.freePort()
        let device = try python(
            """
            import socket, time
            s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('127.0.0.1', \(port))); s.listen(5); print('ready')
            c, _ = s.accept()
            for i in range(6): c.sendall(b'\\xff' * (1 << 20))
            c.sendall(b'\\0\\2p\\1'); time.sleep(60)
            """)
        try await device.line(containing: "ready")
        let room = try program(
            Self.timers + """
                local M = DeviceModule {name = 'Len', connections = {Ethernet = {port = \(port)}},
                    framing = {length = function(b)
                        if #b < 2 then return nil end
                        local n = string.unpack('>I2', b)
                        if n > 2000 then return false end
                        return n + 2
                    end},
                    commands = {Power = {values = {On = '\\1', Off = '\\0'}, query = '\\0\\1P', reply = '(?s)^..p(.)$'}}}
                local D = M.EthernetClass('127.0.0.1')
                D:SubscribeStatus('Power', nil, function(_, value) report(value) ExitProgram(0) end)
                D:Connect(5)
                """, in: folder)
        try expectOnTime(try await room.line(containing: "On"), "garbage")
        #expect(try await room.exitCode() == 0)
        #expect(room.lines.filter { $0.contains("that begin no message are left out") }.count == 1, "\(room.lines)")
        await device.kill()
    }

    @Test("Peers that flood a server, a UDP server and a TCPInterface delay no timer")
    func floods() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (tcp, udp, socs) = (try Project.freePort(), try Project.freePort(), try Project.freePort())
        let peers = try python(
            """
            import socket, threading, time
            s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('127.0.0.1', \(socs))); s.listen(5); print('ready')
            def pour(c):
                try:
                    while True: c.sendall(b'x' * 65536)
                except OSError: pass
            def serve():
                while True:
                    c, _ = s.accept(); threading.Thread(target=pour, args=(c,), daemon=True).start()
            threading.Thread(target=serve, daemon=True).start()
            def client():
                while True:
                    try: pour(socket.create_connection(('127.0.0.1', \(tcp))))
                    except OSError: time.sleep(.1)
            for i in range(3): threading.Thread(target=client, daemon=True).start()
            u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            end = time.time() + 30
            while time.time() < end:
                try: u.sendto(b'y' * 200, ('127.0.0.1', \(udp)))
                except OSError: time.sleep(.01)
            """)
        try await peers.line(containing: "ready")
        let room = try program(
            Self.timers + """
                local counts = {tcp = 0, udp = 0, socs = 0}
                local server, datagrams = EthernetServerInterfaceEx(\(tcp)), EthernetServerInterfaceEx(\(udp), 'UDP')
                server.ReceiveData = function(_, data) counts.tcp = counts.tcp + #data end
                datagrams.ReceiveData = function(_, data) counts.udp = counts.udp + 1 end
                server:StartListen()
                datagrams:StartListen()
                local device = TCPInterface('127.0.0.1', \(socs), 2)
                Wait(0.1, function()
                    device:send('go')
                    while true do counts.socs = counts.socs + #device:recv(65536) end
                end)
                Wait(5, function()
                    report(counts.tcp > 0, counts.udp > 0, counts.socs)
                    ExitProgram(0)
                end)
                """, in: folder)
        try expectOnTime(try await room.line(containing: "latest"), "floods")
        #expect(try await room.exitCode() == 0)
        await peers.kill()
    }

    @Test("A process without descriptors says so, and blames nobody else")
    func noDescriptors() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try Project.freePort()
        let room = try program(
            """
            local server = EthernetServerInterfaceEx(\(port))
            print(server:StartListen())
            -- Until there are no more.
            local held = {}
            while true do
                local socket = EthernetClientInterface('127.0.0.1', \(port))
                local result = socket:Connect(2)
                if result ~= 'Connected' then print('connect', result) break end
                held[#held + 1] = socket
            end
            print('listen', EthernetServerInterfaceEx(0):StartListen())
            print('name', EthernetClientInterface('localhost', \(port)):Connect(2))
            local secure = EthernetClientInterface('127.0.0.1', \(port))
            print('tls', pcall(function() secure:SSLWrap() return secure:Connect(2) end))
            local datagram = EthernetClientInterface('127.0.0.1', \(port), 'UDP')
            datagram:Send('x')
            Wait(1, function() print('done') ExitProgram(0) end)
            """, in: folder, limit: 48)
        try await room.line(containing: "done")
        #expect(try await room.exitCode() == 0)
        let text = "too many open files (the limit is 48)"
        for word in ["connect", "listen", "name", "tls", "datagrams that are lost"] {
            #expect(room.lines.contains { $0.contains(word) && $0.contains(text) }, "\(word): \(room.lines)")
        }
        #expect(!room.lines.contains { $0.contains("not trusted") }, "\(room.lines)")
    }
}
