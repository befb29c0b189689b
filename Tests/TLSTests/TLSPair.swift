import TLS

/// The two ends of a connection, in memory.
struct TLSPair {
    /// One end, with what has become of it.
    final class End {
        let connection: TLSConnection
        var isDone = false
        var error: TLSError?
        var received: [UInt8] = []

        init(_ context: TLSContext, serverName: String?) throws {
            connection = try TLSConnection(context, serverName: serverName)
        }

        /// Goes on as far as what was fed allows.
        func step() {
            do {
                if !isDone { isDone = try connection.handshake() }
                guard isDone else { return }
                var bytes = [UInt8](repeating: 0, count: 5000)
                var count = 0
                repeat {
                    count = try bytes.withUnsafeMutableBytes { try connection.read(into: $0) }
                    received += bytes[..<count]
                } while count > 0
            } catch {
                self.error = error as? TLSError
            }
        }

        func write(_ bytes: [UInt8]) throws { try connection.write(bytes.span.bytes) }

        /// Takes out all that is to be sent.
        func takeOutput() -> [UInt8] {
            var taken: [UInt8] = []
            connection.withOutput { bytes in
                taken = Array(bytes)
                return bytes.count
            }
            return taken
        }

        func feed(_ bytes: some Collection<UInt8>) { connection.feed(Array(bytes).span.bytes) }
    }

    let client: End
    let server: End

    init(_ client: TLSContext, _ server: TLSContext, serverName: String? = nil) throws {
        self.client = try End(client, serverName: serverName)
        self.server = try End(server, serverName: nil)
    }

    /// Carries bytes to and fro, `portion` at a time, until neither end has any.
    func run(portion: Int = .max) {
        client.step()
        server.step()
        while client.connection.outputCount + server.connection.outputCount > 0 {
            for (from, to) in [(client, server), (server, client)] {
                var bytes = from.takeOutput()[...]
                while !bytes.isEmpty {
                    to.feed(bytes.prefix(portion))
                    bytes = bytes.dropFirst(portion)
                    to.step()
                }
            }
        }
    }
}

/// Numbers that look random and are the same every time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
