/// What a program calls the object whose wires these are: an interface, a server, a connection.
///
/// A trace shows the first name, and finds wires by all of them. Further ones may come later, as that of a connection
/// handler.
final class WireNames {
    /// How many names there may be, and how many hosts with names of their own.
    private static let limit = 1000

    /// The names, without repeats.
    private(set) var all: [String] = []
    /// What the program calls some of the hosts that connect to a server, by name or address.
    private var peers: [String: [String]] = [:]

    func add(_ names: [String]) {
        for name in names where all.count < Self.limit && !all.contains(name) { all.append(name) }
    }

    /// Adds names for what one host opens.
    func add(_ names: [String], ofPeer host: String) {
        let host = host.lowercased()
        var known = peers[host] ?? []
        guard known.count < Self.limit, peers.count < Self.limit || !known.isEmpty else { return }
        for name in names where !known.contains(name) { known.append(name) }
        peers[host] = known
    }

    /// The names of what one of these hosts has opened.
    func names(ofPeer hosts: [String]) -> [String] {
        peers.isEmpty ? [] : hosts.flatMap { peers[$0.lowercased()] ?? [] }
    }
}
