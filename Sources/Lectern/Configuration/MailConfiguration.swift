/// The mail server of programs that name none: the section `mail` of `lectern.yaml`.
public struct MailConfiguration: Equatable, Sendable {
    /// The server's name or IP address; nil: programs name one.
    public var server: String?
    /// Its port; nil: the usual one.
    public var port: Int?
    /// Who logs in; nil: nobody.
    public var username: String?
    /// The path of a file with the password.
    public var passwordFile: String?
    /// Whether the connection is protected by TLS; nil: where the server offers it.
    public var usesTLS: Bool?

    /// No server.
    public init() {}
}

extension ConfigurationReader {
    /// Sets what the section sets. Paths are from the folder of the configuration's file.
    mutating func mail(_ node: YAMLNode, _ mail: inout MailConfiguration) {
        for (key, value) in entries(node, ["server", "port", "username", "passwordFile", "ssl"], of: "'mail'") {
            switch key {
            case "server": set(&mail.server, string(value, key))
            case "port": set(&mail.port, count(value, key, 1...65_535))
            case "username": set(&mail.username, string(value, key))
            case "passwordFile": set(&mail.passwordFile, string(value, key).map(path))
            default: set(&mail.usesTLS, boolean(value, key))
            }
        }
    }
}
