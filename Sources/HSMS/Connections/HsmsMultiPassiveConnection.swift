import ControlCore

/// An HSMS connection that the peer makes, to the port of an ``HsmsMultiPassiveServer``, whose
/// ``HsmsMultiPassiveServer/createConnection(address:port:sessionID:delegate:configuration:)`` makes it.
///
/// While it is not enabled, the server closes its peer at once.
public final class HsmsMultiPassiveConnection: HsmsConnection {
    /// The server that it belongs to.
    public private(set) weak var server: HsmsMultiPassiveServer?
    let expected: HsmsExpectedPeer

    init(
        server: HsmsMultiPassiveServer, address: String, port: Int, sessionID: UInt16,
        delegate: (any HsmsConnectionDelegate)?, configuration: HsmsConfiguration
    ) throws(ParameterError) {
        self.server = server
        expected = HsmsExpectedPeer(address)
        try super.init(
            environment: server.environment, address: address, port: port, sessionID: sessionID, delegate: delegate,
            configuration: configuration)
    }

    /// Whether it can take a peer that connects now.
    var hasRoom: Bool { isEnabled && channel == nil }

    /// Whether a peer that connects now takes the place of the one that is connected.
    var isReplaceable: Bool { isEnabled && configuration.duplicatePolicy == .replace }

    /// Takes a peer into service.
    func serve(_ transport: any StreamTransport) {
        adopt(transport)
    }
}
