internal import ControlCore
internal import LuaRuntime

extension ProgramConfiguration {
    /// Where `port` of the device `alias` is on this machine.
    /// - Throws: a ValueError that says how to map it.
    func serialPort(_ port: String, of alias: String) throws(LuaFault) -> SerialPortAddress {
        switch devices[alias]?[port] {
        case .path(let path): return .device(path: path)
        case .tcp(let host, let port): return .server(host: host, port: port)
        case nil:
            let ports = (devices[alias] ?? [:]).keys.sorted()
            let known = ports.isEmpty ? "" : " (mapped: \(ports.joined(separator: ", ")))"
            throw LuaFault(
                .valueError,
                "port '\(port)' of '\(alias)' is not mapped to this machine\(known): run with "
                    + "--port \(alias):\(port)=/dev/ttyUSB0 or --port \(alias):\(port)=tcp://host:port, or add to "
                    + "lectern.yaml: devices: {\(alias): {ports: {\(port): {path: /dev/ttyUSB0}}}}")
        }
    }
}
