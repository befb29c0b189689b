/// What went wrong with a connection, a port or a server, for programs, pages and the log. Holds no secret.
public struct ConnectionTrouble: Equatable, Sendable {
    /// The stable word, such as `ConnectionRefused`, or the system's text.
    public let reason: String
    /// What a person needs to know beyond the reason; `nil` when that says it all.
    public let detail: String?
    /// What a person can do about it; `nil` when there is nothing to say.
    public let advice: String?
    /// The other side has refused who asks, or this side has refused it: to try again changes nothing by itself.
    public let isRefusal: Bool

    /// Describes a trouble.
    public init(_ reason: String, detail: String? = nil, advice: String? = nil, isRefusal: Bool = false) {
        self.isRefusal = isRefusal
        self.reason = reason
        self.detail = detail
        self.advice = advice
    }

    /// The device is silent, or its module says that it is gone, and the line to it may well stand.
    var isSilence: Bool { reason == Self.noResponse || self == .publishedByModule }

    private static let noResponse = "NoResponse"

    /// The reason and what is to be said beyond it.
    public var text: String { detail.map { "\(reason): \($0)" } ?? reason }
}

extension ConnectionTrouble {
    /// An attempt to connect failed.
    package init(_ failure: ConnectFailure) {
        self.init(
            failure.reason, detail: failure.detail, advice: failure.advice, isRefusal: failure.isRefusal)
    }

    /// A connection ended that this side did not close; `nil` for one that it did.
    init?(_ reason: CloseReason) {
        switch reason {
        case .local: return nil
        case .peer:
            self.init(
                "ClosedByPeer", detail: "the other side has closed the connection",
                advice: "Some devices take one client at a time, or close a connection that is idle.")
        case .failed(let text): self.init("Lost", detail: text)
        }
    }

    /// The device of a handler without a module is silent.
    static func withoutAcceptedResponse(_ sends: Int, _ hasHeard: Bool) -> ConnectionTrouble {
        ConnectionTrouble(
            noResponse, detail: "\(sends) sends without ResponseAccepted",
            advice: hasHeard
                ? "Bytes came, and the program accepted none: call ResponseAccepted for each good response."
                : nothingCame)
    }

    /// The device of a module's handler is silent.
    static func withoutAnswer(_ polls: Int, _ hasHeard: Bool) -> ConnectionTrouble {
        ConnectionTrouble(
            noResponse, detail: "\(polls) polls without an answer",
            advice: hasHeard
                ? "Bytes came, and the module says that the device is not there: does the module fit the device?"
                : nothingCame)
    }

    /// A module says that its device is gone, though the line to it stands.
    static let publishedByModule = ConnectionTrouble(
        "ModuleDisconnected", detail: "the device module says that the device is not there",
        advice: "Its own lines in the log say why.")

    /// A device without a connection is silent.
    static func withoutAnswer(of pipe: SimplePipe, _ what: String, _ hasHeard: Bool) -> ConnectionTrouble {
        let advice =
            switch pipe {
            case _ where hasHeard: "Bytes came, and none was taken as an answer."
            case .serial:
                "Nothing came at all: are the cable, the baud rate and the parity right, and is the device on?"
            case .datagrams: "Nothing came at all: are the address and the port right, and is the device on?"
            }
        return ConnectionTrouble(noResponse, detail: what, advice: advice)
    }

    private static let nothingCame =
        "Nothing came at all: is the port right, and does the device expect a login or another line end?"

    /// A serial port could not be opened.
    init(_ failure: SerialFailure, path: String) {
        switch failure {
        case .missing:
            self.init(
                "PortMissing",
                advice: "Is the adapter plugged in? 'ls -l /dev/serial/by-id' shows the ports that there are.")
        case .inUse:
            self.init("PortInUse", advice: "Another program has it: 'fuser -v \(path)' tells which.")
        case .unsupported(let what):
            self.init("Unsupported", detail: "the port cannot do \(what)")
        case .permissionDenied:
            self.init(
                "PermissionDenied",
                advice:
                    "Put the user of this program into the port's group: 'sudo usermod -aG dialout USER', and log in anew."
            )
        case .other(let text):
            self.init("CannotBeOpened", detail: text)
        }
    }

    /// A port could not be listened on.
    package init(_ failure: ListenFailure, port: Int) {
        switch failure {
        case .portUnavailable where (1..<1024).contains(port):
            self.init(
                failure.reason, detail: "port \(port) is taken, or needs a right that this process has not",
                advice: "See who listens with 'ss -ltnp'. Ports below 1024 need the capability CAP_NET_BIND_SERVICE.")
        case .portUnavailable:
            self.init(
                failure.reason, detail: "port \(port) is taken",
                advice: "Does another program listen, or this one a second time? 'ss -ltnp' tells.")
        case .interfaceUnavailable(let name):
            self.init(
                "InterfaceUnavailable", detail: name,
                advice: "lectern.yaml gives the address of '\(name)': servers: {\(name): <an address of this machine>}."
            )
        case .other: self.init(failure.reason)
        }
    }
}

extension ConnectFailure {
    /// See ``ConnectionTrouble/isRefusal``.
    var isRefusal: Bool {
        switch self {
        case .authenticationFailed, .hostKeyChanged, .hostKeyUnknown, .certificateError: true
        case .timedOut, .hostError, .connectionRefused, .hostUnreachable, .networkUnreachable, .handshakeFailed, .other:
            false
        }
    }

    /// What a person can do about it.
    var advice: String? {
        switch self {
        case .timedOut:
            "Is the device on, and is the address right? A firewall may also swallow what is sent."
        case .hostError:
            "Is the name spelt right, and does the name server of this machine know it?"
        case .connectionRefused:
            "The host is there, and nothing listens: is control over the network enabled, and is the port right?"
        case .hostUnreachable:
            "Is the device on and in this network? Check its address and the cable."
        case .networkUnreachable:
            "This machine has no way to that network: check its own address and its gateway."
        case .certificateError:
            "Name the certificate's authority or its fingerprint in lectern.yaml, under 'certificates'."
        case .authenticationFailed:
            "The password was refused: are the user and the password right?"
        case .handshakeFailed:
            "Does the port speak SSH? Devices of long ago need 'legacy: true' in lectern.yaml, under 'ssh'."
        case .hostKeyChanged, .hostKeyUnknown, .other:
            nil
        }
    }
}
