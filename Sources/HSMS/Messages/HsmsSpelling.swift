/// How texts spell the names of header fields: the documentation of secsgem exists in two versions.
public enum HsmsSpelling: Sendable {
    /// `session_id`, `p_type`, `s_type`, `require_response`.
    case snakeCase
    /// `sessionID`, `pType`, `sType`, `requireResponse`: the older one.
    case camelCase

    var session: String { self == .snakeCase ? "session_id" : "sessionID" }
    var pType: String { self == .snakeCase ? "p_type" : "pType" }
    var sType: String { self == .snakeCase ? "s_type" : "sType" }
    var requireResponse: String { self == .snakeCase ? "require_response" : "requireResponse" }
}

extension HsmsHeader: CustomStringConvertible {
    /// The header in one line, as the documented transcripts show it.
    public func text(_ spelling: HsmsSpelling = .snakeCase) -> String {
        let fields = [
            "\(spelling.session):0x\(sessionID.hexadecimal)",
            "stream:\(stream.decimal)",
            "function:\(function.decimal)",
            "\(spelling.pType):0x\(pType.hexadecimal)",
            "\(spelling.sType):0x\(sType.hexadecimal)",
            "system:0x\(system.hexadecimal)",
            "\(spelling.requireResponse):\(requireResponse ? 1 : 0)",
        ]
        return "{\(fields.joined(separator: ", "))}"
    }

    /// ``text(_:)`` in the newer spelling.
    public var description: String { text() }

    /// The constructor's form, as the documented transcripts show results.
    func constructorText(_ spelling: HsmsSpelling) -> String {
        // The two documents list the fields in these orders.
        let middle =
            switch spelling {
            case .snakeCase:
                "'system': \(system), 'session_id': \(sessionID), 'require_response': \(python(requireResponse)), 's_type'"
            case .camelCase:
                "'system': \(system), 'sessionID': \(sessionID), 'requireResponse': \(python(requireResponse)), 'sType'"
            }
        let front = "'function': \(function), 'stream': \(stream), '\(spelling.pType)': \(pType)"
        return "secsgem.hsms.HsmsHeader({\(front), \(middle): \(sType)})"
    }

    private func python(_ value: Bool) -> String { value ? "True" : "False" }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// All hexadecimal digits, in lower case.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}

extension UInt8 {
    /// At least two decimal digits.
    fileprivate var decimal: String { self < 10 ? "0\(self)" : "\(self)" }
}
