/// What the environments of one trace share: which wires are traced, which there were, and who takes the events.
final class TraceBook {
    /// How many wires and names are kept for messages, and how many names of addresses.
    private static let limit = 1000

    let filter: WireFilter
    let aliases: [SerialPortAddress: [String]]
    let sink: any WireSink
    let secrets = SecretRegistry()
    /// The terms that have named a wire, by their places.
    private(set) var usedTerms: Set<Int> = []
    /// The names of the wires that were opened or tried, traced or not; the first ones only.
    private(set) var knownWires: [String] = []
    /// What the program calls the objects that can open wires; the first ones only.
    private(set) var knownNames: Set<String> = []
    private var wires = 0
    /// What programs call the hosts that have these addresses.
    private var hosts: [String: String] = [:]

    init(filter: WireFilter, aliases: [SerialPortAddress: [String]], sink: any WireSink) {
        self.filter = filter
        self.aliases = aliases
        self.sink = sink
    }

    /// The number of a new wire.
    func nextNumber() -> Int {
        wires += 1
        return wires
    }

    /// Notes a wire for messages.
    func note(_ wire: String) {
        if knownWires.count < Self.limit, !knownWires.contains(wire) { knownWires.append(wire) }
    }

    /// Notes names for messages.
    func note(names: [String]) {
        if knownNames.count < Self.limit { knownNames.formUnion(names) }
    }

    /// Notes what the program calls an address.
    func note(_ host: String, of address: String) {
        if hosts.count < Self.limit { hosts[address] = host }
    }

    /// What the program calls an address; `nil` when it does not.
    func host(of address: String) -> String? { hosts[address] }

    /// The terms that name a wire; they have found something then.
    func matches(_ ends: WireFilter.Ends) -> [Int] {
        let matches = filter.matches(ends)
        usedTerms.formUnion(matches)
        return matches
    }
}
