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

    var searched = ParameterList()
    let string = searched.required("string", .string, "The string to search.")
    let pos = searched.optional(
        "pos", .integer, default: 1, "Where to begin: 1 is the first byte, -1 the last. ^ still means the first byte.")
    let searches: [(name: String, anchoring: RegularExpression.Anchoring, documentation: String)] = [
        ("search", .none, "Finds the leftmost match."), ("match", .start, "Matches where the search begins."),
        ("fullmatch", .full, "Matches from where the search begins to the end of the string."),
    ]
    for (name, anchoring, documentation) in searches {
        c.method(name, searched, returns: .of("Match|nil"), documentation) { (expression, call) throws(LuaFault) in
            try context.search(
                expression, anchoring, call, pattern: call.selfInstance, subject: call.argument(for: string),
                position: call[pos])
        }
    }
    c.method(
        "finditer", searched, returns: .of("fun(): Match|nil", "an iterator for `for m in p:finditer(s) do`"),
        "Gives one Match after the other. Each is searched for when the loop asks for it. The body of the loop may wait."
    ) { (_, call) in
        context.iterate(
            .finditer, call, pattern: call.selfInstance, string: call.argument(for: string), from: call[pos])
    }
    c.method(
        "findall", searched,
        returns: .of(
            "string[]|string[][]",
            "the text of each match; with one group in the pattern the text of the group, with several a list of their texts"
        ),
        "Finds all matches. The text of a group that took no part is ''."
    ) { (_, call) in
        context.iterate(
            .findall, call, pattern: call.selfInstance, string: call.argument(for: string), from: call[pos])
    }
    var replaced = ParameterList()
    let substitution = SubstitutionParameters(
        &replaced,
        replacement:
            "A string, in which `\\1` and `\\g<name>` stand for groups, or a function that gets the Match and returns a string."
    )
    c.method(
        "sub", replaced, returns: .of("string", "the string with the matches replaced"),
        "Replaces matches. The function may wait."
    ) { (_, call) throws(LuaFault) in
        try context.substitute(.sub, call, pattern: call.selfInstance, substitution)
    }
    c.method(
        "subn", replaced, returns: .of("string, integer", "the string with the matches replaced, and their number"),
        "Replaces matches, and counts them. The function may wait."
    ) { (_, call) throws(LuaFault) in
        try context.substitute(.subn, call, pattern: call.selfInstance, substitution)
    }
    var cut = ParameterList()
    let split = SplitParameters(&cut)
    c.method(
        "split", cut,
        returns:
            .of(
                "(string|false)[]",
                "the pieces; behind each the groups of the match that ends it, false for a group that took no part"),
        "Cuts a string at the matches."
    ) { (_, call) in context.split(call, pattern: call.selfInstance, split) }
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
