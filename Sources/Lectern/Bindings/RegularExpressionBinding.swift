internal import ControlCore
internal import LuaRuntime

extension BindingContext {
    /// Makes `re` and its classes known to the program.
    func registerRegularExpressions() throws(LuaFault) {
        let context = RegularExpressionContext(runtime: runtime, cache: patterns)
        runtime.register(declarePattern(context))
        context.matchClass = runtime.register(declareMatch(context))
        runtime.setGlobal(
            table: "re", functions: declareRegularExpressionFunctions(context),
            constants: RegularExpression.Flags.constants)
        for (name, function) in declareRegularExpressionSteps(context) { runtime.setInternal(name, function) }
        try runtime.run(PackageResources.re_lua, chunk: "=[lectern re]", arguments: [])
        precondition(context.isComplete, "re.lua brings every loop")
    }
}

/// Declares the functions of `re`. Their names begin with `re.`, as error messages show them.
func declareRegularExpressionFunctions(_ context: RegularExpressionContext) -> [LuaFunction] {
    // Checked by the functions themselves: a string or a Pattern.
    let pattern = LuaParameter.required(
        "pattern", .any.annotated("string|Pattern"), "A pattern in Python's syntax, or a Pattern.")
    let string = LuaParameter.required("string", .string, "The string to search.")
    let flags = LuaParameter.optional(
        "flags", .integer, default: "0", "re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.")
    var functions: [LuaFunction] = []

    func declare(
        _ name: String, _ parameters: [LuaParameter], returns: LuaShape, _ documentation: String,
        body: @escaping (LuaInstance, LuaCall) throws(LuaFault) -> LuaResult
    ) {
        let name = "re.\(name)"
        let all = [pattern] + parameters + [flags]
        functions.append(
            LuaFunction(name, all, returns: returns, documentation) { (call) throws(LuaFault) in
                let instance = try context.pushPattern(1, flags: all.count, of: call, function: name)
                return try body(instance, call)
            })
    }

    declare("compile", [], returns: .of("Pattern"), "Compiles a pattern; the last 256 are kept compiled.") { _, _ in
        .values(1)
    }
    declare("search", [string], returns: .of("Match|nil"), "Finds the leftmost match.") {
        (instance, call) throws(LuaFault) in try context.search(instance, .none, call)
    }
    declare("match", [string], returns: .of("Match|nil"), "Matches at the beginning of the string.") {
        (instance, call) throws(LuaFault) in try context.search(instance, .start, call)
    }
    declare("fullmatch", [string], returns: .of("Match|nil"), "Matches the whole string.") {
        (instance, call) throws(LuaFault) in try context.search(instance, .full, call)
    }
    declare(
        "finditer", [string], returns: .of("fun(): Match|nil", "an iterator for `for m in re.finditer(p, s) do`"),
        "Gives one Match after the other; see Pattern.finditer."
    ) { (instance, call) in context.iterate(.finditer, call, pattern: instance, string: 2, from: 0) }
    declare(
        "findall", [string], returns: .of("string[]|string[][]"), "Finds the texts of all matches; see Pattern.findall."
    ) {
        (instance, call) in context.iterate(.findall, call, pattern: instance, string: 2, from: 0)
    }
    let substitution: [LuaParameter] = [
        .required(
            "repl", .any.annotated("string|fun(match: Match): string"), "A string or a function; see Pattern.sub."),
        string,
        .optional("count", .integer(0...Int.max), default: "0", "The most matches to replace; 0: all."),
    ]
    declare(
        "sub", substitution, returns: .of("string", "the string with the matches replaced"),
        "Replaces matches; see Pattern.sub."
    ) { (instance, call) throws(LuaFault) in
        try context.substitute(.sub, call, pattern: instance, replacement: 2, string: 3, count: 4)
    }
    declare(
        "subn", substitution, returns: .of("string, integer", "the string with the matches replaced, and their number"),
        "Replaces matches, and counts them; see Pattern.subn."
    ) { (instance, call) throws(LuaFault) in
        try context.substitute(.subn, call, pattern: instance, replacement: 2, string: 3, count: 4)
    }
    declare(
        "split",
        [
            string,
            .optional("maxsplit", .integer(0...Int.max), default: "0", "The most matches to cut at; 0: all."),
        ], returns: .of("(string|false)[]", "the pieces, with the groups between them"),
        "Cuts a string at the matches; see Pattern.split."
    ) { (instance, call) in context.split(call, pattern: instance, string: 2, limit: 3) }
    functions.append(
        LuaFunction(
            "re.escape", [.required("string", .string, "Any bytes.")],
            returns: .of("string", "a pattern that matches just these bytes"),
            "Puts a backslash before each byte that has a meaning in patterns."
        ) { (call) throws(LuaFault) in
            let limit = context.runtime.limits.stringBytes
            let escaped = try call.withBytes(1) { (bytes) throws(LuaFault) -> [UInt8] in
                do throws(RegularExpressionError) {
                    return try bytes.map { (bytes) throws(RegularExpressionError) in
                        try RegularExpression.escaped(bytes, limit: limit)
                    } ?? []
                } catch {
                    throw LuaFault(.valueError, "re.escape would make a string of over \(limit) bytes")
                }
            }
            call.stack.push(escaped)
            return .values(1)
        })
    return functions
}

extension RegularExpressionContext {
    /// Searches argument 2 of a function of `re`.
    fileprivate func search(
        _ pattern: LuaInstance, _ anchoring: RegularExpression.Anchoring, _ call: LuaCall
    ) throws(LuaFault) -> LuaResult {
        guard let expression = pattern.object as? RegularExpression else { return call.returning(LuaNil()) }
        return try search(expression, anchoring, subject: 2, call) { call.stack.push(pattern) }
    }
}
