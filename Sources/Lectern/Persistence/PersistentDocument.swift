internal import LuaRuntime

/// The file of persistent values: a text of JSON that people can read, with a checksum at its end.
///
///     {"lectern": "persistent values", "version": 1, "values": {
///     "presets": [1,2,3],
///     "settings": {"volume":20}
///     }, "check": "1a2b3c4d"}
///
/// Whoever changes it by hand takes the member `check` out.
struct PersistentDocument {
    private static let version = 1
    private static let checkMember = Array("}, \"check\": \"".utf8)
    private static let checkDigits = 8
    private static let end = Array("\"}\n".utf8)

    /// The text of each value, by name.
    private(set) var values: [String: [UInt8]] = [:]

    /// Reads a file.
    init(_ bytes: [UInt8]) throws(StoredTextDamage) {
        var scanner = StoredTextScanner(bytes)
        var isOurs = false
        guard try scanner.next() == .object else { throw StoredTextDamage("it is no object") }
        var isFirst = true
        while try scanner.hasMember(isFirst: isFirst) {
            isFirst = false
            switch String(decoding: try scanner.name(), as: UTF8.self) {
            case "lectern": isOurs = try scanner.stringValue() == Array("persistent values".utf8)
            case "version":
                let range = try scanner.skipValue()
                guard scanner[range].elementsEqual("\(Self.version)".utf8) else {
                    throw StoredTextDamage("it is of another version of Lectern")
                }
            case "values": values = try Self.values(&scanner)
            case "check":
                guard try scanner.stringValue() == Self.check(bytes) else {
                    throw StoredTextDamage(
                        "its checksum is wrong; whoever changes it by hand takes the member \"check\" out")
                }
            default: throw StoredTextDamage("it has a member that is not known")
            }
        }
        try scanner.expectEnd()
        guard isOurs else { throw StoredTextDamage("it is none of persistent values") }
    }

    private static func values(_ scanner: inout StoredTextScanner) throws(StoredTextDamage) -> [String: [UInt8]] {
        guard try scanner.next() == .object else { return [:] }
        var values: [String: [UInt8]] = [:]
        var isFirst = true
        while try scanner.hasMember(isFirst: isFirst) {
            isFirst = false
            let name = String(decoding: try scanner.name(), as: UTF8.self)
            values[name] = Array(scanner[try scanner.skipValue()])
        }
        return values
    }

    /// The checksum that the file at hand must have: of all before the last member.
    private static func check(_ bytes: [UInt8]) -> [UInt8] {
        let tail = checkMember.count + checkDigits + end.count
        guard bytes.count > tail else { return [] }
        return checksum(bytes[..<(bytes.count - tail)])
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard let check = CyclicRedundancyCheck.named["CRC-32"] else {
            preconditionFailure("CRC-32 is one of the named")
        }
        var register = check.firstRegister
        check.take(bytes, into: &register, table: check.table())
        let digits = String(check.result(of: register), radix: 16)
        return Array((String(repeating: "0", count: max(checkDigits - digits.count, 0)) + digits).utf8)
    }

    /// How many bytes a value takes beside its text.
    static func overhead(ofName name: String) -> Int { name.quotedForJSON.utf8.count + 4 }

    /// The file of these values, in the order of their names.
    static func bytes(of values: [(name: String, text: [UInt8])]) -> [UInt8] {
        var bytes = Array("{\"lectern\": \"persistent values\", \"version\": \(version), \"values\": {\n".utf8)
        for (index, value) in values.sorted(by: { $0.name < $1.name }).enumerated() {
            if index > 0 { bytes += ",\n".utf8 }
            bytes += value.name.quotedForJSON.utf8
            bytes += ": ".utf8
            bytes += value.text
        }
        if !values.isEmpty { bytes.append(UInt8(ascii: "\n")) }
        let check = checksum(bytes[...])
        return bytes + checkMember + check + end
    }
}
