/// A page of the reference: what of the Lua interface it shows.
struct ReferenceSubject: Sendable {
    /// The page's file in `docs/reference`, without its ending.
    let name: String
    let title: String
    /// What stands between the title and the contents.
    let introduction: String
    /// Classes, in this order.
    let classes: [String]
    /// Functions by name; one that ends with a dot stands for all of a global table, one with a star for all that begin
    /// so.
    let functions: [String]
    /// Whether the methods of strings are here.
    var hasStrings = false

    /// Whether a function is of this page.
    func has(function name: String) -> Bool {
        functions.contains { known in
            known == name || known.hasSuffix(".") && name.hasPrefix(known)
                || known.hasSuffix("*") && name.hasPrefix(known.dropLast())
        }
    }

    /// All pages, in the order of the index. A test sees that each class and function is in just one.
    static let all: [ReferenceSubject] = [
        ReferenceSubject(
            name: "interfaces", title: "Interfaces",
            introduction:
                "Connections to devices and from clients: TCP, UDP, SSH and serial ports. The [guide](../guide.md) tells how to "
                + "use them.",
            classes: [
                "EthernetClientInterface", "SerialInterface", "EthernetServerInterfaceEx", "ClientObject",
                "EthernetServerInterface",
            ], functions: ["Ping", "WakeOnLan"]),
        ReferenceSubject(
            name: "connection-handlers", title: "Connection handlers",
            introduction:
                "Connection handlers keep devices connected. [Connection handlers](../connection-handlers.md) tells how to use "
                + "them, and [Device modules](../device-modules.md) how to write a module.",
            classes: [
                "ConnectionHandler", "RawTcpHandler", "RawSimplePipeHandler", "ModuleTcpHandler",
                "ModuleSimplePipeHandler", "ServerExHandler", "DeviceClass",
            ], functions: ["GetConnectionHandler", "DeviceModule", "ModuleVersion"]),
        ReferenceSubject(
            name: "time", title: "Timers, waits and clocks",
            introduction: "These call a function at a time, or again and again.",
            classes: ["Timer", "Wait", "Clock"], functions: ["GetSystemUpTime", "time."]),
        ReferenceSubject(
            name: "program", title: "The program and its machine",
            introduction: "Classes and events of Lua, the program's log and end, and the machine that it runs on.",
            classes: ["ProcessorDevice", "MESet"],
            functions: [
                "class", "isinstance", "event", "persistent", "ProgramLog", "SaveProgramLog", "ExitProgram", "Platform",
                "Version",
            ]),
        ReferenceSubject(
            name: "strings", title: "Strings and bytes",
            introduction: "Strings hold bytes. Checksums and hexadecimal digits are functions; the rest are methods.",
            classes: [], functions: ["checksum.", "hex."], hasStrings: true),
        ReferenceSubject(
            name: "json", title: "JSON",
            introduction:
                "Values as text, and back. The [guide](../guide.md#json) tells what becomes of what, and what is an error.",
            classes: [], functions: ["json."]),
        ReferenceSubject(
            name: "http", title: "HTTP",
            introduction:
                "Requests to devices with a web server. The [guide](../guide.md#http) tells how to use them.",
            classes: ["HttpResponse", "HttpHeaders", "HttpStream", "HttpSession"], functions: ["http."]),
        ReferenceSubject(
            name: "bytes-libraries", title: "struct, base64, hashes and randomness",
            introduction:
                "Libraries of Python for bytes. [Python's libraries](../python-libraries.md) tells how to use them.",
            classes: [],
            functions: ["struct.", "base64.", "binascii.", "hashlib.", "hmac.", "secrets.", "uuid."]),
        ReferenceSubject(
            name: "dates", title: "Dates and times",
            introduction:
                "`datetime` and `calendar` of Python. [Python's libraries](../python-libraries.md) tells how to use them; "
                + "`time` is on the page on [timers](time.md).",
            classes: [], functions: ["datetime.", "calendar."]),
        ReferenceSubject(
            name: "collections", title: "collections, csv, random and math",
            introduction:
                "More libraries of Python. [Python's libraries](../python-libraries.md) tells how to use them. `math` has "
                + "Lua's functions, too.",
            classes: [], functions: ["collections.", "csv.", "random.", "math."]),
        ReferenceSubject(
            name: "regular-expressions", title: "Regular expressions",
            introduction:
                "Patterns with Python's syntax and names, on bytes. [Compatibility](../compatibility.md#regular-expressions) "
                + "lists the differences from Python.",
            classes: ["Pattern", "Match"], functions: ["re."]),
        ReferenceSubject(
            name: "files", title: "Files", introduction: "Files of the program's folder, by Python's names.",
            classes: ["File", "RFile"], functions: ["File.", "RFile."]),
        ReferenceSubject(
            name: "mail", title: "Mail",
            introduction:
                "Mail by SMTP, by the names of ControlScript. The [guide](../guide.md#mail) tells how to use it.",
            classes: ["Email"], functions: []),
        ReferenceSubject(
            name: "instruments", title: "TCPInterface",
            introduction: "Drivers for instruments, as in SOCS. [TCPInterface](../socs.md) tells how to write one.",
            classes: ["TCPInterface", "TCPConnection"], functions: []),
        ReferenceSubject(
            name: "hsms", title: "HSMS connections",
            introduction: "SEMI E37 connections and their messages. [HSMS](../hsms.md) tells how to use them.",
            classes: [
                "HsmsConnection", "HsmsActiveConnection", "HsmsPassiveConnection", "HsmsMultiPassiveConnection",
                "HsmsMultiPassiveServer", "HsmsConnectionManager", "HsmsProtocol", "HsmsPacket", "HsmsHeader",
            ], functions: ["Hsms*"]),
        ReferenceSubject(
            name: "secs", title: "SECS-II items and messages",
            introduction:
                "The content of messages, and how to send and answer them. See [HSMS](../hsms.md).",
            classes: ["SecsItem", "SecsMessage", "SecsRequest", "SecsHandler"],
            functions: ["SecsItem.", "SecsMessage."]),
        ReferenceSubject(
            name: "gem", title: "GEM",
            introduction: "SEMI E30 hosts and equipment. [HSMS](../hsms.md) tells how to use them.",
            classes: ["GemHandler", "GemHostHandler", "GemEquipmentHandler", "GemCommand"], functions: []),
    ]
}
