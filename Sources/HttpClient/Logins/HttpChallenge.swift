import ByteText

/// One way to log in that a server offers: a word, and parameters. A plain value.
struct HttpChallenge: Equatable {
    /// The word, in lower case: `basic`, `digest`, `bearer`.
    var scheme: String
    /// The parameters; names in lower case.
    var parameters: [String: String] = [:]

    /// The ways in the values of `WWW-Authenticate`; what makes no sense is left out.
    static func all(in values: [String]) -> [HttpChallenge] {
        var found: [HttpChallenge] = []
        for value in values {
            var scanner = Scanner(rest: value.rawBytes[...])
            while let next = scanner.challenge(), found.count < HttpLimits.challenges { found.append(next) }
        }
        return found
    }

    /// RFC 9110, 11.6.1: challenges and their parameters are both separated by commas.
    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func challenge() -> HttpChallenge? {
            skip { $0 == UInt8(ascii: ",") || Self.isBlank($0) }
            let word = take { !Self.isBlank($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
            guard !word.isEmpty else { return nil }
            var challenge = HttpChallenge(scheme: Self.lowered(word))
            skip(Self.isBlank)
            while let (name, value) = parameter() { challenge.parameters[name] = challenge.parameters[name] ?? value }
            return challenge
        }

        /// The next parameter; `nil`, and nothing is taken, when the next challenge begins or there is no more.
        private mutating func parameter() -> (String, String)? {
            let before = rest
            skip { $0 == UInt8(ascii: ",") || Self.isBlank($0) }
            let name = take { !Self.isBlank($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
            skip(Self.isBlank)
            guard !name.isEmpty, rest.first == UInt8(ascii: "=") else {
                rest = before
                return nil
            }
            rest = rest.dropFirst()
            skip(Self.isBlank)
            guard rest.first == UInt8(ascii: "\"") else {
                return (Self.lowered(name), String(rawBytes: take { !Self.isBlank($0) && $0 != UInt8(ascii: ",") }))
            }
            rest = rest.dropFirst()
            var value: [UInt8] = []
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                    value.append(escaped)
                } else {
                    value.append(byte)
                }
            }
            return (Self.lowered(name), String(rawBytes: value))
        }

        private mutating func skip(_ isSkipped: (UInt8) -> Bool) { rest = rest.drop(while: isSkipped) }

        private mutating func take(_ isTaken: (UInt8) -> Bool) -> ArraySlice<UInt8> {
            let taken = rest.prefix(while: isTaken)
            rest = rest.dropFirst(taken.count)
            return taken
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        private static func lowered(_ bytes: ArraySlice<UInt8>) -> String { String(rawBytes: bytes).lowercased() }
    }
}
