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
        try runtime.run(PackageResources.re_lua, chunk: "=[lectern re]", exporting: context.loops)
    }
}

/// Declares the functions of `re`. Their names begin with `re.`, as error messages show them.
func declareRegularExpressionFunctions(_ context: RegularExpressionContext) -> [LuaFunction] {
    var functions: [LuaFunction] = []

    /// Declares a function that takes a pattern first, then what `add` adds, and flags last.
    func declare<Parameters>(
        _ name: String, _ add: (inout ParameterList) -> Parameters, returns: LuaShape, _ documentation: String,
        body: @escaping (LuaInstance, Parameters, LuaCall) throws(LuaFault) -> LuaResult
    ) {
        let name = "re.\(name)"
        var list = ParameterList()
        // Checked by the functions themselves: a string or a Pattern.
        let pattern = list.required(
            "pattern", .any.annotated("string|Pattern"), "A pattern in Python's syntax, or a Pattern.")
        let parameters = add(&list)
        let flags = list.optional(
            "flags", .integer, default: 0, "re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, combined with |.")
        functions.append(
            LuaFunction(name, list, returns: returns, documentation) { (call) throws(LuaFault) in
                let instance = try context.pushPattern(call[pattern], flags: call[flags], of: call, function: name)
                return try body(instance, parameters, call)
            })
    }

    func string(_ list: inout ParameterList) -> Parameter<String> {
        list.required("string", .string, "The string to search.")
    }

    func substitution(_ list: inout ParameterList) -> SubstitutionParameters {
        SubstitutionParameters(&list, replacement: "A string or a function; see Pattern.sub.")
    }

    declare(
        "compile", { _ in }, returns: .of("Pattern"), "Compiles a pattern; the last 256 are kept compiled."
    ) { _, _, _ in .values(1) }
    let searches: [(name: String, anchoring: RegularExpression.Anchoring, documentation: String)] = [
        ("search", .none, "Finds the leftmost match."), ("match", .start, "Matches at the beginning of the string."),
        ("fullmatch", .full, "Matches the whole string."),
    ]
    for (name, anchoring, documentation) in searches {
        declare(name, string, returns: .of("Match|nil"), documentation) {
            (instance, string, call) throws(LuaFault) in
            guard let expression = instance.object as? RegularExpression else { return call.returning(LuaNil()) }
            return try context.search(
                expression, anchoring, call, pattern: instance, subject: call.argument(for: string))
        }
    }
    declare(
        "finditer", string, returns: .of("fun(): Match|nil", "an iterator for `for m in re.finditer(p, s) do`"),
        "Gives one Match after the other; see Pattern.finditer."
    ) { (instance, string, call) in
        context.iterate(.finditer, call, pattern: instance, string: call.argument(for: string))
    }
    declare(
        "findall", string, returns: .of("string[]|string[][]"), "Finds the texts of all matches; see Pattern.findall."
    ) { (instance, string, call) in
        context.iterate(.findall, call, pattern: instance, string: call.argument(for: string))
    }
    declare(
        "sub", substitution, returns: .of("string", "the string with the matches replaced"),
        "Replaces matches; see Pattern.sub."
    ) { (instance, parameters, call) throws(LuaFault) in
        try context.substitute(.sub, call, pattern: instance, parameters)
    }
    declare(
        "subn", substitution, returns: .of("string, integer", "the string with the matches replaced, and their number"),
        "Replaces matches, and counts them; see Pattern.subn."
    ) { (instance, parameters, call) throws(LuaFault) in
        try context.substitute(.subn, call, pattern: instance, parameters)
    }
    declare(
        "split", SplitParameters.init, returns: .of("(string|false)[]", "the pieces, with the groups between them"),
        "Cuts a string at the matches; see Pattern.split."
    ) { (instance, parameters, call) in context.split(call, pattern: instance, parameters) }
    functions.append(declareEscape(limit: context.runtime.limits.stringBytes))
    return functions
}

private func declareEscape(limit: Int) -> LuaFunction {
    var list = ParameterList()
    let string = list.required("string", .string, "Any bytes.")
    return LuaFunction(
        "re.escape", list, returns: .of("string", "a pattern that matches just these bytes"),
        "Puts a backslash before each byte that has a meaning in patterns."
    ) { (call) throws(LuaFault) in
        let escaped = try call.argument(for: string).withBytes { (bytes) throws(LuaFault) -> [UInt8] in
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
    }
}
