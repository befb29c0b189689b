import Bytes
import CPolling
import Glibc
import LoopTesting
import Polling
import Testing

@Suite("Closing of streams", .timeLimit(.minutes(5)))
struct StreamCloseTests {
    @Test("A stream that is closed where it is told of bytes is told of nothing more", arguments: LoopBackend.tested)
    func inReceive(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                recorder.onReceive = {
                    source.close()
                    source.close()
                    source.send("not sent")
                    source.setReading(true)
                    source.finishOutput()
                    source.reset()
                }
            }
            far.write([UInt8](repeating: 7, count: 100_000))
            try scene.wait { recorder.sizes.count == 1 }
            try scene.passTurns()
            try scene.expect { recorder.sizes.count == 1 && recorder.ends.isEmpty && scene.loop.openSources == 0 }
            far.close()
        }
    }

    @Test("A stream that is closed while its end is read is told of nothing more", arguments: LoopBackend.tested)
    func whileEnding(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            far.write([UInt8](repeating: 7, count: 150_000))
            far.close()
            try scene.on {
                let source = scene.stream(near, recorder)
                recorder.onReceive = { if recorder.sizes.count == 2 { source.close() } }
            }
            try scene.wait { recorder.sizes.count == 2 }
            try scene.passTurns()
            try scene.expect { recorder.sizes.count == 2 && recorder.ends.isEmpty }
        }
    }

    @Test("A stream may be closed where it is told of room, and at its end", arguments: LoopBackend.tested)
    func inSendAndEnd(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                recorder.onSend = { source.close() }
                source.send(ByteBuffer(repeating: 1, count: 3_000_000))
                #expect(source.queuedBytes > 0)
            }
            let read = try far.readAll().count
            #expect(read > 0 && read < 3_000_000)
            try scene.expect { recorder.sends == 1 && recorder.ends.isEmpty }
            far.close()

            let (other, otherFar) = try socketPair()
            let ending = Recorder()
            try scene.on {
                let source = scene.stream(other, ending)
                ending.onEnd = {
                    #expect(!source.isOpen && source.descriptor == -1)
                    source.close()
                }
            }
            otherFar.close()
            try scene.wait { ending.ends == [nil] }
        }
    }

    @Test("A source that another one closes in the same turn is told of nothing", arguments: LoopBackend.tested)
    func byAnother(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (one, two) = (try socketPair(), try socketPair())
            let (first, second) = (Recorder(), Recorder())
            try scene.on {
                let sources = [scene.stream(one.near, first), scene.stream(two.near, second)]
                first.onReceive = { sources[1].close() }
                second.onReceive = { sources[0].close() }
                // Both are ready when the loop asks.
                one.far.write("x")
                two.far.write("x")
            }
            try scene.passTurns()
            try scene.expect { first.sizes.count + second.sizes.count == 1 && scene.loop.openSources == 1 }
            one.far.close()
            two.far.close()
        }
    }

    @Test(
        "A stream that is closed in a deadline, or in a body, is told of nothing more", arguments: LoopBackend.tested,
        [true, false])
    func elsewhere(_ backend: LoopBackend, inDeadline: Bool) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                let close = {
                    far.write("x")
                    source.close()
                }
                if inDeadline { scene.queue.arm(at: .now(), close) } else { scene.loop.execute(close) }
            }
            try scene.wait { scene.loop.openSources == 0 }
            try scene.passTurns()
            try scene.expect { recorder.sizes.isEmpty && recorder.ends.isEmpty }
            far.close()
        }
    }

    @Test("What goes with a source that is closed may close it again", arguments: LoopBackend.tested)
    func closedByDeinit(_ backend: LoopBackend) throws {
        final class Closing: StreamSourceHandler {
            var source: StreamSource?
            func streamDidReceive(_ bytes: RawSpan) {}
            func streamDidEnd(_ error: SystemError?) {}
            func streamDidSend() {}
            deinit { source?.close() }
        }
        final class Cancelling {
            var source: ConnectSource?
            deinit { source?.cancel() }
        }
        let (listener, address) = try listeningSocket()
        defer { close(listener) }
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            try scene.on {
                let handler = Closing()
                handler.source = scene.keep(
                    StreamSource(loop: scene.loop, descriptor: near, kind: .socket, handler: handler))
                let owner = Cancelling()
                owner.source = scene.keep(try ConnectSource(loop: scene.loop, to: address) { _ in _ = owner })
            }
            far.close()
            try scene.wait { scene.loop.openSources <= 1 }
        }
    }

    @Test(
        "A descriptor's number that is used again in the same turn tells the new source of its own events only",
        arguments: LoopBackend.tested)
    func numberReuse(_ backend: LoopBackend) async {
        await #expect(processExitsWith: .success) { [backend] in
            try Scene.run(backend) { scene in
                let (one, two) = (try socketPair(), try socketPair())
                let (first, second, third) = (Recorder(), Recorder(), Recorder())
                var far: Peer?
                try scene.on {
                    let sources = [scene.stream(one.near, first), scene.stream(two.near, second)]
                    func replace(_ source: StreamSource) {
                        let number = source.descriptor
                        source.close()
                        guard let pair = try? socketPair(), pair.near == number else { exit(1) }
                        far = pair.far
                        _ = scene.stream(pair.near, third)
                    }
                    first.onReceive = { replace(sources[1]) }
                    second.onReceive = { replace(sources[0]) }
                    one.far.write("x")
                    two.far.write("x")
                }
                try scene.passTurns()
                guard try scene.on({ first.sizes.count + second.sizes.count == 1 && third.sizes.isEmpty }) else {
                    exit(2)
                }
                far?.write("y")
                try scene.wait { third.bytes == Array("y".utf8) }
            }
        }
    }

    @Test("No descriptor is left, and nothing of a source that was closed", arguments: LoopBackend.tested)
    func nothingLeft(_ backend: LoopBackend) async {
        await #expect(processExitsWith: .success) { [backend] in
            func openDescriptors() -> Int { (0..<1_024).count { fcntl(CInt($0), F_GETFD) >= 0 } }
            let before = openDescriptors()
            for _ in 0..<20 {
                weak var kept: Recorder?
                weak var source: StreamSource?
                try Scene.run(backend) { scene in
                    let (near, far) = try tcpPair()
                    try scene.on {
                        let recorder = Recorder()
                        kept = recorder
                        source = scene.stream(near, recorder)
                    }
                    far.close()
                    try scene.wait { scene.loop.openSources == 0 }
                }
                guard kept == nil, source == nil else { exit(1) }
            }
            // The system's libraries open a few of their own meanwhile.
            guard openDescriptors() < before + 20 else { exit(2) }
        }
    }

    @Test("A source that is closed in the last bodies of a loop goes with it", arguments: LoopBackend.tested)
    func closedAtTheEnd(_ backend: LoopBackend) throws {
        let (near, far) = try socketPair()
        let loop = try PollLoop(backend)
        let weakly = Carried(value: WeakSource())
        loop.submit {
            let recorder = Recorder()
            let source = StreamSource(loop: loop, descriptor: near, kind: .socket, handler: recorder)
            weakly.value.source = source
            loop.stop()
            loop.execute { loop.execute { loop.execute { source.close() } } }
        }
        loop.run()
        #expect(weakly.value.source == nil && loop.openSources == 0)
        far.close()
    }
}

private final class WeakSource {
    weak var source: StreamSource?
}

@Suite("Ends of streams", .timeLimit(.minutes(5)))
struct StreamEndTests {
    @Test(
        "A peer that shuts its direction ends the stream in good order, after what it sent",
        arguments: LoopBackend.tested)
    func halfClose(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            let recorder = Recorder()
            try scene.on { _ = scene.stream(near, recorder) }
            far.write("last")
            shutdown(far.descriptor, CInt(SHUT_WR))
            try scene.wait { recorder.ends == [nil] }
            try scene.expect { recorder.bytes == Array("last".utf8) }
            #expect(try far.readAll().isEmpty)
            far.close()
        }
    }

    @Test("A reset is told as the end, after what came before it", arguments: LoopBackend.tested, [true, false])
    func reset(_ backend: LoopBackend, reads: Bool) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            let recorder = Recorder()
            try scene.on { _ = scene.stream(near, recorder, reads: reads) }
            far.write("last")
            far.reset()
            try scene.wait { !recorder.ends.isEmpty }
            try scene.expect { recorder.bytes == Array("last".utf8) && recorder.ends == [SystemError(ECONNRESET)] }
        }
    }

    @Test(
        "A write that fails is told after the call, behind what can still be read", arguments: LoopBackend.tested,
        [true, false])
    func failedWrite(_ backend: LoopBackend, reads: Bool) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            let recorder = Recorder()
            let isFirst = try scene.on {
                let source = scene.stream(near, recorder, reads: reads)
                far.write("last")
                far.reset()
                // The first one takes the error away, and the second one finds the connection gone.
                source.send("one")
                source.send("two")
                source.finishOutput()
                #expect(!source.canSend && source.isOpen && source.queuedBytes == 0)
                return recorder.ends.isEmpty && recorder.sizes.isEmpty
            }
            #expect(isFirst)
            try scene.wait { !recorder.ends.isEmpty }
            try scene.passTurns()
            try scene.on {
                #expect(recorder.bytes == Array("last".utf8))
                #expect(recorder.ends.count == 1)
                #expect([ECONNRESET, EPIPE].contains(recorder.ends.first??.number))
            }
        }
    }

    @Test(
        "A write that fails is told although the last bytes take the whole share of a turn",
        arguments: LoopBackend.tested, [15, 16, 17])
    func writeErrorAtTheLastRead(_ backend: LoopBackend, reads: Int) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                recorder.onReceive = { if recorder.sizes.count < reads { far.write("x") } }
                far.write("x")
                // The peer goes on: the system tells of nothing but the bytes.
                shutdown(near, CInt(SHUT_WR))
                source.send("lost")
                // A ring sends at the end of the turn.
                #expect(source.canSend == (backend == .ioUring) && recorder.ends.isEmpty)
            }
            try scene.wait { !recorder.ends.isEmpty }
            try scene.expect { recorder.ends == [SystemError(EPIPE)] && recorder.sizes.count == reads }
            far.close()
        }
    }

    @Test(
        "A peer that goes while much is queued ends the stream once, and drops the queue", arguments: LoopBackend.tested
    )
    func goneWhileQueued(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            let recorder = Recorder()
            let source = try scene.on {
                let source = scene.stream(near, recorder)
                source.send(ByteBuffer(repeating: 1, count: 20_000_000))
                return source
            }
            _ = try far.readAll(100_000)
            far.reset()
            try scene.wait { !recorder.ends.isEmpty }
            try scene.passTurns()
            try scene.expect { recorder.ends.count == 1 && source.queuedBytes == 0 && !source.canSend }
        }
    }

    @Test("The output is shut behind what is queued, and the input goes on", arguments: LoopBackend.tested)
    func finishOutput(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(near, recorder)
                source.send(ByteBuffer(repeating: 1, count: 8_000_000))
                #expect(source.queuedBytes > 0)
                source.finishOutput()
                source.send("dropped")
            }
            #expect(try far.readAll().count == 8_000_000)
            far.write("late")
            far.close()
            try scene.wait { recorder.ends == [nil] }
            try scene.expect { recorder.bytes == Array("late".utf8) }
        }
    }

    @Test("A stream that is reset tells its peer so, although bytes are queued", arguments: LoopBackend.tested)
    func resets(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try tcpPair()
            try scene.on {
                let source = scene.stream(near, Recorder())
                source.reset()
                #expect(!source.isOpen)
            }
            #expect(far.read() == .failure(SystemError(ECONNRESET)))
            far.close()
        }
    }

    @Test("A terminal is read and written, and its hang-up ends the stream", arguments: LoopBackend.tested)
    func terminal(_ backend: LoopBackend) throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (lock, number): (CInt, CInt) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN, which are no numbers in Swift: what `unlockpt` and `ptsname` do.
        try #require(master >= 0 && ioctl(master, 0x4004_5431, &lock) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_NONBLOCK)
        try #require(slave >= 0)
        var settings = termios()
        tcgetattr(slave, &settings)
        cfmakeraw(&settings)
        tcsetattr(slave, TCSANOW, &settings)
        let far = Peer(master)
        try Scene.run(backend) { scene in
            let recorder = Recorder()
            let source = try scene.on { scene.stream(slave, recorder, kind: .file) }
            far.write("in")
            try scene.wait { recorder.bytes == Array("in".utf8) }
            try scene.on { source.send("out") }
            #expect(try far.readAll(3) == Array("out".utf8))
            far.close()
            try scene.wait { recorder.ends.count == 1 }
            try scene.expect { recorder.ends == [SystemError(EIO)] || recorder.ends == [nil] }
        }
    }

    @Test("A pipe is read to its end, and what cannot be watched ends at once", arguments: LoopBackend.tested)
    func files(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            let far = Peer(ends[1])
            _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
            let (recorder, other) = (Recorder(), Recorder())
            let file = open("/proc/self/exe", O_RDONLY)
            try scene.on { [near = ends[0]] in
                _ = scene.stream(near, recorder, kind: .file)
                _ = scene.stream(file, other, kind: .file)
                #expect(other.ends.isEmpty)
            }
            far.write("last")
            far.close()
            try scene.wait { recorder.ends == [nil] && other.ends == [SystemError(EPERM)] }
            try scene.expect { recorder.bytes == Array("last".utf8) }
        }
    }
}
