/// Reads Lua 5.4 and finds out what each name means, in one go and in time that grows with the text.
///
/// It accepts all that Lua's own compiler accepts. What that refuses for a reason beyond grammar, such as a `goto` to
/// nowhere, it may accept.
struct Parser {
    var tree = SyntaxTree()
    var token: Token
    /// Where the word before ``token`` ends.
    private(set) var lastEnd = 0
    /// The function whose body is being read.
    var function = FunctionID(index: 0)

    private var lexer: Lexer
    private var ahead: Token?
    private var level = 0

    /// The local variables in scope by name, the innermost last.
    private var bindings: [String: [VariableID]] = [:]
    /// Those in scope, in the order of their declaration.
    private var inScope: [VariableID] = []
    /// The uses of a name that was no local variable's there, in the order of the text; those whose later local is
    /// known are taken out.
    private var unresolved: [String: [Int]] = [:]

    /// What nests deeper Lua refuses, so it needs no stack here either.
    private static let deepest = 200

    /// Reads all of `text`.
    /// - Throws: where the text is no Lua.
    static func parse(_ text: [UInt8]) throws(SyntaxError) -> SyntaxTree {
        var parser = try Parser(text)
        try parser.chunk()
        return parser.tree
    }

    private init(_ text: [UInt8]) throws(SyntaxError) {
        lexer = Lexer(text)
        token = try lexer.next()
    }

    private mutating func chunk() throws(SyntaxError) {
        tree.functions.append(Function(parent: nil))
        let scope = openScope()
        try block()
        close(scope)
        guard token.kind == .end else { throw error }
    }

    // MARK: - Words

    var error: SyntaxError { SyntaxError(line: token.place.line, column: token.place.column) }

    mutating func advance() throws(SyntaxError) {
        lastEnd = token.place.end
        if let ahead {
            token = ahead
            self.ahead = nil
        } else {
            token = try lexer.next()
        }
    }

    /// The word behind the present one.
    mutating func lookAhead() throws(SyntaxError) -> Token.Kind {
        if let ahead { return ahead.kind }
        let next = try lexer.next()
        ahead = next
        return next.kind
    }

    mutating func take(_ symbol: Symbol) throws(SyntaxError) -> Bool { try take(.symbol(symbol)) }

    mutating func take(_ word: Keyword) throws(SyntaxError) -> Bool { try take(.word(word)) }

    private mutating func take(_ kind: Token.Kind) throws(SyntaxError) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    mutating func need(_ symbol: Symbol) throws(SyntaxError) {
        guard try take(symbol) else { throw error }
    }

    mutating func need(_ word: Keyword) throws(SyntaxError) {
        guard try take(word) else { throw error }
    }

    mutating func name() throws(SyntaxError) -> (String, SourcePlace) {
        guard case .name(let name) = token.kind else { throw error }
        let place = token.place
        try advance()
        return (name, place)
    }

    // MARK: - Depth

    mutating func enter() throws(SyntaxError) {
        level += 1
        guard level <= Self.deepest else { throw error }
    }

    mutating func leave() { level -= 1 }

    // MARK: - Scopes

    struct Scope {
        fileprivate var variableCount: Int
        fileprivate var useCount: Int
    }

    /// The scopes that are open, the innermost last.
    private var scopes: [Scope] = []

    mutating func openScope() -> Scope {
        let scope = Scope(variableCount: inScope.count, useCount: tree.globals.count)
        scopes.append(scope)
        return scope
    }

    mutating func close(_ scope: Scope) {
        scopes.removeLast()
        while inScope.count > scope.variableCount {
            let variable = inScope.removeLast()
            bindings[tree[variable].name]?.removeLast()
        }
    }

    /// From here on the name is a local variable's.
    @discardableResult
    mutating func declare(
        _ name: String, _ place: SourcePlace, statementStart: Int, value: ExpressionID? = nil
    ) -> VariableID {
        let id = VariableID(index: tree.variables.count)
        tree.variables.append(
            Variable(name: name, place: place, statementStart: statementStart, before: inScope.last, value: value))
        inScope.append(id)
        bindings[name, default: []].append(id)
        if name == "_ENV" { tree.namesEnvironment = true }
        let first = scopes.last?.useCount ?? 0
        while let use = unresolved[name]?.last, use >= first {
            tree.globals[use].later = id
            unresolved[name]?.removeLast()
        }
        return id
    }

    /// The expression that a name is here.
    mutating func use(of name: String, _ place: SourcePlace) -> ExpressionID {
        if let variable = bindings[name]?.last { return add(.local(variable), place) }
        if name == "_ENV" { tree.namesEnvironment = true }
        let index = tree.globals.count
        let expression = add(.global(index), place)
        tree.globals.append(GlobalUse(name: name, expression: expression, scope: inScope.last))
        unresolved[name, default: []].append(index)
        return expression
    }

    // MARK: - The tree

    /// - Parameter start: where all of it begins; by default where `place` does.
    mutating func add(_ kind: Expression.Kind, _ place: SourcePlace, from start: Int? = nil) -> ExpressionID {
        let start = start ?? place.start
        tree.expressions.append(
            Expression(kind: kind, place: place, extent: start..<max(start, lastEnd), function: function))
        return ExpressionID(index: tree.expressions.count - 1)
    }

    /// Reads a function's body behind its `function` and name.
    mutating func functionBody(
        _ place: SourcePlace, isMethod: Bool = false
    ) throws(SyntaxError) -> ExpressionID {
        let id = FunctionID(index: tree.functions.count)
        tree.functions.append(Function(parent: function))
        let outer = function
        function = id
        let scope = openScope()
        if isMethod { declare("self", place, statementStart: place.start) }
        try need(.openParenthesis)
        if token.kind != .symbol(.closeParenthesis) {
            repeat {
                if try take(.ellipsis) { break }
                let (name, place) = try name()
                declare(name, place, statementStart: place.start)
            } while try take(.comma)
        }
        try need(.closeParenthesis)
        try block()
        try need(.end)
        close(scope)
        function = outer
        return add(.function(id), place)
    }
}
