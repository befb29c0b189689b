/// What a program may learn of the machine that it runs on.
public struct MachineDescription: Equatable, Sendable {
    /// One address of one network interface.
    public struct NetworkInterface: Equatable, Sendable {
        /// The system's name of it, such as `eth0`.
        public var name: String
        /// Its IP address.
        public var address: String
        /// The part of the address that names the network, as an IP address; `nil` when the system does not tell.
        public var subnetMask: String?
        /// Its hardware address with hyphens, such as `02-42-AC-11-00-02`; `nil` when it has none.
        public var hardwareAddress: String?

        /// Describes an interface.
        public init(name: String, address: String, subnetMask: String? = nil, hardwareAddress: String? = nil) {
            self.name = name
            self.address = address
            self.subnetMask = subnetMask
            self.hardwareAddress = hardwareAddress
        }
    }

    /// The machine's own name.
    public var hostname = ""
    /// The interfaces that have an address and are up, in the system's order; one with several addresses is there for
    /// each.
    public var interfaces: [NetworkInterface] = []
    /// The name of the interface through which everything goes that has no route of its own.
    public var defaultInterface: String?
    /// The router behind it.
    public var gateway: String?
    /// Who resolves names, in their order.
    public var nameServers: [String] = []
    /// What is appended to short names.
    public var searchDomains: [String] = []

    /// Describes a machine of which nothing is known.
    public init() {}

    /// The interface that has `address`; with `nil` the IPv4 one of the default route, else the first of IPv4 that
    /// leaves the machine.
    public func interface(at address: String?) -> NetworkInterface? {
        if let address { return interfaces.first { $0.address == address } }
        let candidates = interfaces.filter { !$0.address.contains(":") && !$0.address.hasPrefix("127.") }
        return candidates.first { $0.name == defaultInterface } ?? candidates.first
    }
}
