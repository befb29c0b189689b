import Bytes
import Polling
import Testing

@testable import ControlCore

/// What can befall datagrams in a simulated network.
@Suite("Simulated datagrams")
struct SimulatedDatagramTests {
    /// Two hosts; everything that the first sends to the second's port 5000 is noted there.
    final class Line {
        let world: SimulatedWorld
        let receiver = DatagramRecorder()
        private var sender: (any DatagramTransport)?
        let target: SocketAddress

        init(seed: UInt64 = 3) throws {
            world = SimulatedWorld(seed: seed)
            let source = world.environment(named: "source", address: "10.0.0.1")
            let sink = world.environment(named: "sink", address: "10.0.0.2")
            target = try SocketAddress(ipAddress: "10.0.0.2", port: 5000)
            sink.openDatagrams(DatagramOptions(port: 5000)) { [receiver] in
                (try? $0.get())?.start(delegate: receiver)
            }
            source.openDatagrams(DatagramOptions()) { self.sender = try? $0.get() }
            world.run(for: .zero)
            sender?.start(delegate: DatagramRecorder())
        }

        /// Sends the numbers below `count`, one each millisecond, and gives what has arrived a second later.
        func send(_ count: Int, to address: SocketAddress? = nil) -> [String] {
            for number in 0..<count {
                sender?.send(ByteBuffer(string: "\(number)"), to: address ?? target)
                world.run(for: .milliseconds(1))
            }
            world.run(for: .seconds(1))
            return receiver.texts
        }
    }

    @Test("A sound line keeps every datagram and their order")
    func sound() throws {
        #expect(try Line().send(50) == (0..<50).map { "\($0)" })
    }

    @Test("Lost datagrams are lost for good, and the others arrive in order")
    func loss() throws {
        let line = try Line()
        let fault = line.world.network.inject(.lose(probability: 0.3))
        let arrived = line.send(200).compactMap { Int($0) }
        #expect((100..<180).contains(arrived.count))
        #expect(arrived == arrived.sorted())
        fault.cancel()
        line.world.run(for: .seconds(60))
        #expect(line.receiver.datagrams.count == arrived.count)
    }

    @Test("Duplicated datagrams arrive twice")
    func duplicates() throws {
        let line = try Line()
        line.world.network.inject(.duplicate(probability: 1), on: .endpoint("10.0.0.2", port: 5000))
        #expect(line.send(3) == ["0", "0", "1", "1", "2", "2"])
    }

    @Test("Reordered datagrams are overtaken by later ones")
    func reordering() throws {
        let line = try Line()
        line.world.network.inject(.reorder(by: .milliseconds(5), probability: 0.3))
        let arrived = line.send(100).compactMap { Int($0) }
        #expect(arrived != arrived.sorted())
        #expect(arrived.sorted() == Array(0..<100))
    }

    @Test("Datagrams that meet a drop or a corruption are gone or changed")
    func dropAndCorrupt() throws {
        let line = try Line()
        let drop = line.world.network.inject(.drop)
        #expect(line.send(3) == [])
        drop.cancel()
        line.world.network.inject(.corrupt(probability: 1))
        let arrived = line.send(3)
        #expect(arrived.count == 3)
        #expect(!arrived.contains("0"))
    }

    @Test("Broadcasts reach every other host, multicasts the members of the group")
    func manyReceivers() throws {
        let line = try Line()
        let third = line.world.environment(named: "third", address: "10.0.0.3")
        let other = DatagramRecorder()
        third.openDatagrams(DatagramOptions(port: 5000)) { (try? $0.get())?.start(delegate: other) }
        line.world.run(for: .zero)
        #expect(line.send(1, to: try SocketAddress(ipAddress: "255.255.255.255", port: 5000)) == ["0"])
        #expect(other.texts == ["0"])
        line.world.network.groups["239.1.2.3"] = ["10.0.0.3"]
        #expect(line.send(1, to: try SocketAddress(ipAddress: "239.1.2.3", port: 5000)) == ["0"])
        #expect(other.texts == ["0", "0"])
    }

    @Test("Equal seeds give equal traces of a faulty line, other seeds others")
    func repeatable() throws {
        func trace(_ seed: UInt64) throws -> String {
            let line = try Line(seed: seed)
            line.world.network.inject(.lose(probability: 0.2))
            line.world.network.inject(.duplicate(probability: 0.2))
            line.world.network.inject(.reorder(by: .milliseconds(2), probability: 0.2))
            _ = line.send(100)
            return line.world.trace.text
        }
        #expect(try trace(1) == trace(1))
        #expect(try trace(1) != trace(2))
    }
}
