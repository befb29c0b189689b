import Bytes
import Glibc
import LoopTesting
import Testing

@testable import Polling

@Suite("Streams", .timeLimit(.minutes(5)))
struct StreamTests {
    @Test("What arrives is told, and what is sent arrives", arguments: LoopBackend.tested)
    func echo(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                recorder.onReceive = { source.send(ByteBuffer(bytes: recorder.bytes.suffix(recorder.sizes.last ?? 0))) }
            }
            for text in ["one", "two", "three"] {
                far.write(text)
                #expect(try far.readAll(text.utf8.count) == Array(text.utf8))
            }
            far.close()
            try scene.wait { recorder.ends == [nil] }
            #expect(try scene.on { recorder.sends } == 0)
        }
    }

    @Test("50 MB go both ways whole, past a reader that begins late", arguments: LoopBackend.tested, [true, false])
    func large(_ backend: LoopBackend, overTCP: Bool) throws {
        let total = 50_000_000
        try Scene.run(backend) { scene in
            let (near, far) = try overTCP ? tcpPair() : socketPair()
            let exchange = LargeExchange(total: total)
            try scene.on {
                exchange.source = scene.keep(
                    StreamSource(loop: scene.loop, descriptor: near, kind: .socket, handler: exchange))
                exchange.source?.setReading(true)
                exchange.streamDidSend()
            }
            try scene.wait { (exchange.source?.queuedBytes ?? 0) >= LargeExchange.high }
            let writer = try SystemThread(name: "writer") {
                var position = 0
                while position < total {
                    let count = min(60_000, total - position)
                    far.write(Pattern.piece(at: position, count))
                    position += count
                }
            }
            var position = 0
            var isWhole = true
            while position < total {
                let piece = try far.read().get()
                guard !piece.isEmpty else { break }
                isWhole = isWhole && piece.withUnsafeBytes { Pattern.matches($0, at: position) }
                position += piece.count
            }
            writer.join()
            #expect(position == total && isWhole)
            try scene.wait { exchange.received == total && exchange.source?.queuedBytes == 0 }
            try scene.expect { exchange.isWhole && exchange.largest <= PollLoop.readLimit }
            far.close()
        }
    }

    @Test(
        "Pieces of all sizes, of either kind, keep their order across partial writes, and are counted",
        arguments: LoopBackend.tested)
    func mixedPieces(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            var expected: [UInt8] = []
            let source = try scene.on { scene.stream(near, recorder) }
            let queued = try scene.on {
                var position = 0
                for number in 0..<400 {
                    let piece = ByteBuffer(bytes: Pattern.piece(at: position, number * 37 % 9_000))
                    if number % 3 == 0 { piece.withBytes { source.send($0) } } else { source.send(piece) }
                    piece.withUnsafeReadableBytes { expected.append(contentsOf: $0) }
                    position += piece.readableBytes
                }
                #expect(source.toldEvents & Readiness.writable != 0)
                return source.queuedBytes
            }
            #expect(queued > 1_000_000 && queued < expected.count)
            #expect(try far.readAll(expected.count) == expected)
            try scene.wait { source.queuedBytes == 0 }
            try scene.on {
                #expect(recorder.sends > 0)
                // Else the loop would be woken without end.
                #expect(source.toldEvents & Readiness.writable == 0)
            }
            far.close()
        }
    }

    @Test("A queue that is never empty keeps no more memory than it needs")
    func queueMemory() {
        var queue = OutputQueue()
        let message = [UInt8](repeating: 1, count: 1_000)
        message.withUnsafeBytes { queue.append($0) }
        var largest = 0
        for _ in 0..<10_000 {
            message.withUnsafeBytes { queue.append($0) }
            queue.removeFirst(min(1_000, queue.first?.readableBytes ?? 0))
            largest = max(largest, queue.first?.storageCapacity ?? 0)
        }
        #expect(largest <= 128 * 1024)
        #expect(queue.count < 100_000)
    }

    @Test("A send of a buffer leaves the buffer as it is, and changes of it do not show", arguments: LoopBackend.tested)
    func sharedBuffer(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let bytes = Array(Pattern.piece(at: 0, 60_000))
            try scene.on {
                let source = scene.stream(near, Recorder())
                var buffer = ByteBuffer(bytes: bytes)
                for _ in 0..<10 { source.send(buffer) }
                buffer.setRepeatingByte(0, count: buffer.readableBytes, at: 0)
            }
            for _ in 0..<10 { #expect(try far.readAll(bytes.count) == bytes) }
            far.close()
        }
    }

    @Test("A peer that floods gets one read a turn, and keeps no other one waiting", arguments: LoopBackend.tested)
    func fairness(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (flooding, flood) = try socketPair()
            let (quiet, other) = try socketPair()
            let (flooded, recorder) = (Recorder(), Recorder())
            let chunk = [UInt8](repeating: 1, count: 50_000)
            var counts: [Int] = []
            try scene.play { done in
                _ = scene.stream(flooding, flooded)
                _ = scene.stream(quiet, recorder)
                flooded.onReceive = { flood.write(chunk) }
                recorder.onReceive = {
                    counts.append(flooded.sizes.count)
                    if counts.count == 20 { done() } else { other.write("x") }
                }
                flood.write(chunk)
                flood.write(chunk)
                other.write("x")
            }
            #expect(zip(counts, counts.dropFirst()).allSatisfy { $1 - $0 <= 2 })
            try scene.expect { (counts.first ?? 99) <= 1 && flooded.sizes.allSatisfy { $0 <= 65536 } }
            flood.close()
            other.close()
        }
    }
}

@Suite("Pausing of streams", .timeLimit(.minutes(5)))
struct StreamPauseTests {
    @Test("A paused stream is told of nothing, and goes on where it was", arguments: LoopBackend.tested, [false, true])
    func pause(_ backend: LoopBackend, inside: Bool) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            let source = try scene.on { scene.stream(near, recorder) }
            if inside {
                try scene.on { recorder.onReceive = { source.setReading(false) } }
                far.write("1")
                try scene.wait { recorder.bytes.count == 1 }
            } else {
                try scene.on { source.setReading(false) }
            }
            let before = try scene.on { recorder.sizes.count }
            far.write(Pattern.piece(at: 0, 50_000))
            try scene.passTurns()
            try scene.on {
                #expect(recorder.sizes.count == before)
                // Else the loop would be woken without end.
                #expect(source.toldEvents & Readiness.readable == 0)
                recorder.onReceive = nil
                recorder.bytes = []
                source.setReading(true)
            }
            try scene.wait { recorder.bytes.count == 50_000 }
            try scene.expect { recorder.bytes.elementsEqual(Pattern.piece(at: 0, 50_000)) }
            far.close()
        }
    }

    @Test(
        "All that a peer had sent comes before its end, even to a paused stream", arguments: LoopBackend.tested,
        [true, false])
    func endWhilePaused(_ backend: LoopBackend, overTCP: Bool) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try overTCP ? tcpPair() : socketPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder, reads: false)
                recorder.onReceive = { source.setReading(false) }
            }
            let sent = Pattern.piece(at: 0, 30_000)
            far.write(sent)
            try scene.passTurns()
            try scene.expect { recorder.sizes.isEmpty }
            far.close()
            try scene.wait { !recorder.ends.isEmpty }
            try scene.expect { recorder.bytes.elementsEqual(sent) && recorder.ends == [nil] }
        }
    }
}
