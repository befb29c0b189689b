/// An error that a host function raises in Lua: an error value with `kind` and `message`.
public struct LuaFault: Error, Equatable, Sendable {
    /// What kind of mistake it is, in the words of the mimicked environment.
    public enum Kind: String, Sendable, CaseIterable {
        /// An argument of the wrong type.
        case typeError = "TypeError"
        /// An argument of the right type with a value that is not accepted.
        case valueError = "ValueError"
        /// The outside world does not allow it: a closed connection, a port in use, a file that is not there.
        case ioError = "IOError"
        /// A name that the object does not have, or one that cannot be written.
        case attributeError = "AttributeError"
        /// A connection that broke or could not be made.
        case connectionError = "ConnectionError"
        /// A key that a table does not have.
        case keyError = "KeyError"
        /// A position or group that does not exist.
        case indexError = "IndexError"
        /// A call that is not possible at this moment or place.
        case runtimeError = "RuntimeError"
        /// A module that is missing, circular or not loadable.
        case importError = "ImportError"
    }

    /// The kind, which programs read as `err.kind`.
    public var kind: Kind

    /// One line: what was wrong, where, and what to do.
    public var message: String

    /// - Parameters:
    ///   - kind: what kind of mistake it is.
    ///   - message: one line that says what was wrong and what to do.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
