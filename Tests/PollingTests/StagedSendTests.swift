import Bytes
import Glibc
import LoopTesting
import Testing

@testable import Polling

/// With a ring short messages are sent at the end of a turn. Nobody is to notice.
@Suite("Sends at the end of a turn", .timeLimit(.minutes(5)))
struct StagedSendTests {
    @Test("What is sent before a close, a reset or the end of the output arrives", arguments: LoopBackend.tested, 0..<3)
    func beforeTheEnd(_ backend: LoopBackend, ending: Int) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            try scene.on {
                let source = scene.stream(near, Recorder())
                source.send("one")
                source.send("two")
                switch ending {
                case 0: source.close()
                case 1: source.reset()
                default: source.finishOutput()
                }
            }
            #expect(try far.readAll(6) == Array("onetwo".utf8))
            #expect(far.read() == (ending == 1 ? .failure(SystemError(ECONNRESET)) : .success([])))
            far.close()
        }
    }

    @Test("Messages to several peers, in turn, keep the order of each", arguments: LoopBackend.tested)
    func interleaved(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let pairs = try (0..<3).map { _ in try socketPair() }
            var expected: [UInt8] = []
            for number in 0..<200 { expected += Pattern.piece(at: number * 100, number % 90 + 1) }
            try scene.on {
                let sources = pairs.map { scene.stream($0.near, Recorder()) }
                for number in 0..<200 {
                    for source in sources {
                        let piece = ByteBuffer(bytes: Pattern.piece(at: number * 100, number % 90 + 1))
                        if number % 2 == 0 { source.send(piece) } else { piece.withBytes { source.send($0) } }
                    }
                }
            }
            for pair in pairs {
                #expect(try pair.far.readAll(expected.count) == expected)
                pair.far.close()
            }
        }
    }

    @Test("Many peers get more in one turn than the ring stages", arguments: LoopBackend.tested)
    func muchInOneTurn(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let pairs = try (0..<60).map { _ in try socketPair() }
            let expected = Array(Pattern.piece(at: 0, 15_000))
            try scene.on {
                for pair in pairs {
                    let source = scene.stream(pair.near, Recorder())
                    source.send(ByteBuffer(bytes: expected.prefix(9_000)))
                    source.send(ByteBuffer(bytes: expected.dropFirst(9_000)))
                }
            }
            for pair in pairs {
                #expect(try pair.far.readAll(15_000) == expected)
                pair.far.close()
            }
        }
    }

    @Test("Short messages without end queue when the peer reads nothing, and all arrive", arguments: LoopBackend.tested)
    func withoutRoom(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let source = try scene.on { scene.stream(near, Recorder()) }
            var sent = 0
            while try scene.on({ source.queuedBytes < 100_000 }) {
                try scene.on {
                    for _ in 0..<50 {
                        source.send(ByteBuffer(bytes: Pattern.piece(at: sent, 700)))
                        sent += 700
                    }
                }
            }
            var position = 0
            while position < sent {
                let piece = try far.read().get()
                guard !piece.isEmpty, piece.withUnsafeBytes({ Pattern.matches($0, at: position) }) else { break }
                position += piece.count
            }
            #expect(position == sent)
            try scene.wait { source.queuedBytes == 0 }
            far.close()
        }
    }

    @Test(
        "A failure is told behind what still can be read, and nothing is sent after it", arguments: LoopBackend.tested)
    func failure(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                far.write("last")
                far.close()
                source.send("lost")
                recorder.onReceive = { source.send("lost, too") }
            }
            try scene.wait { !recorder.ends.isEmpty }
            try scene.passTurns()
            try scene.expect { recorder.bytes == Array("last".utf8) && recorder.ends.count == 1 }
        }
    }

    @Test("What is sent in the last turn of a loop, or behind it, arrives", arguments: LoopBackend.tested)
    func lastTurn(_ backend: LoopBackend) throws {
        let (near, far) = try socketPair()
        let loop = try PollLoop(backend)
        let kept = Carried(value: Kept())
        loop.submit {
            let source = StreamSource(loop: loop, descriptor: near, kind: .socket, handler: Recorder())
            kept.value.source = source
            source.send("one")
            loop.stop()
            loop.execute { loop.execute { loop.execute { source.send("two") } } }
        }
        loop.run()
        kept.value.source?.send("three")
        kept.value.source?.close()
        #expect(try far.readAll() == Array("onetwothree".utf8))
        far.close()
    }
}

private final class Kept {
    var source: StreamSource?
}
