public import ControlCore
public import LuaRuntime
public import Polling

/// What a program runs with: `lectern.yaml`, options of the command, or an embedder's choice.
public struct ProgramConfiguration: Equatable, Sendable {
    /// What a port of a device alias is on this machine.
    public enum PortMapping: Equatable, Sendable {
        /// A character device, such as `/dev/ttyUSB0`.
        case path(String)
        /// A serial device server.
        case tcp(host: String, port: Int)
    }

    /// The files of a certificate that programs show to their peers; absolute paths, or from the folder of the process.
    public struct IdentityFiles: Equatable, Sendable {
        /// The certificate, and those of its issuers that a peer may need, in PEM form.
        public var certificate: String
        /// Its private key in PEM form; nil: the key is in the file of the certificate.
        public var key: String?
        /// A file with the passphrase of the key; nil: the key is not encrypted.
        public var passphrase: String?

        /// Bundles the files.
        public init(certificate: String, key: String? = nil, passphrase: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.passphrase = passphrase
        }
    }

    /// The path of the file that it was read from, which the program must not change; nil: it was made in another way.
    public var file: String?
    /// Whether the program's own source is not its to write: the main file, and each file in its folder whose name ends
    /// with `.lua`.
    public var isSealed = false
    /// What the program may use.
    public var limits = LuaLimits()
    /// Which libraries it sees.
    public var profile = LuaProfile.standard
    /// Where servers on the interface `Any` listen; nil: on every interface of the machine.
    public var serverAddress: String?
    /// The addresses of the interfaces `LAN` and `AVLAN`, as far as the machine has them.
    public var interfaceAddresses: [String: String] = [:]
    /// The ports of each device alias.
    public var devices: [String: [String: PortMapping]] = [:]
    /// What is known of the hardware of each device alias.
    public var processors: [String: ProcessorIdentity] = [:]
    /// The certificates that programs know by an alias.
    public var identities: [String: IdentityFiles] = [:]
    /// The files of certificates in PEM form, whose authorities programs know by an alias.
    public var authorities: [String: String] = [:]
    /// The only certificates that are accepted from certain hosts, by the name or address that programs give. Case, a
    /// final dot and the form of an address are of no account.
    public var pins: [String: [CertificateFingerprint]] = [:]
    /// Further folders whose modules `require` finds, after those of the program's own folder; absolute paths, or from
    /// the folder of the process. A program reads modules there, and nothing else.
    public var moduleFolders: [String] = []
    /// How SSH connections are opened.
    public var ssh = SSHConfiguration()
    /// Where the program's persistent values are.
    public var persistent = PersistentConfiguration()
    /// The mail server of programs that name none.
    public var mail = MailConfiguration()
    /// What is traced of what goes over the program's wires; nil: nothing is.
    public var trace: TraceConfiguration?
    /// Less severe log entries are left out.
    public var logLevel = ProgramLogEntry.Severity.info
    /// How the log looks.
    public var logFormat = ConsoleLog.Format.text
    /// Whether the program ends when its main chunk fails after its first wait, as it does before.
    public var endsOnMainError = true
    /// Whether the program ends when it has nothing left to do: no timer, connection, server, wait or task. The command
    /// `lectern run` sets it unless it is told to stay.
    public var endsWhenIdle = false
    /// Whether `lectern.yaml` has the program stay when it has nothing left to do.
    public var stays = false
    /// What the loop of the program waits with.
    public var loop = LoopChoice.auto
    /// Whether the log tells what becomes of connections, ports and servers.
    public var logsConnections = true
    /// Those whose connections the log does not tell: names, addresses, or `address:port`.
    public var quietDevices: Set<String> = []

    /// The defaults named at each property.
    public init() {}

    /// Adds a port from an option `Alias:PORT=/dev/path` or `Alias:PORT=tcp://host:port`.
    /// - Throws: ``ConfigurationError`` that says what the form is.
    public mutating func mapPort(_ text: String) throws(ConfigurationError) {
        let form = "--port '\(text)': the form is Alias:PORT=/dev/path or Alias:PORT=tcp://host:port"
        guard let equals = text.firstIndex(of: "="), let colon = text[..<equals].lastIndex(of: ":") else {
            throw ConfigurationError(form)
        }
        let alias = String(text[..<colon])
        let port = String(text[text.index(after: colon)..<equals])
        guard !alias.isEmpty, !port.isEmpty, let mapping = Self.mapping(String(text[text.index(after: equals)...]))
        else {
            throw ConfigurationError(form)
        }
        devices[alias, default: [:]][port] = mapping
    }

    /// What a path or a `tcp://` address stands for; nil when it is neither.
    static func mapping(_ text: String) -> PortMapping? {
        if text.hasPrefix("tcp://") {
            let rest = text.dropFirst(6)
            guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
                (1...65_535).contains(port), colon > rest.startIndex
            else { return nil }
            return .tcp(host: String(rest[..<colon]), port: port)
        }
        return text.hasPrefix("/") && text.count > 1 ? .path(text) : nil
    }

    /// The only certificates that are accepted from `host`, however it is spelled; `nil`: any that are trusted.
    func pins(of host: String) -> [CertificateFingerprint]? {
        let found = pins.filter { HostName.areSame($0.key, host) }
        return found.isEmpty ? nil : found.flatMap(\.value)
    }

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
