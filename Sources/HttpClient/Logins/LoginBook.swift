import ControlCore

/// What a session knows of the ways in which servers want to be logged in to: a plain value.
struct LoginBook {
    /// What one server has asked for.
    enum Way: Equatable {
        case basic
        case digest(DigestLogin)

        var heldBytes: Int {
            if case .digest(let login) = self { 128 + login.heldBytes } else { 128 }
        }
    }

    private var ways: [HttpURL.Origin: Way] = [:]
    /// The oldest first.
    private var order: [HttpURL.Origin] = []

    /// How many bytes of memory it keeps.
    var heldBytes: Int { ways.values.reduce(0) { $0 + $1.heldBytes } }

    /// The value of `Authorization` for a request; `nil` when the server has not said yet what it wants.
    mutating func value(
        for login: HttpLogin, request: HttpRequest, target: String, random: () -> UInt64
    ) throws(HttpFailure) -> String? {
        let origin = request.url.origin
        switch login {
        case .basic(let credentials): return HttpLogin.basicValue(credentials)
        case .bearer(let token): return "Bearer \(token)"
        case .automatic(let credentials), .digest(let credentials):
            switch ways[origin] {
            case .basic?:
                if case .digest = login { return nil }
                return HttpLogin.basicValue(credentials)
            case .digest(var digest)?:
                let value = try digest.value(
                    method: request.method, target: target, body: request.body, credentials: credentials,
                    random: random)
                ways[origin] = .digest(digest)
                return value
            case nil: return nil
            }
        }
    }

    /// Takes a server's refusal.
    /// - Parameter attempts: how often the request has been made with a login since the server first asked for it.
    /// - Returns: whether to ask again, now in the way that the server wants.
    mutating func learn(_ head: HttpResponseHead, from origin: HttpURL.Origin, login: HttpLogin, attempts: Int) -> Bool
    {
        let offersBasic: Bool
        switch login {
        case .basic, .bearer: return false
        case .automatic: offersBasic = true
        case .digest: offersBasic = false
        }
        let challenges = HttpChallenge.all(in: head.headers.values(of: "WWW-Authenticate"))
        let digests = challenges.compactMap { DigestLogin($0) }
        if let best = digests.max(by: { $0.algorithm < $1.algorithm }) {
            // The password was refused, unless only the nonce was too old.
            guard attempts == 0 || attempts == 1 && best.isStale else {
                forget(origin)
                return false
            }
            remember(.digest(best), for: origin)
            return true
        }
        guard offersBasic, attempts == 0, challenges.contains(where: { $0.scheme == "basic" }) else {
            forget(origin)
            return false
        }
        remember(.basic, for: origin)
        return true
    }

    private mutating func remember(_ way: Way, for origin: HttpURL.Origin) {
        forget(origin)
        if order.count == HttpLimits.rememberedLogins { forget(order[0]) }
        ways[origin] = way
        order.append(origin)
    }

    private mutating func forget(_ origin: HttpURL.Origin) {
        ways[origin] = nil
        order.removeAll { $0 == origin }
    }
}
