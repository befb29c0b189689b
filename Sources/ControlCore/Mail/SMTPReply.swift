internal import ByteText

/// What a mail server answers: a number of three digits, and one line of text or several.
struct SMTPReply: Equatable {
    let code: Int
    let lines: [String]

    /// The lines that a reply may have, the bytes of a line, and of all lines.
    static let lineLimit = 200
    static let lineBytes = 4_096
    static let totalBytes = 64 << 10

    /// For messages: one line, not longer than a line of a log should be.
    var text: String {
        let text = "\(code) \(lines.filter { !$0.isEmpty }.joined(separator: " "))".oneLine
        return text.count > 300 ? text.prefix(300) + "…" : text
    }
}

/// Makes replies of what arrives, however it is cut.
struct SMTPReplyParser {
    /// What is no reply.
    struct Garbage: Error, Equatable {
        let problem: String
    }

    private var bytes: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []
    private var total = 0

    /// Whether nothing has arrived that belongs to a reply to come.
    var isEmpty: Bool { bytes.isEmpty && code == nil }

    mutating func add(_ more: some Sequence<UInt8>) { bytes += more }

    /// The next reply that is whole; nil: there is none yet.
    mutating func next() throws(Garbage) -> SMTPReply? {
        while let end = bytes.firstIndex(of: 0x0A) {
            var line = bytes[..<end]
            if line.last == 0x0D { line = line.dropLast() }
            let text = String(rawBytes: line).showingRawBytes
            let isLast = line.count == 3 || line.dropFirst(3).first == UInt8(ascii: " ")
            let digits = Array(line.prefix(3))
            let length = line.count
            bytes.removeSubrange(...end)
            guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let found = Int(String(decoding: digits, as: UTF8.self)), code == nil || code == found,
                isLast || text.dropFirst(3).first == "-"
            else {
                throw Garbage(
                    problem: "the server sent '\(text.prefix(80).description.oneLine)', which is no reply of SMTP")
            }
            total += length
            guard length <= SMTPReply.lineBytes, total <= SMTPReply.totalBytes, lines.count < SMTPReply.lineLimit else {
                throw Garbage(problem: "the server's reply is too long")
            }
            code = found
            lines.append(String(text.dropFirst(4)))
            guard isLast else { continue }
            defer { (code, lines, total) = (nil, [], 0) }
            return SMTPReply(code: found, lines: lines)
        }
        guard bytes.count <= SMTPReply.lineBytes else { throw Garbage(problem: "the server's reply is too long") }
        return nil
    }
}
