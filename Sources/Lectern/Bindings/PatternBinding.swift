internal import LuaRuntime

/// Declares `Pattern`.
func declarePattern(_ context: RegularExpressionContext) -> LuaClass<RegularExpression> {
    var c = LuaClass<RegularExpression>("Pattern", "A compiled regular expression. Made by re.compile.") {
        $0.pattern.quoted()
    }
    c.holds(512, also: { $0.heldBytes })
    c.property("pattern", .string, "The pattern as it was given.") { Bytes(bytes: $0.pattern) }
    c.property("flags", .integer, "The flags given and those that the pattern begins with, such as (?i).") {
        $0.flags.luaValue
    }
    c.property("groups", .integer, "The number of groups.") { $0.groupCount }
    c.property(
        "groupindex", .table.annotated("table<string, integer>"),
        "A table of the numbers of the groups that have a name, by name."
    ) {
        GroupIndex(names: $0.names)
    }

    let string = LuaParameter.required("string", .string, "The string to search.")
    let pos = LuaParameter.optional(
        "pos", .integer, default: "1", "Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte."
    )
    let searches: [(name: String, anchoring: RegularExpression.Anchoring, documentation: String)] = [
        ("search", .none, "Finds the leftmost match."), ("match", .start, "Matches where the search begins."),
        ("fullmatch", .full, "Matches from where the search begins to the end of the string."),
    ]
    for (name, anchoring, documentation) in searches {
        c.method(name, [string, pos], returns: .of("Match|nil"), documentation) {
            (expression, call) throws(LuaFault) in
            try context.search(expression, anchoring, subject: 1, position: 2, call) { call.pushSelf() }
        }
    }
    c.method(
        "finditer", [string, pos], returns: .of("fun(): Match|nil", "an iterator for `for m in p:finditer(s) do`"),
        "Gives one Match after the other. Each is searched for when the loop asks for it. The body of the loop may wait."
    ) { (_, call) throws(LuaFault) in try context.iterate(.finditer, call) }
    c.method(
        "findall", [string, pos],
        returns: .of(
            "string[]|string[][]",
            "the text of each match; with one group in the pattern the text of the group, with several a list of their texts"
        ),
        "Finds all matches. The text of a group that took no part is ''."
    ) { (_, call) throws(LuaFault) in try context.iterate(.findall, call) }
    let substitution: [LuaParameter] = [
        .required(
            "repl", .any.annotated("string|fun(match: Match): string"),
            "A string, in which `\\1` and `\\g<name>` stand for groups, or a function that gets the Match and returns a string."
        ),
        string, .optional("count", .integer(0...Int.max), default: "0", "The most matches to replace; 0: all."),
    ]
    c.method(
        "sub", substitution, returns: .of("string", "the string with the matches replaced"),
        "Replaces matches. The function may wait."
    ) { (_, call) throws(LuaFault) in
        try context.substitute(.sub, call, pattern: call.selfInstance, replacement: 1, string: 2, count: 3)
    }
    c.method(
        "subn", substitution, returns: .of("string, integer", "the string with the matches replaced, and their number"),
        "Replaces matches, and counts them. The function may wait."
    ) { (_, call) throws(LuaFault) in
        try context.substitute(.subn, call, pattern: call.selfInstance, replacement: 1, string: 2, count: 3)
    }
    c.method(
        "split",
        [
            string,
            .optional("maxsplit", .integer(0...Int.max), default: "0", "The most matches to cut at; 0: all."),
        ],
        returns:
            .of(
                "(string|false)[]",
                "the pieces; behind each the groups of the match that ends it, false for a group that took no part"),
        "Cuts a string at the matches."
    ) { (_, call) throws(LuaFault) in
        context.split(call, pattern: call.selfInstance, string: 1, limit: 2)
    }
    return c
}

/// Bytes as a Lua string.
private struct Bytes: LuaPushable {
    let bytes: [UInt8]

    func push(onto stack: LuaStack) { stack.push(bytes) }
}

/// The numbers of the named groups as a table.
private struct GroupIndex: LuaPushable {
    let names: [String: Int]

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: names.count)
        for (name, group) in names.sorted(by: { $0.value < $1.value }) { stack.set(name, group) }
    }
}

extension RegularExpressionContext {
    /// Calls `finditer` or `findall` of the pattern that is called: string and position are arguments 1 and 2.
    fileprivate func iterate(_ loop: Loop, _ call: LuaCall) throws(LuaFault) -> LuaResult {
        guard let pattern = call.selfInstance else { return call.returning(LuaNil()) }
        return iterate(loop, call, pattern: pattern, string: 1, from: try call.offset(2, in: 1))
    }

    /// Calls `finditer` or `findall`, beginning at byte `offset`.
    func iterate(_ loop: Loop, _ call: LuaCall, pattern: LuaInstance, string: Int, from offset: Int) -> LuaResult {
        push(loop, pattern, onto: call.stack)
        call.push(argument: string)
        call.stack.push(offset)
        return .call(arguments: 3)
    }

    /// Calls `sub` or `subn`.
    func substitute(
        _ loop: Loop, _ call: LuaCall, pattern: LuaInstance?, replacement: Int, string: Int, count: Int
    ) throws(LuaFault) -> LuaResult {
        guard let pattern else { return call.returning(LuaNil()) }
        guard call.isString(replacement) || call.isCallable(replacement) else {
            throw LuaFault(
                .typeError,
                "argument 'repl' of \(loop) must be a string or a function, got a \(call.typeName(replacement))")
        }
        push(loop, pattern, onto: call.stack)
        call.push(argument: string)
        call.push(argument: replacement)
        call.stack.push(call.integer(count) ?? 0)
        return .call(arguments: 4)
    }

    /// Calls `split`.
    func split(_ call: LuaCall, pattern: LuaInstance?, string: Int, limit: Int) -> LuaResult {
        guard let pattern else { return call.returning(LuaNil()) }
        push(.split, pattern, onto: call.stack)
        call.push(argument: string)
        call.stack.push(call.integer(limit) ?? 0)
        return .call(arguments: 3)
    }
}
