internal import ControlCore
internal import LuaRuntime

/// What both servers are told first: where to listen, and for what.
struct ListeningPlace {
    let port: Parameter<Int>
    let networkProtocol: Parameter<NetworkProtocol>
    let interface: Parameter<String>

    init(_ parameters: inout ParameterList) {
        port = parameters.required("IPPort", .integer(0...65_535), "The port; 0 lets the system choose.")
        networkProtocol = parameters.optional("Protocol", .oneOf([.tcp, .udp]), default: .tcp, "What is served.")
        interface = parameters.optional(
            "Interface", .oneOf(["Any", "LAN", "AVLAN"]), default: "Any", "Where to listen.")
    }
}

extension BindingContext {
    /// Warns, once for each, of an interface that a program names and that the configuration knows no address of: a
    /// server cannot listen there, and `StartListen` says no more than that.
    /// - Parameter interface: `Any`, `LAN` or `AVLAN`.
    func warnUnlessConfigured(interface: String) {
        guard interface != "Any", configuration.interfaceAddresses[interface] == nil else { return }
        let example = environment.machine.interface(at: nil)?.address ?? "192.168.1.10"
        warnOnce(
            "interface \(interface)",
            "no server can listen on the interface '\(interface)': lectern.yaml does not say which address of this machine that "
                + "is. Write  servers: {\(interface): \(example)}  or leave out Interface to listen on all")
    }
}
