extension Parser {
    /// Statements up to what ends a block.
    mutating func block() throws(SyntaxError) {
        while true {
            switch token.kind {
            case .end, .word(.else), .word(.elseif), .word(.end), .word(.until): return
            case .word(.return):
                try returnStatement()
                return
            default: try statement()
            }
        }
    }

    private mutating func scopedBlock() throws(SyntaxError) {
        let scope = openScope()
        try block()
        close(scope)
    }

    private mutating func statement() throws(SyntaxError) {
        try enter()
        defer { leave() }
        switch token.kind {
        case .symbol(.semicolon): try advance()
        case .symbol(.label):
            try advance()
            _ = try name()
            try need(.label)
        case .word(.break): try advance()
        case .word(.goto):
            try advance()
            _ = try name()
        case .word(.if): try ifStatement()
        case .word(.while):
            try advance()
            tree.conditions.append(try expression())
            try need(.do)
            try scopedBlock()
            try need(.end)
        case .word(.do):
            try advance()
            try scopedBlock()
            try need(.end)
        case .word(.for): try forStatement()
        case .word(.repeat):
            try advance()
            let scope = openScope()
            try block()
            try need(.until)
            tree.conditions.append(try expression())
            close(scope)
        case .word(.function): try functionStatement()
        case .word(.local):
            let start = token.place.start
            try advance()
            if try take(.function) { try localFunction(start) } else { try localStatement(start) }
        default: try expressionStatement()
        }
    }

    private mutating func ifStatement() throws(SyntaxError) {
        repeat {
            try advance()
            tree.conditions.append(try expression())
            try need(.then)
            try scopedBlock()
        } while token.kind == .word(.elseif)
        if try take(.else) { try scopedBlock() }
        try need(.end)
    }

    private mutating func forStatement() throws(SyntaxError) {
        try advance()
        var names = [try name()]
        if try take(.assign) {
            _ = try expression()
            try need(.comma)
            _ = try expression()
            if try take(.comma) { _ = try expression() }
        } else {
            while try take(.comma) { names.append(try name()) }
            try need(.in)
            _ = try expressions()
        }
        try need(.do)
        let scope = openScope()
        for (name, place) in names { declare(name, place, statementStart: place.start) }
        try block()
        close(scope)
        try need(.end)
    }

    private mutating func functionStatement() throws(SyntaxError) {
        let place = token.place
        try advance()
        let (first, firstPlace) = try name()
        var target = use(of: first, firstPlace)
        var isMethod = false
        while !isMethod, token.kind == .symbol(.dot) || token.kind == .symbol(.colon) {
            isMethod = token.kind == .symbol(.colon)
            try advance()
            let (name, namePlace) = try name()
            target = member(of: target, name, namePlace)
        }
        let body = try functionBody(place, isMethod: isMethod)
        assign(target, body)
    }

    private mutating func localFunction(_ start: Int) throws(SyntaxError) {
        let (name, place) = try name()
        let variable = declare(name, place, statementStart: start)
        tree.variables[variable.index].value = try functionBody(place)
    }

    private mutating func localStatement(_ start: Int) throws(SyntaxError) {
        var names: [(String, SourcePlace)] = []
        repeat {
            names.append(try name())
            if try take(.below) {
                _ = try name()
                try need(.above)
            }
        } while try take(.comma)
        let values = try take(.assign) ? try expressions() : []
        for (index, (name, place)) in names.enumerated() {
            declare(name, place, statementStart: start, value: index < values.count ? values[index] : nil)
        }
    }

    private mutating func returnStatement() throws(SyntaxError) {
        try advance()
        switch token.kind {
        case .end, .word(.else), .word(.elseif), .word(.end), .word(.until), .symbol(.semicolon): break
        default:
            _ = try expressions()
            tree.functions[function.index].returnsValues = true
        }
        _ = try take(.semicolon)
        // Nothing follows in its block.
        switch token.kind {
        case .end, .word(.else), .word(.elseif), .word(.end), .word(.until): return
        default: throw error
        }
    }

    private mutating func expressionStatement() throws(SyntaxError) {
        let first = try suffixedExpression()
        guard token.kind == .symbol(.assign) || token.kind == .symbol(.comma) else {
            guard case .call = tree[first].kind else { throw error }
            return
        }
        var targets = [first]
        while try take(.comma) { targets.append(try suffixedExpression()) }
        for target in targets {
            switch tree[target].kind {
            case .local, .global, .member: continue
            default: throw error
            }
        }
        try need(.assign)
        let values = try expressions()
        for (index, target) in targets.enumerated() { assign(target, index < values.count ? values[index] : nil) }
    }

    private mutating func assign(_ target: ExpressionID, _ value: ExpressionID?) {
        switch tree[target].kind {
        case .local(let variable): tree.variables[variable.index].assignmentCount += 1
        case .global(let use): tree.globals[use].isTarget = true
        default: break
        }
        tree.assignments.append(Assignment(target: target, value: value))
    }
}
