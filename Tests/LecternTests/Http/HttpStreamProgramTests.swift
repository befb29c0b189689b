import ControlCore
import Lectern
import LuaRuntime
import Testing

/// Responses that a program reads as they come.
@Suite("HTTP streams in programs")
struct HttpStreamProgramTests {
    private static let pushing = """
        routes['/lines'] = function(client)
            client:Send('HTTP/1.1 200 OK\\r\\nContent-Type: text/x\\r\\n\\r\\none\\r\\ntwo')
            Wait(2, function() client:Send('\\nthree\\n\\nrest') client:Disconnect() end)
        end
        routes['/events'] = function(client)
            client:Send('HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n')
            client:Send(': hello\\n\\ndata: a\\ndata: b\\n\\n')
            Wait(3, function() client:Send('event: power\\nid: 7\\ndata: on\\n\\n') client:Disconnect() end)
        end
        routes['/broken'] = function(client)
            client:Send('HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhalf')
            Wait(1, function() client:Disconnect() end)
        end
        routes['/endless'] = function(client)
            client:Send('HTTP/1.1 200 OK\\r\\n\\r\\n')
            Timer(1, function(timer, i)
                if not pcall(client.Send, client, 'tick ' .. i .. '\\n') then timer:Stop() end
            end)
        end

        """

    @Test("Lines come one by one, each as soon as it is there")
    func lines() throws {
        let room = try HttpProgramTests.play(
            """
            local stream = http.stream('http://device/lines')
            print(stream.status, stream.ok, stream.headers['content-type'], stream.url, stream)
            for line in stream:lines() do print('<' .. line .. '>') end
            print('end', stream.failure)
            print(http.stream('http://device/none').status)
            print(pcall(stream.read, stream))
            """, device: Self.pushing)
        #expect(
            room.timeline.map { $0.split(separator: " ", maxSplits: 1)[1] }.dropLast() == [
                "200\ttrue\ttext/x\thttp://device/lines\t<HttpStream 200 OK>", "<one>", "<two>", "<three>", "<>",
                "<rest>",
                "end\tnil", "404",
            ])
        #expect(room.lines.last?.contains("the stream is read by lines already") == true)
        #expect(room.timeline[1].hasPrefix("0."))
        #expect(room.timeline[2].hasPrefix("2."), "\(room.timeline)")
    }

    @Test("Server-sent events come as tables")
    func events() throws {
        let room = try HttpProgramTests.play(
            """
            for e in http.session{}:stream('http://device/events'):events() do print(e.event, e.data:hex(), e.id) end
            print('end')
            """, device: Self.pushing)
        #expect(room.lines == ["message\t610a62\t", "power\t6f6e\t7", "end"])
    }

    @Test("What breaks off says so behind what has come")
    func broken() throws {
        let room = try HttpProgramTests.play(
            """
            local stream = http.stream('http://device/broken')
            print(stream:read(2), stream:read())
            print((select(2, stream:read())))
            print(stream.failure)
            local lines = http.stream('http://device/broken')
            for line in lines:lines() do print(line) end
            print(lines.failure)
            print(http.stream('http://device:81/') == nil)
            """, device: Self.pushing)
        let word = try #require(room.lines.dropFirst().first)
        #expect(word != "nil")
        #expect(room.lines == ["ha\tlf", word, word, "half", word, "true"])
    }

    @Test("A stream ends for its reader when another task closes it, and is closed at the end of its block")
    func closing() throws {
        let room = try HttpProgramTests.play(
            """
            local stream = http.stream('http://device/endless')
            Wait(2.5, function() stream:close() end)
            Wait(0.5, function() print(select(2, pcall(stream.lines(stream)))) end)
            for line in stream:lines() do print(line) end
            print('closed', stream.failure)
            do local other <close> = http.stream('http://device/endless') print(other:read(4)) end
            http.stream('http://device/endless', {silence = 0.5})
            collectgarbage() collectgarbage()
            time.sleep(1)
            print(http.get('http://device/gone').body)
            local quiet = http.stream('http://device/quiet', {silence = 3})
            print(quiet:read())
            print(quiet:read())
            """,
            device: Self.pushing + """
                routes['/gone'] = function(client) reply(client, 200, nil, tostring(gone)) end
                routes['/quiet'] = function(client) client:Send('HTTP/1.1 200 OK\\r\\n\\r\\nx') end
                """)
        #expect(
            room.lines == [
                "room.lua:3: RuntimeError: another task waits for the stream: read it in one task only", "tick 1",
                "tick 2", "closed\tnil", "tick", "3", "x", "nil\tTimedOut",
            ])
    }

    @Test("What a program does not read is bounded, charged to it, and comes when it reads again", .needsMemory)
    func backPressure() throws {
        let stage = Stage()
        try stage.start(
            "device",
            HttpDevice.server + """
                routes['/flood'] = function(client)
                    client:Send('HTTP/1.1 200 OK\\r\\nContent-Length: 4000000\\r\\n\\r\\n')
                    for i = 1, 400 do client:Send(('x'):rep(9999) .. '\\n') end
                    print('sent')
                end
                """)
        let room = try stage.start(
            "room",
            """
            local stream = http.stream('http://device/flood')
            time.sleep(60)
            local count = 0
            for line in stream:lines() do count = count + #line end
            print(count, stream.failure)
            """)
        stage.run(1)
        let before = room.program.runtime.account.heldBytes
        #expect(before > 100_000, "\(before)")
        #expect(before < 600_000, "\(before)")
        stage.run(50)
        #expect(room.program.runtime.account.heldBytes == before)
        stage.run(60)
        #expect(room.lines == ["3999600\tnil"])
        stage.expectNoErrors()
    }

    @Test("A line of more than a mebibyte ends the stream")
    func longLine() throws {
        let room = try HttpProgramTests.play(
            """
            local stream = http.stream('http://device/long')
            print(stream:lines()())
            print(stream.failure, stream:lines()())
            """,
            device: "routes['/long'] = function(client) reply(client, 200, nil, ('x'):rep((1 << 20) + 1)) end")
        #expect(room.lines.first == "nil\tTooLarge\ta line has more than 1048576 bytes")
        #expect(room.lines.last?.hasPrefix("TooLarge\tnil") == true, "\(room.lines)")
    }
}
