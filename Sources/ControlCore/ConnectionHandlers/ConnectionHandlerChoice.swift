/// Which connection handler an object gets.
public enum ConnectionHandlerKind: String, Sendable {
    /// ``RawSimplePipeHandler``
    case rawSimplePipe
    /// ``ModuleSimplePipeHandler``
    case moduleSimplePipe
    /// ``RawTcpHandler``
    case rawTcp
    /// ``ModuleTcpHandler``
    case moduleTcp
    /// ``ServerExHandler``
    case serverEx
}

/// The interface that a program wants a connection handler for: the object itself, or what a device module has.
public enum ConnectionHandlerSubject: Equatable, Sendable {
    /// A ``SerialInterface`` or what derives from it.
    case serial
    /// An ``EthernetClientInterface`` or what derives from it.
    case ethernetClient(NetworkProtocol)
    /// An ``EthernetServerInterfaceEx`` or what derives from it.
    case ethernetServerEx(NetworkProtocol)
    /// An ``EthernetServerInterface`` or what derives from it.
    case ethernetServer
    /// Anything else, by the name of its type.
    case other(String)
}

/// What a program gave as the keep-alive query.
public enum KeepAliveQueryKind: Equatable, Sendable {
    /// Nothing.
    case none
    /// Something that can be called.
    case callable
    /// The name of a command that the device module knows how to ask for.
    case command(String)
    /// A name that the device module does not know, with those that it knows.
    case unknownCommand(String, known: [String])
    /// A name, but the object is no device module.
    case commandOfNoModule(String)
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
/// A server needs no query, and one that is given is not looked at. A callable query makes a raw handler, of a device
/// module too; the name of a command makes a module handler.
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
    case .ethernetServer:
        throw .unsupportedType("EthernetServerInterface serves one client only: use EthernetServerInterfaceEx")
    case .other(let type):
        throw .unsupportedType(
            "no connection handler is for a \(type): it must be an interface, or a device module that is one or has one "
                + "in its field Interface")
    case .serial, .ethernetClient(.udp):
        return try isForModule(keepAliveQuery) ? .moduleSimplePipe : .rawSimplePipe
    case .ethernetClient:
        return try isForModule(keepAliveQuery) ? .moduleTcp : .rawTcp
    }
}

private func isForModule(_ query: KeepAliveQueryKind) throws(ConnectionHandlerChoiceError) -> Bool {
    switch query {
    case .callable:
        return false
    case .command:
        return true
    case .none:
        throw .invalidValue(
            "keepAliveQuery is missing: it must be a function that asks the device something, or the name of a command "
                + "of a device module")
    case .unknownCommand(let name, let known) where known.isEmpty && ["", "ConnectionStatus"].contains(name):
        throw .invalidValue(
            "keepAliveQuery '\(name)' is nothing that a device can be asked for: give the name of one of the device module's "
                + "commands")
    case .unknownCommand(let name, let known):
        throw .invalidValue(
            known.isEmpty
                ? "keepAliveQuery '\(name)' is no command of the device module, which has neither Update nor "
                    + "Update\(name)"
                : "keepAliveQuery '\(name)' is no command of the device module; it has "
                    + known.joined(separator: ", "))
    case .commandOfNoModule(let name):
        throw .invalidValue(
            "keepAliveQuery '\(name)' names a command, but the interface is no device module: give a function")
    case .other(let type):
        throw .invalidValue(
            "keepAliveQuery is a \(type): it must be a function, or the name of a command of a device module")
    }
}
