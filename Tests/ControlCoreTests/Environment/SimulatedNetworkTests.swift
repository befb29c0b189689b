import Bytes
import Polling
import Testing

@testable import ControlCore

@Suite("Simulated network")
struct SimulatedNetworkTests {
    /// A world with a server that keeps what it hears, and a client.
    private final class Room {
        let world = SimulatedWorld(seed: 5)
        let client: SimulatedEnvironment
        let server: SimulatedEnvironment
        private(set) var clientEnd: (any StreamTransport)?
        private(set) var serverEnd: (any StreamTransport)?
        private(set) var failure: ConnectFailure?
        private(set) var answeredAfter: TimeAmount?
        let clientSide = StreamRecorder()
        let serverSide = StreamRecorder()

        init() {
            client = world.environment(named: "client", address: "10.0.0.1")
            server = world.environment(named: "server", address: "10.0.0.2")
            server.listenTCP(address: nil, port: 23) { [unowned self] transport in
                serverEnd = transport
                transport.start(delegate: serverSide)
            } completion: { _ in
            }
            world.run(for: .milliseconds(1))
        }

        @discardableResult
        func connect(_ host: String = "10.0.0.2", port: Int = 23, timeout: TimeAmount? = .seconds(5)) -> any Cancellable
        {
            let start = client.now
            return client.connectTCP(host: host, port: port, timeout: timeout) { [unowned self] result in
                answeredAfter = client.now - start
                switch result {
                case .success(let transport):
                    clientEnd = transport
                    transport.start(delegate: clientSide)
                case .failure(let reason):
                    failure = reason
                }
            }
        }

        func open() throws -> (client: any StreamTransport, server: any StreamTransport) {
            connect()
            world.run(for: .milliseconds(10))
            return (try #require(clientEnd), try #require(serverEnd))
        }
    }

    // MARK: Opening

    @Test("A connect takes one round trip")
    func roundTrip() {
        let room = Room()
        room.connect()
        room.world.run(for: .seconds(1))
        #expect(room.answeredAfter == .microseconds(400))
    }

    @Test("A host that does not exist stays silent until the time-out")
    func absentHost() {
        let room = Room()
        room.connect("10.0.0.99", timeout: .seconds(5))
        room.world.run(for: .seconds(10))
        #expect(room.failure == .timedOut)
        #expect(room.answeredAfter == .seconds(5))
    }

    @Test("Without a time-out the system's own time-out ends a connect")
    func systemTimeout() {
        let room = Room()
        room.connect("10.0.0.99", timeout: nil)
        room.world.run(for: .minutes(5))
        #expect(room.failure == .timedOut)
        #expect(room.answeredAfter == SimulatedNetwork.connectTimeout)
    }

    @Test("A connect that began during an outage succeeds when it is repeated after it")
    func connectRetries() {
        let room = Room()
        let outage = room.world.network.inject(.drop, on: .host("10.0.0.2"))
        room.connect(timeout: .seconds(10))
        room.world.run(for: .milliseconds(1500))
        outage.cancel()
        room.world.run(for: .seconds(10))
        #expect(room.clientEnd != nil)
        // Asked at 0, 1 and 3 s.
        #expect(room.answeredAfter.map { $0 > .seconds(3) && $0 < .milliseconds(3010) } == true)
    }

    @Test("A refusing endpoint refuses, others do not")
    func refuse() {
        let room = Room()
        let fault = room.world.network.inject(.refuse, on: .endpoint("10.0.0.2", port: 23))
        room.connect()
        room.world.run(for: .seconds(1))
        #expect(room.failure == .connectionRefused)
        fault.cancel()
        room.connect()
        room.world.run(for: .seconds(1))
        #expect(room.clientEnd != nil)
    }

    @Test("The second address of a name is tried when the first is silent")
    func secondAddress() {
        let room = Room()
        room.world.network.names["both.local"] = ["10.0.0.99", "10.0.0.2"]
        room.connect("Both.Local", timeout: .seconds(4))
        room.world.run(for: .seconds(10))
        #expect(room.clientEnd?.remoteAddress?.ipAddress == "10.0.0.2")
    }

    // MARK: Names

    @Test("Names resolve late, to nothing or not in time, each at its own pace")
    func names() {
        let room = Room()
        let network = room.world.network
        network.names["projector.local"] = ["10.0.0.2"]
        network.nameDelays["slow.local"] = .seconds(30)
        var answers: [String] = []
        for name in ["slow.local", "projector.local", "nobody.local", "server", "localhost", "10.9.9.9"] {
            room.client.resolve(name, timeout: .seconds(3)) { result in
                answers.append(
                    "\(name) \((try? result.get())?.first?.ipAddress ?? "-") \(room.client.now == room.world.now)")
            }
        }
        #expect(answers.isEmpty)
        room.world.run(for: .seconds(1))
        #expect(
            answers == [
                "10.9.9.9 10.9.9.9 true", "projector.local 10.0.0.2 true", "nobody.local - true",
                "server 10.0.0.2 true",
                "localhost 127.0.0.1 true",
            ])
        room.world.run(for: .seconds(10))
        #expect(answers.last == "slow.local - true")
        room.connect("slow.local", timeout: .seconds(2))
        room.world.run(for: .seconds(40))
        #expect(room.failure == .hostError)
        #expect(room.answeredAfter == .seconds(2))
    }

    // MARK: Faults on open connections

    @Test("An outage makes a connection half-open; what was sent arrives when it ends")
    func outage() throws {
        let room = Room()
        let ends = try room.open()
        let outage = room.world.network.inject(.drop, on: .connection(1))
        ends.client.send("one ")
        ends.client.send("two")
        room.world.run(for: .minutes(5))
        #expect(room.serverSide.received.readableBytes == 0)
        #expect(room.clientSide.closes.isEmpty && ends.client.isOpen && ends.server.isOpen)
        outage.cancel()
        room.world.run(for: .seconds(1))
        #expect(room.serverSide.text == "one two")
        ends.server.send("three")
        room.world.run(for: .seconds(1))
        #expect(room.clientSide.text == "three")
    }

    @Test("An outage that lasts breaks the sender's end; the other learns of it when it sends")
    func lastingOutage() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.inject(.drop, on: .host("10.0.0.2"))
        ends.client.send("lost")
        room.world.run(for: SimulatedNetwork.retransmissionTimeout + .seconds(1))
        #expect(room.clientSide.closes == [.failed("Connection timed out")])
        #expect(room.client.openTransports == 0)
        #expect(ends.server.isOpen)
        room.world.network.liftAllFaults()
        room.world.run(for: .seconds(1))
        #expect(room.serverSide.received.readableBytes == 0)
        ends.server.send("anybody there?")
        room.world.run(for: .seconds(1))
        #expect(room.serverSide.closes == [.failed("Connection reset by peer")])
        #expect(room.world.network.connections.isEmpty)
    }

    @Test("Closing during an outage ends this side within the linger time")
    func closeDuringOutage() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.inject(.drop)
        ends.client.close()
        room.world.run(for: .seconds(2))
        #expect(room.clientSide.closes == [.local])
        #expect(room.client.openTransports == 0)
        #expect(ends.server.isOpen)
    }

    @Test("A delay postpones, and keeps the order")
    func delay() throws {
        let room = Room()
        let ends = try room.open()
        let fault = room.world.network.inject(.delay(.seconds(1)))
        ends.client.send("slow ")
        fault.cancel()
        ends.client.send("then quick")
        room.world.run(for: .milliseconds(900))
        #expect(room.serverSide.text == "")
        room.world.run(for: .milliseconds(200))
        #expect(room.serverSide.text == "slow then quick")
    }

    @Test("Split chunks arrive in the sizes that were asked for")
    func split() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.inject(.split([1, 4]), on: .connection(1))
        ends.client.send("abcdefghijkl")
        room.world.run(for: .seconds(1))
        #expect(room.serverSide.chunkSizes == [1, 4, 1, 4, 1, 1])
        #expect(room.serverSide.text == "abcdefghijkl")
    }

    @Test("A bad line changes bytes, about as many as asked for, and loses none")
    func corrupt() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.inject(.corrupt(probability: 0.1))
        let clean = ByteBuffer(repeating: 0x55, count: 10_000)
        ends.client.send(clean)
        room.world.run(for: .seconds(1))
        let wrong = room.serverSide.received.readableBytesView.count { $0 != 0x55 }
        #expect(room.serverSide.received.readableBytes == 10_000)
        #expect((800...1200).contains(wrong))
        #expect(clean.readableBytesView.allSatisfy { $0 == 0x55 })
    }

    @Test("A reset breaks both ends at once")
    func reset() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.reset(.endpoint("10.0.0.2", port: 23))
        #expect(!ends.client.isOpen && !ends.server.isOpen)
        #expect(room.clientSide.closes.isEmpty)
        room.world.run(for: .seconds(1))
        #expect(room.clientSide.closes == [.failed("Connection reset by peer")])
        #expect(room.serverSide.closes == [.failed("Connection reset by peer")])
        #expect(room.client.openTransports + room.server.openTransports == 0)
    }

    // MARK: Flow

    @Test("The window bounds what a receiver that does not read is sent")
    func window() throws {
        let room = Room()
        let ends = try room.open()
        ends.server.setReading(false)
        ends.client.send(ByteBuffer(repeating: 1, count: 200_000))
        room.world.run(for: .seconds(10))
        #expect(ends.client.queuedBytes == 200_000 - 65_536)
        #expect(room.serverSide.chunkSizes.isEmpty)
        ends.server.setReading(true)
        room.world.run(for: .seconds(1))
        #expect(ends.client.queuedBytes == 0)
        #expect(room.serverSide.received.readableBytes == 200_000)
        #expect(room.clientSide.drains == 1)
    }

    @Test("Bandwidth sets how long a transfer takes")
    func bandwidth() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.bandwidth = 10_000
        for _ in 0..<50 { ends.client.send(ByteBuffer(repeating: 1, count: 1000)) }
        room.world.run(for: .milliseconds(2450))
        #expect((24_000...25_000).contains(room.serverSide.received.readableBytes))
        room.world.run(for: .milliseconds(2600))
        #expect(room.serverSide.received.readableBytes == 50_000)
    }

    @Test("Jitter keeps the order of bytes")
    func jitter() throws {
        let room = Room()
        let ends = try room.open()
        room.world.network.jitter = .milliseconds(50)
        for number in 100..<200 { ends.client.send("\(number)") }
        room.world.run(for: .seconds(1))
        #expect(room.serverSide.text == (100..<200).map { "\($0)" }.joined())
    }
}
