import ByteText
import Bytes
import ControlCore
import Digests

/// Digest, as RFC 7616 has it, with one server's challenge: a plain value that counts how often its nonce was used.
struct DigestLogin: Equatable {
    /// The hash functions, from the weakest on.
    enum Algorithm: Int, Comparable, CaseIterable {
        case md5
        case sha256

        var name: String {
            switch self {
            case .md5: "MD5"
            case .sha256: "SHA-256"
            }
        }

        var function: MessageDigest.Algorithm {
            switch self {
            case .md5: .md5
            case .sha256: .sha256
            }
        }

        static func < (left: Algorithm, right: Algorithm) -> Bool { left.rawValue < right.rawValue }
    }

    /// What the digest covers.
    private enum Protection: String {
        /// Method and target.
        case request = "auth"
        /// The body, too.
        case body = "auth-int"
    }

    let algorithm: Algorithm
    /// Whether the password is hashed with the nonces: `-sess`.
    private let isSession: Bool
    private let realm: String
    private let nonce: String
    private let opaque: String?
    /// `nil`: the server speaks RFC 2069.
    private let protection: Protection?
    private let hashesUser: Bool
    /// Whether the server says that its last nonce was too old, rather than the password wrong.
    let isStale: Bool
    private var useCount = 0
    private var clientNonce = ""

    /// - Returns: `nil` when the challenge is none of Digest's, or asks for what is not known.
    init?(_ challenge: HttpChallenge) {
        guard challenge.scheme == "digest", let nonce = challenge.parameters["nonce"] else { return nil }
        var name = (challenge.parameters["algorithm"] ?? "MD5").uppercased()
        isSession = name.hasSuffix("-SESS")
        if isSession { name.removeLast(5) }
        guard let algorithm = Algorithm.allCases.first(where: { $0.name == name }) else { return nil }
        self.algorithm = algorithm
        self.nonce = nonce
        realm = challenge.parameters["realm"] ?? ""
        opaque = challenge.parameters["opaque"]
        hashesUser = challenge.parameters["userhash"]?.lowercased() == "true"
        isStale = challenge.parameters["stale"]?.lowercased() == "true"
        guard let offered = challenge.parameters["qop"] else {
            // A client nonce is sent with a protection only.
            guard !isSession else { return nil }
            protection = nil
            return
        }
        let words = offered.lowercased().split { $0 == "," || $0 == " " }
        guard let protection = [Protection.request, .body].first(where: { words.contains(Substring($0.rawValue)) })
        else { return nil }
        self.protection = protection
    }

    /// How many bytes of memory it keeps.
    var heldBytes: Int { 256 + realm.utf8.count + nonce.utf8.count + (opaque?.utf8.count ?? 0) }

    /// Sets the nonce of this side, which else is a random number.
    mutating func setClientNonce(_ nonce: String) { clientNonce = nonce }

    /// The value of `Authorization` for one request.
    /// - Parameters:
    ///   - method: the request's.
    ///   - target: what the request line asks for.
    ///   - body: the request's body.
    ///   - random: for the client's nonce, which is kept for as long as the server's.
    /// - Throws: when OpenSSL gives no digests.
    mutating func value(
        method: String, target: String, body: ByteBuffer, credentials: Credentials, random: () -> UInt64
    ) throws(HttpFailure) -> String {
        useCount += 1
        if clientNonce.isEmpty { clientNonce = Self.hexadecimal(random()) + Self.hexadecimal(random()) }
        var secret = try hash(credentials.user.rawBytes + ":\(realm):".rawBytes + credentials.password.rawBytes)
        if isSession { secret = try hash("\(secret):\(nonce):\(clientNonce)".rawBytes) }
        var request = "\(method):\(target)"
        if protection == .body { request += ":" + (try hash(Array(body.readableBytesView))) }
        let requestHash = try hash(request.rawBytes)
        let digits = String(useCount, radix: 16)
        let count = String(repeating: "0", count: max(8 - digits.count, 0)) + digits
        let middle = protection.map { "\(nonce):\(count):\(clientNonce):\($0.rawValue)" } ?? nonce
        let response = try hash("\(secret):\(middle):\(requestHash)".rawBytes)

        let user = hashesUser ? try hash(credentials.user.rawBytes + ":\(realm)".rawBytes) : credentials.user
        var parts = [
            "username=\(Self.quoted(user))", "realm=\(Self.quoted(realm))", "nonce=\(Self.quoted(nonce))",
            "uri=\(Self.quoted(target))", "algorithm=\(algorithm.name)\(isSession ? "-sess" : "")",
            "response=\"\(response)\"",
        ]
        if let opaque { parts.append("opaque=\(Self.quoted(opaque))") }
        if let protection {
            parts += ["qop=\(protection.rawValue)", "nc=\(count)", "cnonce=\"\(clientNonce)\""]
        }
        if hashesUser { parts.append("userhash=true") }
        return "Digest " + parts.joined(separator: ", ")
    }

    private func hash(_ bytes: [UInt8]) throws(HttpFailure) -> String {
        do throws(DigestError) {
            let digits = Array("0123456789abcdef".utf8)
            let digest = try MessageDigest.digest(of: bytes, by: algorithm.function)
            let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return String(decoding: text, as: UTF8.self)
        } catch {
            throw .connection(.other(error.text))
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
