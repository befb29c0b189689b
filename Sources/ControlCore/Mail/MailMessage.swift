/// A mail as it goes to a server.
public struct MailMessage: Sendable {
    /// Who sends it.
    public var sender: MailAddress
    /// Whom it is for.
    public var to: [MailAddress]
    /// Who gets a copy, and is named.
    public var cc: [MailAddress] = []
    /// Who gets a copy, and is not named.
    public var bcc: [MailAddress] = []
    /// What it is about.
    public var subject = ""
    /// The text: UTF-8, or else Latin-1.
    public var text: [UInt8]

    /// Bundles what a mail must have.
    public init(sender: MailAddress, to: [MailAddress], text: [UInt8]) {
        self.sender = sender
        self.to = to
        self.text = text
    }

    /// All who get it, each address once.
    var recipients: [String] {
        var seen: Set<String> = []
        return (to + cc + bcc).map(\.address).filter { seen.insert($0).inserted }
    }

    /// The headers and the text, in lines that end with CR LF, as RFC 5322 has them.
    /// - Parameters:
    ///   - unixTime: when it is sent, in seconds since 1970 UTC.
    ///   - timeZone: the zone in which it says so.
    ///   - random: tells it from all others.
    func bytes(unixTime: Int64, in timeZone: any LocalTimeZone, random: UInt64) -> [UInt8] {
        let body = MailBody(text)
        var headers = "Date: \(Self.date(unixTime, timeZone))\r\n"
        headers += Self.addresses("From", [sender])
        if !to.isEmpty { headers += Self.addresses("To", to) }
        if !cc.isEmpty { headers += Self.addresses("Cc", cc) }
        if to.isEmpty && cc.isEmpty { headers += "To: undisclosed-recipients:;\r\n" }
        headers += HeaderText.line("Subject", subject)
        headers += "Message-ID: <\(String(unixTime, radix: 36)).\(String(random, radix: 36))@\(sender.domain)>\r\n"
        return Array((headers + body.headers + "\r\n").utf8) + body.bytes
    }

    private static func addresses(_ name: String, _ addresses: [MailAddress]) -> String {
        let shown = addresses.map { address in
            address.name.map { "\(HeaderText.phrase($0)) <\(address.address)>" } ?? address.address
        }
        return "\(name): \(shown.joined(separator: ",\r\n "))\r\n"
    }

    private static func date(_ unixTime: Int64, _ timeZone: any LocalTimeZone) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let time = CivilTime(unixTime: unixTime, in: timeZone)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let minutes = timeZone.secondsFromUTC(at: unixTime) / 60
        let zone = "\(minutes < 0 ? "-" : "+")\(two(abs(minutes) / 60))\(two(abs(minutes) % 60))"
        return "\(time.weekday.name.prefix(3)), \(time.day) \(months[time.month - 1]) \(time.year) "
            + "\(two(time.hour)):\(two(time.minute)):\(two(time.second)) \(zone)"
    }
}
