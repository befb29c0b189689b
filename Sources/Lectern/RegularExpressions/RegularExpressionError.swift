/// Why a regular expression, a replacement template or a search failed.
enum RegularExpressionError: Error, Equatable {
    /// The pattern is wrong at this byte of it, counted from 0.
    case syntax(message: String, offset: Int)

    /// The replacement template is wrong at this byte of it, counted from 0.
    case template(message: String, offset: Int)

    /// The search was given up: the pattern tries too many ways to match this subject.
    case matchLimitExceeded

    /// A replacement would have made a result of more bytes than allowed.
    case resultTooLarge(limit: Int)

    /// The engine failed for a reason of its own, such as memory.
    case engine(message: String)
}

extension RegularExpressionError: CustomStringConvertible {
    var description: String {
        switch self {
        case .syntax(let message, let offset):
            "\(message) at position \(offset)"
        case .template(let message, let offset):
            "\(message) at position \(offset) of the replacement"
        case .matchLimitExceeded:
            "the match limit was exceeded: the pattern tries too many ways to match this subject "
                + "(look for nested repetitions such as '(a+)+')"
        case .resultTooLarge(let limit):
            "the result would be longer than \(limit) bytes"
        case .engine(let message):
            message
        }
    }
}
