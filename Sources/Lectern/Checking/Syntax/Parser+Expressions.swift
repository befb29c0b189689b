extension Parser {
    /// One or more, with commas between.
    mutating func expressions() throws(SyntaxError) -> [ExpressionID] {
        var list = [try expression()]
        while try take(.comma) { list.append(try expression()) }
        return list
    }

    mutating func expression() throws(SyntaxError) -> ExpressionID { try expression(above: 0) }

    /// How tightly the operators bind, on their left and on their right.
    private static func priorities(_ kind: Token.Kind) -> (operator: Expression.Operator, left: Int, right: Int)? {
        switch kind {
        case .word(.or): (.or, 1, 1)
        case .word(.and): (.and, 2, 2)
        case .symbol(let symbol):
            switch symbol {
            case .below, .above, .atMost, .atLeast, .unequal, .equal: (.symbol(symbol), 3, 3)
            case .bar: (.symbol(symbol), 4, 4)
            case .tilde: (.symbol(symbol), 5, 5)
            case .ampersand: (.symbol(symbol), 6, 6)
            case .shiftLeft, .shiftRight: (.symbol(symbol), 7, 7)
            case .concatenate: (.symbol(symbol), 9, 8)
            case .plus, .minus: (.symbol(symbol), 10, 10)
            case .star, .slash, .doubleSlash, .percent: (.symbol(symbol), 11, 11)
            case .caret: (.symbol(symbol), 14, 13)
            default: nil
            }
        default: nil
        }
    }

    private static let unaryPriority = 12

    /// An expression whose operators bind more tightly than `limit`.
    private mutating func expression(above limit: Int) throws(SyntaxError) -> ExpressionID {
        try enter()
        defer { leave() }
        let start = token.place
        var left: ExpressionID
        let prefix: Expression.Operator? =
            switch token.kind {
            case .word(.not): .not
            case .symbol(.minus): .symbol(.minus)
            case .symbol(.tilde): .symbol(.tilde)
            case .symbol(.hash): .symbol(.hash)
            default: nil
            }
        if let prefix {
            try advance()
            let operand = try expression(above: Self.unaryPriority)
            if prefix == .not { tree.conditions.append(operand) }
            left = add(.unary(prefix, operand), start)
        } else {
            left = try simpleExpression()
        }
        while let (sign, priority, right) = Self.priorities(token.kind), priority > limit {
            try advance()
            let operand = try expression(above: right)
            if sign == .and || sign == .or { tree.conditions.append(left) }
            left = add(.binary(sign, left, operand), start)
        }
        return left
    }

    private mutating func simpleExpression() throws(SyntaxError) -> ExpressionID {
        let place = token.place
        let kind: Expression.Kind
        switch token.kind {
        case .integer(let value): kind = .integer(value)
        case .float(let value): kind = .float(value)
        case .string(let bytes): kind = .string(bytes)
        case .word(.nil): kind = .none
        case .word(.true): kind = .boolean(true)
        case .word(.false): kind = .boolean(false)
        case .symbol(.ellipsis): kind = .varargs
        case .symbol(.openBrace): return try table()
        case .word(.function):
            try advance()
            return try functionBody(place)
        default: return try suffixedExpression()
        }
        try advance()
        return add(kind, place)
    }

    /// A name or what is in parentheses, with what follows: fields, indices, calls.
    mutating func suffixedExpression() throws(SyntaxError) -> ExpressionID {
        let start = token.place
        var base: ExpressionID
        if try take(.openParenthesis) {
            let inner = try expression()
            try need(.closeParenthesis)
            base = add(.single(inner), start)
        } else {
            let (name, place) = try name()
            base = use(of: name, place)
        }
        while true {
            switch token.kind {
            case .symbol(.dot):
                try advance()
                let (name, place) = try name()
                base = member(of: base, name, place)
            case .symbol(.openBracket):
                let place = token.place
                try advance()
                let key = try expression()
                try need(.closeBracket)
                base = add(.member(of: base, key: key), place, from: start.start)
            case .symbol(.colon):
                try advance()
                let (method, place) = try name()
                let arguments = try arguments()
                let call = Expression.Call(callee: base, method: method, arguments: arguments)
                base = add(.call(call), place, from: start.start)
            case .symbol(.openParenthesis), .symbol(.openBrace), .string:
                let place = tree[base].place
                let arguments = try arguments()
                let call = Expression.Call(callee: base, method: nil, arguments: arguments)
                base = add(.call(call), place, from: start.start)
            default:
                return base
            }
        }
    }

    mutating func member(of base: ExpressionID, _ name: String, _ place: SourcePlace) -> ExpressionID {
        let key = add(.string(Array(name.utf8)), place)
        return add(.member(of: base, key: key), place, from: tree[base].extent.lowerBound)
    }

    private mutating func arguments() throws(SyntaxError) -> [ExpressionID] {
        switch token.kind {
        case .string(let bytes):
            let place = token.place
            try advance()
            return [add(.string(bytes), place)]
        case .symbol(.openBrace): return [try table()]
        case .symbol(.openParenthesis):
            try advance()
            if try take(.closeParenthesis) { return [] }
            let list = try expressions()
            try need(.closeParenthesis)
            return list
        default: throw error
        }
    }

    private mutating func table() throws(SyntaxError) -> ExpressionID {
        let place = token.place
        try advance()
        var fields: [Expression.Field] = []
        while token.kind != .symbol(.closeBrace) {
            fields.append(try field())
            guard try take(.comma) else {
                guard try take(.semicolon) else { break }
                continue
            }
        }
        try need(.closeBrace)
        return add(.table(fields), place)
    }

    private mutating func field() throws(SyntaxError) -> Expression.Field {
        if case .name(let name) = token.kind, try lookAhead() == .symbol(.assign) {
            let place = token.place
            try advance()
            let key = add(.string(Array(name.utf8)), place)
            try advance()
            return Expression.Field(key: key, value: try expression())
        }
        if try take(.openBracket) {
            let key = try expression()
            try need(.closeBracket)
            try need(.assign)
            return Expression.Field(key: key, value: try expression())
        }
        return Expression.Field(key: nil, value: try expression())
    }
}
