internal import ControlCore
internal import HSMS
internal import LuaRuntime

// What a trace needs to know of the program's names. Without a trace nothing here does anything.

extension BindingContext {
    /// The environment for an object that a call makes, by which a trace knows its wires by the program's names of it.
    /// - Parameters:
    ///   - name: by which it is known beside these.
    ///   - parent: the environment of what the new object belongs to, whose names are its names, too.
    func environment(
        forNewOf call: LuaCall, name: String? = nil, in parent: (any Environment)? = nil
    ) -> any Environment {
        guard let trace = parent as? TracedEnvironment ?? trace else { return environment }
        return trace.owned(by: names(name, of: call))
    }

    /// Lets a trace know the wires of an interface, a server or a connection also by what the program calls that which
    /// a call makes for it: a connection handler, for instance.
    func alsoName(_ object: AnyObject, byNewOf call: LuaCall) {
        guard trace != nil, let environment = environment(of: object) else { return }
        environment.add(names(nil, of: call))
        if let connection = (object as? HsmsProtocol)?.connection as? HsmsMultiPassiveConnection,
            let server = connection.server
        {
            name(peer: connection.address, of: server, byNewOf: call)
        }
    }

    /// Lets a trace know what one peer opens to a server by the program's names of that peer.
    /// - Parameter address: the peer's; with none, or one that stands for all, the names are for all that is opened.
    func name(peer address: String, of server: HsmsMultiPassiveServer, name: String? = nil, byNewOf call: LuaCall) {
        guard trace != nil, let environment = environment(of: server) else { return }
        let names = names(name, of: call)
        if address.isEmpty || address == "0.0.0.0" {
            environment.add(names)
        } else {
            environment.add(names, ofPeer: address)
        }
    }

    private func names(_ name: String?, of call: LuaCall) -> [String] {
        let name = name.flatMap { $0.isEmpty ? nil : $0 }
        return [name].compactMap { $0 } + connections.namesOfNew(call)
    }

    private func environment(of object: AnyObject) -> TracedEnvironment? {
        let environment: (any Environment)? =
            switch object {
            case let client as EthernetClientInterface: client.environment
            case let server as EthernetServerInterfaceEx: server.environment
            case let port as SerialInterface: port.environment
            case let server as HsmsMultiPassiveServer: server.environment
            case let hsms as HsmsProtocol: hsms.environment
            default: nil
            }
        return environment as? TracedEnvironment
    }
}
