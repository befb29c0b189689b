import Bytes
import ControlCore

/// What becomes of a request from one answer to the next: redirects, logins, repetitions. A plain value.
struct HttpCourse {
    /// What an answer leads to.
    enum Verdict: Equatable {
        /// It is the one that was wanted.
        case deliver
        /// The request is made again, as it stands now.
        case again
        /// It leads nowhere.
        case fail(HttpFailure)
    }

    /// The request as it is made next.
    private(set) var request: HttpRequest
    /// How its author proves itself there; `nil` for not at all.
    private(set) var login: HttpLogin?
    /// Whether the next connection must be a fresh one.
    private(set) var needsFreshLine = false

    private let redirectLimit: Int
    private let allowsDowngrade: Bool
    private var redirects = 0
    private var loginAttempts = 0
    private var isRepeated = false

    init(_ request: HttpRequest, login: HttpLogin?, options: HttpOptions) {
        self.request = request
        self.login = login
        redirectLimit = options.redirects
        allowsDowngrade = options.allowsDowngrade
    }

    /// Judges an answer by its head.
    mutating func judge(_ head: HttpResponseHead, book: inout LoginBook) -> Verdict {
        needsFreshLine = false
        switch head.status {
        case 301, 302, 303, 307, 308:
            guard redirectLimit > 0, let location = head.headers.values(of: "Location").first else { return .deliver }
            return follow(location, status: head.status)
        case 401:
            guard let login, !request.headers.has("Authorization"),
                book.learn(head, from: request.url.origin, login: login, attempts: loginAttempts)
            else { return .deliver }
            loginAttempts += 1
            return .again
        case 417 where request.expectsContinue:
            // Servers of long ago do not know how to ask.
            request.expectsContinue = false
            return .again
        default:
            return .deliver
        }
    }

    /// The connection has failed before any byte of an answer came.
    /// - Parameters:
    ///   - isReused: another exchange had the connection before, so the server may just have closed it.
    ///   - isUnsent: nothing was sent.
    /// - Returns: whether to try once more, on a fresh connection.
    mutating func mayRepeat(isReused: Bool, isUnsent: Bool) -> Bool {
        guard isReused, !isRepeated, isUnsent || request.isIdempotent else { return false }
        isRepeated = true
        needsFreshLine = true
        return true
    }

    // MARK: -

    private mutating func follow(_ location: String, status: Int) -> Verdict {
        let former = request.url
        let next: HttpURL
        do throws(ParameterError) {
            next = try former.resolving(location)
        } catch {
            return .fail(.badResponse("it redirects to a URL that \(error.problem)"))
        }
        redirects += 1
        guard redirects <= redirectLimit else {
            return .fail(.tooManyRedirects("more than \(redirectLimit), the last to \(next)"))
        }
        guard former.scheme == .http || next.scheme == .https || allowsDowngrade else {
            return .fail(.badResponse("it redirects from https to \(next), which nothing protects"))
        }
        if next.origin != former.origin {
            // What proves something to one server is no other's business.
            login = nil
            request.headers.remove("Authorization")
            request.headers.remove("Cookie")
            request.headers.remove("Host")
        }
        let becomesGet =
            switch status {
            case 301, 302: request.method == "POST"
            case 303: request.method != "HEAD"
            default: false
            }
        if becomesGet {
            request.method = "GET"
            request.body.clear()
            for name in ["Content-Type", "Content-Encoding", "Content-Language", "Content-Location"] {
                request.headers.remove(name)
            }
        }
        request.url = HttpURL(origin: next.origin, credentials: nil, path: next.path, query: next.query)
        loginAttempts = 0
        isRepeated = false
        return .again
    }
}
