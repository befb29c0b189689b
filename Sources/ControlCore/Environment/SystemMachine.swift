import Glibc
import NIOCore

extension MachineDescription {
    /// This machine, as the system describes it now. What it does not tell is left out.
    static func system() -> MachineDescription {
        var machine = MachineDescription()
        machine.hostname = systemHostname()
        // A process that may not list its interfaces sees none.
        for device in (try? System.enumerateDevices()) ?? [] {
            guard let address = device.address?.ipAddress else { continue }
            machine.interfaces.append(
                NetworkInterface(
                    name: device.name, address: address, subnetMask: device.netmask?.ipAddress,
                    hardwareAddress: hardwareAddress(text(of: "/sys/class/net/\(device.name)/address"))))
        }
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
