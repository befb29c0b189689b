public import ControlCore

/// Many peers, active and passive, each known by a name.
///
/// Passive peers of one port share one ``HsmsMultiPassiveServer``, which is made when the first of them comes and
/// stopped when the last has gone. Active peers need none.
public final class HsmsConnectionManager {
    /// Hears what happens to all peers, those included that are added later, before their own ``HsmsProtocol/onEvent``.
    public var onEvent: ((HsmsProtocol, HsmsEvent) -> Void)?

    /// The peers' protocols, by name.
    public private(set) var handlers: [String: HsmsProtocol] = [:]
    /// The servers of passive peers, by port.
    public private(set) var servers: [Int: HsmsMultiPassiveServer] = [:]

    /// The environment in which its peers live.
    package let environment: any Environment
    /// What peers have by default.
    public let configuration: HsmsConfiguration

    /// Makes a manager without peers.
    /// - Parameters:
    ///   - environment: the world in which the peers' connections live; all happens on its loop.
    ///   - configuration: what peers have by default; its `bindAddress` is that of all servers.
    public init(environment: any Environment, configuration: HsmsConfiguration = HsmsConfiguration()) {
        self.environment = environment
        self.configuration = configuration
    }

    /// Adds a peer and enables it. `add_peer` of secsgem.
    /// - Parameters:
    ///   - name: a name that no other peer has.
    ///   - address: the peer's address or host name.
    ///   - port: the peer's port if it is active, otherwise the one to listen on; 0…65535.
    ///   - active: whether this side makes the connection.
    ///   - sessionID: the session ID of data messages.
    ///   - configuration: `nil`: the manager's.
    ///   - environment: in which its connection lives if it is active; `nil`: the manager's.
    /// - Returns: the protocol, which is enabled. While the port of a passive peer cannot be had, it is tried again
    ///   every T5.
    /// - Throws: when a parameter is out of its range, or the name is taken.
    @discardableResult
    public func addPeer(
        name: String, address: String, port: Int, active: Bool, sessionID: UInt16,
        configuration: HsmsConfiguration? = nil, environment: (any Environment)? = nil
    ) throws(ParameterError) -> HsmsProtocol {
        guard handlers[name] == nil else {
            throw ParameterError(parameter: "name", problem: "'\(name)' is taken", allowed: "a name of its own")
        }
        let server = active ? nil : try server(on: port)
        let handler = try HsmsProtocol(
            environment: environment ?? self.environment, address: address, port: port, active: active,
            sessionID: sessionID, name: name,
            server: server, configuration: configuration ?? self.configuration)
        handler.observer = { [weak self] handler, event in self?.onEvent?(handler, event) }
        handlers[name] = handler
        if let server {
            servers[port] = server
            server.start()
        }
        handler.enable()
        return handler
    }

    /// The protocol of a peer; `nil` when there is none of that name. `has_connection_to` of secsgem.
    public func connection(to name: String) -> HsmsProtocol? {
        handlers[name]
    }

    /// The protocol of a peer; `nil` when there is none of that name.
    public subscript(name: String) -> HsmsProtocol? {
        handlers[name]
    }

    /// Disables a peer and forgets it. `remove_peer` of secsgem.
    /// - Parameters:
    ///   - name: the name under which it was added.
    ///   - completion: called once, on a later turn of the loop, when the peer has heard of its end. Nothing of the
    ///     peer or the network can delay it.
    /// - Returns: whether there was one of that name.
    @discardableResult
    public func removePeer(name: String, completion: @escaping () -> Void = {}) -> Bool {
        guard let handler = handlers.removeValue(forKey: name) else {
            environment.execute(completion)
            return false
        }
        handler.disable(completion: completion)
        guard let connection = handler.connection as? HsmsMultiPassiveConnection, let server = connection.server else {
            return true
        }
        server.removeConnection(connection)
        if server.connections.isEmpty {
            servers[server.port] = nil
            server.stop()
        }
        return true
    }

    /// Removes all peers. The manager can be used again. Idempotent.
    /// - Parameter completion: called once, on a later turn of the loop, when all peers have heard of their end.
    ///   Nothing of them or the network can delay it.
    public func stop(completion: @escaping () -> Void = {}) {
        var open = handlers.count + 1
        let oneIsGone = {
            open -= 1
            if open == 0 { completion() }
        }
        for name in handlers.keys.sorted() { removePeer(name: name, completion: oneIsGone) }
        environment.execute(oneIsGone)
    }

    private func server(on port: Int) throws(ParameterError) -> HsmsMultiPassiveServer {
        if let server = servers[port] { return server }
        return try HsmsMultiPassiveServer(environment: environment, port: port, configuration: configuration)
    }
}

extension HsmsConnectionManager: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``stop(completion:)``.
    package func close() { stop() }
}
