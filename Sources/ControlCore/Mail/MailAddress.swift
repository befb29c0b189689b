internal import ByteText

/// Where mail comes from or goes to: `room5@example.org`, perhaps with a name for people: `Room 5 <room5@example.org>`.
public struct MailAddress: Hashable, Sendable {
    /// The address alone.
    public let address: String
    /// The name; nil: there is none.
    public let name: String?

    /// The most bytes of an address, as RFC 5321 has them.
    static let limit = 254
    /// The most bytes of a name.
    static let nameLimit = 200

    /// Reads an address.
    /// - Throws: ``ParameterError`` when it is none, or has what could pass for a header of its own.
    public init(_ text: String, parameter: String) throws(ParameterError) {
        func refuse(_ problem: String) -> ParameterError {
            ParameterError(
                parameter: parameter, problem: "\(problem), got '\(String(text.prefix(100)).showingRawBytes.oneLine)'",
                allowed: "an address such as room5@example.org or Room 5 <room5@example.org>")
        }
        guard text.utf8.count <= Self.limit + Self.nameLimit + 16 else { throw refuse("is too long") }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw refuse("has a line end or another control character")
        }
        guard text.showingRawBytes == text else { throw refuse("is not UTF-8") }
        var address = Substring(text)
        var name: String?
        if text.hasSuffix(">"), let start = text.lastIndex(of: "<") {
            address = text[text.index(after: start)...].dropLast()
            var given = Self.trimmed(text[..<start])
            if given.count >= 2, given.hasPrefix("\""), given.hasSuffix("\"") { given = given.dropFirst().dropLast() }
            if !given.isEmpty { name = String(given) }
        }
        guard (name?.utf8.count ?? 0) <= Self.nameLimit else {
            throw refuse("has a name of more than \(Self.nameLimit) bytes")
        }
        address = Self.trimmed(address)
        guard address.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw refuse("has other characters than ASCII in the address")
        }
        guard let at = address.lastIndex(of: "@"), Self.isLocalPart(address[..<at]),
            Self.isDomain(address[address.index(after: at)...]), address.utf8.count <= Self.limit
        else { throw refuse("is no address") }
        self.address = String(address)
        self.name = name
    }

    /// What follows the `@`.
    var domain: Substring {
        address[(address.lastIndex(of: "@").map { address.index(after: $0) } ?? address.startIndex)...]
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func isLocalPart(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                (0x21...0x7E).contains(byte) && !"()<>[]:;@\\,\"".utf8.contains(byte)
            }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        guard let first = text.utf8.first else { return false }
        let isLiteral = first == UInt8(ascii: "[") && text.utf8.last == UInt8(ascii: "]") && text.utf8.count > 2
        let inner = isLiteral ? text.dropFirst().dropLast() : text
        return inner.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): isLiteral
            default: false
            }
        }
    }
}

extension String {
    /// The text without control characters: a message is one line, whatever a peer sends.
    var oneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
