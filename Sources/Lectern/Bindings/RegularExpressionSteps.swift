internal import LuaRuntime

// What the loops of re.lua call for each match. A cursor is one integer: twice the byte offset to go on from, plus one
// when the last match was empty and ended there. Each step returns the next cursor first; nothing when there is no
// match.

/// Matches that one step replaces by a template, and the bytes of result after which it stops earlier: the watchdog
/// looks between steps.
private let replacementsPerStep = 256
private let bytesPerStep = 64 << 10

/// The time after which a step that replaces ends, in nanoseconds: each of its searches may take long.
private let nanosecondsPerStep: UInt64 = 10_000_000

/// Parts of a template that one step puts together, over all of its matches.
private let partsPerStep = 1 << 16

/// The parameters that every step has.
private struct StepParameters {
    var list = ParameterList()
    let pattern: Parameter<LuaInstance>
    let string: Parameter<String>

    init() {
        pattern = list.required("pattern", .instance("Pattern"), "")
        string = list.required("string", .string, "")
    }
}

/// Those of a step that goes on from a cursor.
private struct CursorParameters {
    var step = StepParameters()
    let cursor: Parameter<Int>

    init() { cursor = step.list.required("cursor", .integer(0...Int.max), "") }
}

/// Declares the host functions of re.lua, by their names there.
func declareRegularExpressionSteps(_ context: RegularExpressionContext) -> [(name: String, function: LuaFunction)] {
    [
        ("re_next_match", declareNextMatch(context)), ("re_next_item", declareNextItem()),
        ("re_next_cut", declareNextCut()), ("re_replace", declareReplace(context)), ("re_groups", declareGroups()),
    ]
}

/// Returns the cursor and the Match.
private func declareNextMatch(_ context: RegularExpressionContext) -> LuaFunction {
    var parameters = CursorParameters()
    let offset = parameters.step.list.required("offset", .integer, "Where the enumeration began.")
    return LuaFunction("finditer", parameters.step.list, "") { [parameters] (call) throws(LuaFault) in
        try call.step(parameters) { (expression, _, match, _) in
            context.push(
                match, of: expression, subject: call.argument(for: parameters.step.string), from: call[offset], call,
                pattern: call[parameters.step.pattern])
            return 1
        }
    }
}

/// Returns the cursor and an item of findall.
private func declareNextItem() -> LuaFunction {
    let parameters = CursorParameters()
    return LuaFunction("findall", parameters.step.list, "") { (call) throws(LuaFault) in
        try call.step(parameters) { (_, _, match, subject) in
            switch match.ranges.count {
            case 1: call.stack.push(match.range, of: subject)
            case 2: call.stack.push(match.ranges[1] ?? 0..<0, of: subject)
            default: call.stack.push(list: match.ranges.dropFirst()) { $1.push($0 ?? 0..<0, of: subject) }
            }
            return 1
        }
    }
}

/// Returns the cursor, the piece before the match, and a list of its groups or nil when the pattern has none.
private func declareNextCut() -> LuaFunction {
    let parameters = CursorParameters()
    return LuaFunction("split", parameters.step.list, "") { (call) throws(LuaFault) in
        try call.step(parameters) { (_, before, match, subject) in
            call.stack.push(before.position..<match.range.lowerBound, of: subject)
            guard match.ranges.count > 1 else { return 1 }
            call.stack.push(list: match.ranges.dropFirst()) { range, stack in
                // No nil: a list has no holes.
                if let range { stack.push(range, of: subject) } else { stack.push(false) }
            }
            return 2
        }
    }
}

/// Returns the text up to the last match that was replaced, their number, and the cursor; when no match is left the
/// text goes to the string's end and there is no cursor.
private func declareReplace(_ context: RegularExpressionContext) -> LuaFunction {
    var parameters = CursorParameters()
    let template = parameters.step.list.required("template", .bytes, "")
    let most = parameters.step.list.required("most", .integer, "")
    return LuaFunction("sub", parameters.step.list, "") { [parameters] (call) throws(LuaFault) in
        let text = call[template]
        let wanted = min(call[most], replacementsPerStep)
        return try call.withStep(parameters.step) { (expression, subject) throws(RegularExpressionError) in
            let template = try ReplacementTemplate(text, for: expression)
            let most = min(wanted, max(partsPerStep / max(template.partCount, 1), 1))
            var cursor = RegularExpression.Cursor(lua: call[parameters.cursor])
            let result = try expression.replacing(
                in: subject, with: template, cursor: &cursor, limit: most, pauseBytes: bytesPerStep,
                pauseNanoseconds: nanosecondsPerStep, maximumBytes: context.runtime.limits.stringBytes)
            call.stack.push(result.bytes)
            call.stack.push(result.count)
            if result.isComplete { call.stack.pushNil() } else { call.stack.push(cursor.luaValue) }
            return 3
        }
    }
}

/// Returns the texts of the groups of the first match, false for one that took no part; without groups the text of the
/// match; nothing when there is no match.
private func declareGroups() -> LuaFunction {
    let parameters = StepParameters()
    return LuaFunction("search", parameters.list, "") { (call) throws(LuaFault) in
        try call.withStep(parameters) { (expression, subject) throws(RegularExpressionError) in
            guard let match = try expression.firstMatch(in: subject, from: 0, anchored: .none) else { return 0 }
            guard match.ranges.count > 1 else {
                call.stack.push(match.range, of: subject)
                return 1
            }
            for range in match.ranges.dropFirst() {
                if let range { call.stack.push(range, of: subject) } else { call.stack.push(false) }
            }
            return match.ranges.count - 1
        }
    }
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
    /// Calls `body` with what every step has; it tells how many values it has pushed.
    fileprivate func withStep(
        _ parameters: StepParameters,
        _ body: (RegularExpression, UnsafeRawBufferPointer) throws(RegularExpressionError) -> Int
    ) throws(LuaFault) -> LuaResult {
        guard let expression = self[parameters.pattern].object as? RegularExpression else { return .none }
        return try argument(for: parameters.string).withBytes { (bytes) throws(LuaFault) in
            guard let bytes else { return .none }
            do throws(RegularExpressionError) {
                return .values(try body(expression, bytes))
            } catch {
                throw LuaFault(error, pattern: expression.pattern)
            }
        }
    }

    /// Searches for the next match, pushes the cursor behind it and what `push` pushes, and returns them.
    /// - Parameter push: gets the expression, the cursor before the search, the match and the string; tells how many
    ///   values it has pushed.
    fileprivate func step(
        _ parameters: CursorParameters,
        _ push: (RegularExpression, RegularExpression.Cursor, RegularExpression.Match, UnsafeRawBufferPointer) -> Int
    ) throws(LuaFault) -> LuaResult {
        try withStep(parameters.step) { (expression, subject) throws(RegularExpressionError) in
            let before = RegularExpression.Cursor(lua: self[parameters.cursor])
            var cursor = before
            guard let match = try expression.nextMatch(in: subject, cursor: &cursor) else { return 0 }
            stack.push(cursor.luaValue)
            return 1 + push(expression, before, match, subject)
        }
    }
}
