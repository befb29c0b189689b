/// Where something stands in a text.
struct SourcePlace: Hashable {
    /// The line, from 1 on, as Lua counts them.
    var line: Int
    /// The byte of the line, from 1 on.
    var column: Int
    /// The first byte's place in the text.
    var start: Int
    /// The place behind the last byte.
    var end: Int
}

/// A text that is no Lua: where it stops being so. What is wrong there, Lua's own compiler says better.
struct SyntaxError: Error, Equatable {
    var line: Int
    var column: Int
}

/// A word of Lua text.
struct Token {
    enum Kind: Equatable {
        case name(String)
        case word(Keyword)
        case symbol(Symbol)
        case string([UInt8])
        case integer(Int64)
        case float(Double)
        case end
    }

    var kind: Kind
    var place: SourcePlace
}

/// The names that Lua keeps for itself.
enum Keyword: String {
    case and, `break`, `do`, `else`, elseif, end, `false`, `for`, function, goto, `if`, `in`, local, `nil`, not, or
    case `repeat`, `return`, then, `true`, until, `while`
}

/// The signs of Lua.
enum Symbol: String {
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case doubleSlash = "//"
    case percent = "%"
    case caret = "^"
    case hash = "#"
    case ampersand = "&"
    case tilde = "~"
    case bar = "|"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case equal = "=="
    case unequal = "~="
    case atMost = "<="
    case atLeast = ">="
    case below = "<"
    case above = ">"
    case assign = "="
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBrace = "{"
    case closeBrace = "}"
    case openBracket = "["
    case closeBracket = "]"
    case label = "::"
    case semicolon = ";"
    case colon = ":"
    case comma = ","
    case dot = "."
    case concatenate = ".."
    case ellipsis = "..."
}
