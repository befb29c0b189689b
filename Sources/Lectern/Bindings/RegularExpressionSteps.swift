internal import LuaRuntime

// What the loops of re.lua call for each match. A cursor is one integer: twice the byte offset to go on from, plus one
// when the last match was empty and ended there. Each step returns the next cursor first; nothing when there is no match.

/// Matches that one step replaces by a template, and the bytes of result after which it stops earlier: the watchdog looks
/// between steps.
private let replacementsPerStep = 256
private let bytesPerStep = 64 << 10

/// The time after which a step that replaces ends, in nanoseconds: each of its searches may take long.
private let nanosecondsPerStep: UInt64 = 10_000_000

/// Parts of a template that one step puts together, over all of its matches.
private let partsPerStep = 1 << 16

private let stepParameters: [LuaParameter] = [
    .required("pattern", .instance(["Pattern"]), ""), .required("string", .string, ""),
    .required("cursor", .integer(0...Int.max), ""),
]

/// Declares the host functions of re.lua, by their names there.
func declareRegularExpressionSteps(_ context: RegularExpressionContext) -> [(name: String, function: LuaFunction)] {
    [
        (
            "re_next_match",
            // Returns the cursor and the Match; argument 4 is the offset at which the enumeration began.
            LuaFunction("finditer", stepParameters + [.required("offset", .integer, "")], "") {
                (call) throws(LuaFault) in
                try call.step { (expression, _, match, _) in
                    context.push(match, of: expression, subject: 2, from: call.integer(4) ?? 0, call) {
                        call.push(argument: 1)
                    }
                    return 1
                }
            }
        ),
        (
            "re_next_item",
            // Returns the cursor and an item of findall.
            LuaFunction("findall", stepParameters, "") { (call) throws(LuaFault) in
                try call.step { (_, _, match, subject) in
                    switch match.ranges.count {
                    case 1: call.stack.push(match.range, of: subject)
                    case 2: call.stack.push(match.ranges[1] ?? 0..<0, of: subject)
                    default:
                        call.stack.push(list: match.ranges.dropFirst()) { $1.push($0 ?? 0..<0, of: subject) }
                    }
                    return 1
                }
            }
        ),
        (
            "re_next_cut",
            // Returns the cursor, the piece before the match, and a list of its groups or nil when the pattern has none.
            LuaFunction("split", stepParameters, "") { (call) throws(LuaFault) in
                try call.step { (_, before, match, subject) in
                    call.stack.push(before.position..<match.range.lowerBound, of: subject)
                    guard match.ranges.count > 1 else { return 1 }
                    call.stack.push(list: match.ranges.dropFirst()) { range, stack in
                        // No nil: a list has no holes.
                        if let range { stack.push(range, of: subject) } else { stack.push(false) }
                    }
                    return 2
                }
            }
        ),
        (
            "re_replace",
            // Returns the text up to the last match that was replaced, their number, and the cursor; when no match is
            // left the text goes to the string's end and there is no cursor.
            LuaFunction(
                "sub", stepParameters + [.required("template", .string, ""), .required("most", .integer, "")], ""
            ) { (call) throws(LuaFault) in try call.replaceStep(limit: context.runtime.limits.stringBytes) }
        ),
        (
            "re_groups",
            // Returns the texts of the groups of the first match, false for one that took no part; without groups the
            // text of the match; nothing when there is no match.
            LuaFunction("search", Array(stepParameters.dropLast()), "") { (call) throws(LuaFault) in
                try call.groups()
            }
        ),
        (
            "re_set_loop",
            LuaFunction("set", [.required("name", .string, ""), .required("function", .function, "")], "") {
                (call) throws(LuaFault) in
                guard let loop = call.string(1).flatMap(RegularExpressionContext.Loop.init),
                    let function = call.reference(2)
                else { throw LuaFault(.valueError, "re.lua has a loop that nothing calls") }
                context.set(loop, function)
                return .none
            }
        ),
    ]
}

extension RegularExpression.Cursor {
    fileprivate init(lua value: Int) { self.init(position: value >> 1, mustAdvance: value & 1 == 1) }

    fileprivate var luaValue: Int { position << 1 | (mustAdvance ? 1 : 0) }
}

extension LuaStack {
    /// Pushes a part of a string.
    fileprivate func push(_ range: Range<Int>, of subject: UnsafeRawBufferPointer) {
        push(UnsafeRawBufferPointer(rebasing: subject[range]))
    }
}

extension LuaCall {
    /// The arguments that every step has.
    private func withStep(
        _ body: (RegularExpression, RegularExpression.Cursor, UnsafeRawBufferPointer)
            throws(RegularExpressionError) -> Int
    ) throws(LuaFault) -> LuaResult {
        guard let expression = instance(1)?.object as? RegularExpression else { return .none }
        return try withBytes(2) { (bytes) throws(LuaFault) in
            guard let bytes else { return .none }
            do throws(RegularExpressionError) {
                return .values(try body(expression, RegularExpression.Cursor(lua: integer(3) ?? 0), bytes))
            } catch {
                throw LuaFault(error, pattern: expression.pattern)
            }
        }
    }

    /// Searches once and returns the texts of the groups.
    fileprivate func groups() throws(LuaFault) -> LuaResult {
        try withStep { (expression, _, subject) throws(RegularExpressionError) in
            guard let match = try expression.firstMatch(in: subject, from: 0, anchored: .none) else { return 0 }
            guard match.ranges.count > 1 else {
                stack.push(match.range, of: subject)
                return 1
            }
            for range in match.ranges.dropFirst() {
                if let range { stack.push(range, of: subject) } else { stack.push(false) }
            }
            return match.ranges.count - 1
        }
    }

    /// Searches for the next match, pushes the cursor behind it and what `push` pushes, and returns them.
    /// - Parameter push: gets the expression, the cursor before the search, the match and the string; tells how many values it
    ///   has pushed.
    fileprivate func step(
        _ push: (RegularExpression, RegularExpression.Cursor, RegularExpression.Match, UnsafeRawBufferPointer) -> Int
    ) throws(LuaFault) -> LuaResult {
        try withStep { (expression, before, subject) throws(RegularExpressionError) in
            var cursor = before
            guard let match = try expression.nextMatch(in: subject, cursor: &cursor) else { return 0 }
            stack.push(cursor.luaValue)
            return 1 + push(expression, before, match, subject)
        }
    }

    fileprivate func replaceStep(limit: Int) throws(LuaFault) -> LuaResult {
        let text = bytes(4) ?? []
        let wanted = min(integer(5) ?? 0, replacementsPerStep)
        return try withStep { (expression, cursor, subject) throws(RegularExpressionError) in
            let template = try ReplacementTemplate(text, for: expression)
            let most = min(wanted, max(partsPerStep / max(template.partCount, 1), 1))
            var cursor = cursor
            let result = try expression.replacing(
                in: subject, with: template, cursor: &cursor, limit: most, pauseBytes: bytesPerStep,
                pauseNanoseconds: nanosecondsPerStep, maximumBytes: limit)
            stack.push(result.bytes)
            stack.push(result.count)
            if result.isComplete { stack.pushNil() } else { stack.push(cursor.luaValue) }
            return 3
        }
    }
}
