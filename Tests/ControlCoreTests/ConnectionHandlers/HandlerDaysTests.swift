import Bytes
import Polling
import Testing

@testable import ControlCore

/// A thousand days, each with faults of its own, for a handler of each kind of client.
@Suite("Days of connection handlers")
struct HandlerDaysTests {
    /// A controller with a raw TCP, a module's TCP and a raw UDP device, each of which polls every 20 minutes.
    private final class Day {
        let world: SimulatedWorld
        let controller: SimulatedEnvironment
        private let tcp: FakeDevice
        private let serial: FakeDevice
        private let udp: EthernetServerInterfaceEx
        private(set) var handlers: [(name: String, handler: ConnectionHandler)] = []
        private(set) var broken: [String] = []
        private(set) var changes = 0
        private(set) var polls = 0
        private var last: [String: ConnectionStatus] = [:]
        private var random: SplitMix64

        init(seed: UInt64) throws {
            world = SimulatedWorld(seed: seed)
            random = SplitMix64(seed: seed, label: "faults")
            controller = world.environment(named: "controller", address: "10.0.0.1")
            tcp = FakeDevice(environment: world.environment(named: "tcp", address: "10.0.0.2"))
            serial = FakeDevice(environment: world.environment(named: "serial", address: "10.0.0.3"))
            udp = try EthernetServerInterfaceEx(
                environment: world.environment(named: "udp", address: "10.0.0.4"), port: 23, protocol: .udp)
            udp.onReceiveData = { client, bytes in
                // A device whose answer is lost has not answered; that is what the day is about.
                if String(buffer: bytes) == "Q" { try? client.send(ByteBuffer(string: "A")) }
            }
            for device in [tcp, serial] {
                device.answer = { String($0.compactMap { $0 == "Q" ? "A" : nil }) }
                device.listen()
            }
            udp.startListen(timeout: nil) { _ in }
            try makeHandlers()
            scheduleFaults()
        }

        private func makeHandlers() throws {
            func options(_ phase: Double) throws -> HandlerOptions {
                try HandlerOptions(
                    disconnectLimit: 2, pollFrequency: .minutes(20), connectRetryTime: .minutes(4), pollPhase: phase)
            }
            let raw = try RawTcpHandler(
                interface: EthernetClientInterface(environment: controller, hostname: "tcp", port: 23),
                options: options(0)
            ) { [unowned self] handler, finished in
                polled("tcp", up: handler.interface.isConnected)
                // Over the limit it closes instead, which the events show.
                _ = try? handler.send(ByteBuffer(string: "Q"))
                finished()
            }
            raw.onReceiveData = { [unowned raw] bytes in
                if String(buffer: bytes).contains("A") { raw.responseAccepted() }
            }
            watch("tcp", raw)

            let client = try EthernetClientInterface(environment: controller, hostname: "serial", port: 23)
            let module = FakeModule(limit: 2)
            module.asks { [unowned self, unowned client] in
                polled("serial", up: client.isConnected)
                return client.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3)
            }
            let handler = try ModuleTcpHandler(interface: client, module: module, options: options(0.4))
            module.publish = { [unowned handler] in handler.modulePublished($0) }
            watch("serial", handler)

            let pipe = try RawSimplePipeHandler(
                pipe: .datagrams(
                    EthernetClientInterface(environment: controller, hostname: "udp", port: 23, protocol: .udp)),
                options: options(0.8)
            ) { [unowned self] handler, finished in
                polled("udp", up: true)
                _ = try? handler.send(ByteBuffer(string: "Q"))
                finished()
            }
            pipe.onReceiveData = { [unowned pipe] bytes in
                if String(buffer: bytes) == "A" { pipe.responseAccepted() }
            }
            watch("udp", pipe)
            raw.connect(timeout: .seconds(20))
            handler.connect(timeout: .seconds(20))
            pipe.connect()
        }

        private func polled(_ name: String, up: Bool) {
            polls += 1
            if !up { broken.append("\(name) polled while down") }
        }

        private func watch(_ name: String, _ handler: ConnectionHandler) {
            handlers.append((name, handler))
            func changed(_ status: ConnectionStatus) {
                changes += 1
                if last[name] == status { broken.append("\(name) \(status) twice") }
                if handler.connectionStatus != status { broken.append("\(name) tells \(status) and is not") }
                last[name] = status
            }
            handler.onConnected = { changed(.connected) }
            handler.onDisconnected = { changed(.disconnected) }
        }

        /// Until 21:00 something goes wrong now and then; each trouble is over by then.
        private func scheduleFaults() {
            for _ in 0..<10 {
                let begin = TimeAmount.seconds(Int64(random.next() % 68_400))
                let end = begin + .seconds(Int64(60 + random.next() % 7_000))
                let address = "10.0.0.\(2 + random.next() % 3)"
                let kind = random.next() % 7
                let probability = random.nextUnit()
                at(begin) { [unowned self] in
                    var lift: () -> Void = {}
                    func inject(_ fault: SimulatedFault) {
                        let active = world.network.inject(fault, on: .host(address))
                        lift = { active.cancel() }
                    }
                    switch kind {
                    case 0: inject(.refuse)
                    case 1: inject(.drop)
                    case 2: inject(.delay(.milliseconds(Int64(probability * 400))))
                    case 3: inject(.corrupt(probability: probability))
                    case 4: world.network.reset(.host(address))
                    case 5:
                        let device = address == "10.0.0.2" ? tcp : serial
                        device.stopListening()
                        device.hangUp()
                        lift = { device.listen() }
                    default: inject(.lose(probability: probability))
                    }
                    at(end) { lift() }
                }
            }
        }

        private func at(_ time: TimeAmount, _ body: @escaping () -> Void) {
            world.schedule(at: .uptimeNanoseconds(UInt64(time.nanoseconds)), body)
        }

        func run() {
            for quarter in 1...96 {
                world.run(until: .uptimeNanoseconds(UInt64(quarter) * 900_000_000_000))
                for (name, handler) in handlers where !handler.isActive { broken.append("\(name) has given up") }
                let attempts = controller.openTransports
                if attempts > 2 { broken.append("\(attempts) connections for two clients") }
            }
            for (name, handler) in handlers where handler.connectionStatus != .connected {
                broken.append("\(name) is \(handler.connectionStatus) at the end of the day")
            }
            for (_, handler) in handlers { handler.close() }
            handlers = []
        }
    }

    @Test("In a thousand days no invariant breaks, and who is there at the end is Connected", arguments: 0..<10)
    func days(hundred: Int) throws {
        var changes = 0
        for seed in 0..<100 {
            let seed = UInt64(hundred * 100 + seed)
            let day = try Day(seed: seed)
            day.run()
            #expect(day.broken == [], "seed \(seed)")
            #expect(day.polls > 100, "seed \(seed)")
            changes += day.changes
        }
        #expect(changes > 500)
    }
}
