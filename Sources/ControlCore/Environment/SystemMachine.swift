import Glibc
import Polling

extension MachineDescription {
    /// This machine, as the system describes it now. What it does not tell is left out.
    static func system() -> MachineDescription {
        var machine = MachineDescription()
        machine.hostname = systemHostname()
        machine.interfaces = systemInterfaces()
        machine.readRoutes(text(of: "/proc/net/route"))
        machine.readResolver(text(of: "/etc/resolv.conf"))
        return machine
    }

    /// Finds the default route in the system's table: interface, destination and gateway, of which the latter two are
    /// hexadecimal with the last byte first.
    mutating func readRoutes(_ table: String) {
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split { $0 == "\t" || $0 == " " }
            guard fields.count > 2, fields[1] == "00000000", let gateway = UInt32(fields[2], radix: 16) else {
                continue
            }
            defaultInterface = String(fields[0])
            self.gateway = (0..<4).map { "\(gateway >> ($0 * 8) & 0xFF)" }.joined(separator: ".")
            return
        }
    }

    /// Reads the resolver's configuration.
    mutating func readResolver(_ configuration: String) {
        for line in configuration.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            switch words.first {
            case "nameserver": nameServers += words.dropFirst().prefix(1).map(String.init)
            case "search", "domain": searchDomains = words.dropFirst().map(String.init)
            default: continue
            }
        }
    }

    /// A hardware address as programs know it; `nil` for what has none, as the loopback interface.
    static func hardwareAddress(_ text: String) -> String? {
        let parts = text.split { $0 == ":" || $0 == "\n" }
        guard parts.count == 6, parts.contains(where: { $0 != "00" }) else { return nil }
        return parts.map { $0.uppercased() }.joined(separator: "-")
    }

    /// The interfaces that have an IP address, once for each of them. A process that may not list them sees none.
    private static func systemInterfaces() -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        return sequence(first: list, next: { $0?.pointee.ifa_next }).compactMap { entry in
            guard let device = entry?.pointee, let address = address(device.ifa_addr) else { return nil }
            let name = String(cString: device.ifa_name)
            return NetworkInterface(
                name: name, address: address, subnetMask: self.address(device.ifa_netmask),
                hardwareAddress: hardwareAddress(text(of: "/sys/class/net/\(name)/address")))
        }
    }

    /// The IP address of a system's structure; `nil` for other addresses.
    private static func address(_ address: UnsafePointer<sockaddr>?) -> String? {
        guard let address else { return nil }
        // The structure is as long as its family's, or longer.
        let length =
            CInt(address.pointee.sa_family) == AF_INET6
            ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        return SocketAddress(address, length: socklen_t(length))?.ipAddress
    }

    private static func systemHostname() -> String {
        var name = [CChar](repeating: 0, count: 256)
        // The last byte stays 0, whatever the system writes.
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The beginning of a short text file; empty when there is none.
    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
