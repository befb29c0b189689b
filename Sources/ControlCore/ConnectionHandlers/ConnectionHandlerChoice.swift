/// Which connection handler an object gets.
public enum ConnectionHandlerKind: Equatable, Sendable {
    /// ``RawTcpHandler``
    case rawTcp
    /// ``ServerExHandler``
    case serverEx
}

/// The object that a program wants a connection handler for.
public enum ConnectionHandlerSubject: Equatable, Sendable {
    /// An ``EthernetClientInterface`` or what derives from it.
    case ethernetClient(NetworkProtocol)
    /// An ``EthernetServerInterfaceEx`` or what derives from it.
    case ethernetServerEx(NetworkProtocol)
    /// Anything else, by the name of its type.
    case other(String)
}

/// What a program gave as the keep-alive query.
public enum KeepAliveQueryKind: Equatable, Sendable {
    /// Nothing.
    case none
    /// Something that can be called.
    case callable
    /// The name of a module's command.
    case named(String)
    /// Anything else, by the name of its type.
    case other(String)
}

/// Why an object gets no connection handler.
public enum ConnectionHandlerChoiceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The object is of the wrong type: a program's TypeError.
    case unsupportedType(String)
    /// A parameter has a wrong value: a program's ValueError.
    case invalidValue(String)

    /// The whole as one line, for messages.
    public var description: String {
        switch self {
        case .unsupportedType(let text), .invalidValue(let text): text
        }
    }
}

/// Decides which handler `subject` gets, before anything is made.
///
/// A server needs no query, and one that is given is not looked at.
/// - Throws: ``ConnectionHandlerChoiceError/unsupportedType(_:)`` for an object that no handler is for, UDP servers
///   included; ``ConnectionHandlerChoiceError/invalidValue(_:)`` for a client without a usable query.
public func connectionHandlerKind(
    for subject: ConnectionHandlerSubject,
    keepAliveQuery: KeepAliveQueryKind
) throws(ConnectionHandlerChoiceError) -> ConnectionHandlerKind {
    switch subject {
    case .ethernetServerEx(.udp):
        throw .unsupportedType("a UDP server has no connections to handle: use EthernetServerInterfaceEx by itself")
    case .ethernetServerEx:
        return .serverEx
    case .other(let type):
        throw .unsupportedType("no connection handler is for a \(type)")
    case .ethernetClient(let networkProtocol):
        switch keepAliveQuery {
        case .callable:
            break
        case .none:
            throw .invalidValue("keepAliveQuery is missing: a client needs a function that asks the device something")
        case .named(let name):
            throw .invalidValue("keepAliveQuery '\(name)' names a command, but the interface is no device module")
        case .other(let type):
            throw .invalidValue("keepAliveQuery is a \(type): it must be a function")
        }
        guard networkProtocol != .udp else {
            throw .invalidValue("this build has no connection handler for UDP clients")
        }
        return .rawTcp
    }
}
