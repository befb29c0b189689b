internal import ControlCore
internal import Glibc
internal import LuaRuntime

/// The table `SystemSettings` of a processor: what the machine tells of its network, and what runs on it.
struct SystemSettings: LuaPushable {
    let machine: MachineDescription
    /// The addresses of the interfaces LAN and AVLAN, as far as the configuration gives them.
    let addresses: [String: String]
    let alias: String

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("Network", Network(settings: self))
        stack.set("ProgramInformation", ProgramInformation(alias: alias))
    }

    private struct Network: LuaPushable {
        let settings: SystemSettings

        func push(onto stack: LuaStack) {
            stack.pushTable(fields: 2)
            let machine = settings.machine
            stack.set("LAN", Interface(machine: machine, address: settings.addresses["LAN"]))
            if let address = settings.addresses["AVLAN"] {
                stack.set("AVLAN", Interface(machine: machine, address: address))
            }
        }
    }

    private struct Interface: LuaPushable {
        let machine: MachineDescription
        let address: String?

        func push(onto stack: LuaStack) {
            let interface = machine.interface(at: address)
            stack.pushTable(fields: 6)
            stack.set("Hostname", machine.hostname)
            stack.set("IPAddress", address ?? interface?.address)
            stack.set("SubnetMask", interface?.subnetMask)
            stack.set("Gateway", interface?.name == machine.defaultInterface ? machine.gateway : nil)
            stack.set("DNSServers", machine.nameServers)
            stack.set("SearchDomains", machine.searchDomains)
        }
    }

    private struct ProgramInformation: LuaPushable {
        let alias: String

        func push(onto stack: LuaStack) {
            stack.pushTable(fields: 2)
            stack.set("DeviceName", alias)
            stack.set("SoftwareVersion", LecternVersion.current)
        }
    }
}

/// How much of the file system of a folder is used and how much there is, in KB; `nil` when the system does not tell.
func fileSystemUsage(of folder: String) -> [Int]? {
    var usage = statvfs()
    guard statvfs(folder, &usage) == 0 else { return nil }
    let total = Int(usage.f_blocks) * Int(usage.f_frsize) / 1024
    return [total - Int(usage.f_bfree) * Int(usage.f_frsize) / 1024, total]
}
