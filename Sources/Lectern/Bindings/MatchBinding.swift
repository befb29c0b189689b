internal import LuaRuntime

/// Declares `Match`.
func declareMatch(_ context: RegularExpressionContext) -> LuaClass<FoundMatch> {
    var c = LuaClass<FoundMatch>(
        "Match",
        "One match of a Pattern. m[1] and m['name'] are the texts of its groups, m[0] is the whole match. Made by the pattern."
    ) { found in
        "\(found.match.range.lowerBound + 1)-\(found.match.range.upperBound)"
    }
    let subjectSlot = c.slot()
    let patternSlot = c.slot()
    c.isShownAs { found, call in
        call.pushKept(subjectSlot)
        let text = call.stack.withBytes(at: -1) { $0.map { $0[found.match.range].quoted(limit: 40) } ?? "" }
        return "<Match \(found.match.range.lowerBound + 1)-\(found.match.range.upperBound) \(text)>"
    }

    c.items { (found, key, call) throws(LuaFault) in
        if key.integer == nil, key.string.flatMap({ found.expression.names[$0] }) == nil {
            // No group: the name of a member that was misspelt, perhaps.
            return .none
        }
        return try call.returning(
            found, CollectionOfOne(found.group(key, method: "Match[group]")), subject: subjectSlot)
    }

    c.property("string", .string, "The string that was searched.", keptIn: subjectSlot)
    c.property("re", .instance(["Pattern"]), "The Pattern.", keptIn: patternSlot)
    c.property("pos", .integer, "Where the search began: 1 is the first byte.") { $0.start + 1 }
    c.property("lastindex", .integer.annotated("integer|nil"), "The number of the group that closed last, or nil.") {
        $0.match.lastIndex
    }
    c.property("lastgroup", .string.annotated("string|nil"), "The name of the group that closed last, or nil.") {
        $0.lastGroup
    }

    var asked = ParameterList()
    let wanted = asked.repeated(
        "group", .any.annotated("integer|string"), absence: "0",
        "The number or the name of a group; 0 is the whole match.")
    c.method(
        "group", asked,
        returns: .of("string|nil ...", "the text of each group that was asked for; nil for one that took no part"),
        "Gives the text of one or several groups; of the whole match when called without arguments."
    ) { (found, call) throws(LuaFault) in
        var groups: [Int] = []
        for argument in call[wanted] { groups.append(try found.group(argument, method: "group")) }
        return try call.returning(found, groups, subject: subjectSlot)
    }
    var filled = ParameterList()
    let filling = filled.optional("default", .any, "What to return for a group that took no part.")
    c.method(
        "groups", filled, returns: .of("string|nil ...", "the text of each group from 1 on, as so many values"),
        "Gives the text of every group."
    ) { (found, call) throws(LuaFault) in
        try call.returning(
            found, Array(found.match.ranges.indices.dropFirst()), subject: subjectSlot, default: call[filling])
    }
    c.method(
        "groupdict", filled, returns: .of("table<string, string>", "a table of the texts by name"),
        "Gives the text of every group that has a name."
    ) { (found, call) throws(LuaFault) in
        call.pushKept(subjectSlot)
        call.stack.withBytes(at: -1) { subject in
            call.stack.pushTable(fields: found.expression.names.count)
            // In order of the groups: what `pairs` gives must not depend on this process.
            for (name, group) in found.expression.names.sorted(by: { $0.value < $1.value }) {
                call.push(found, group, of: subject, default: call[filling])
                call.stack.setTop(name)
            }
        }
        return .values(1)
    }
    var one = ParameterList()
    let group = one.optional(
        "group", .any.annotated("integer|string"), absence: "0", "The number or the name of a group.")
    c.method(
        "start", one,
        returns: .of("integer|nil", "1 for the first byte of the string; nil when the group took no part"),
        "Tells where a group begins, so that s:sub(m:start(), m:stop()) is m:group()."
    ) { (found, call) throws(LuaFault) in
        call.returning(found.match[try found.group(call[group], method: "start")].map { $0.lowerBound + 1 })
    }
    for name in ["stop", "end"] {
        c.method(
            name, one,
            returns: .of("integer|nil", "1 for the first byte of the string; nil when the group took no part"),
            name == "stop"
                ? "Tells the last byte of a group, as string.find does: one less than start when the group is empty."
                : "The same as stop. `end` is a keyword of Lua: write `m['end']`, and give it m as its first argument."
        ) { (found, call) throws(LuaFault) in
            call.returning(found.match[try found.group(call[group], method: name)]?.upperBound)
        }
    }
    c.method(
        "span", one,
        returns: .of("integer|nil, integer|nil", "start and stop of the group; nil and nil when it took no part"),
        "Tells where a group begins and its last byte, as string.find does."
    ) { (found, call) throws(LuaFault) in
        let range = found.match[try found.group(call[group], method: "span")]
        call.stack.push(range.map { $0.lowerBound + 1 })
        call.stack.push(range?.upperBound)
        return .values(2)
    }
    var expanded = ParameterList()
    let template = expanded.required("template", .bytes, "A replacement as sub takes it.")
    c.method(
        "expand", expanded, returns: .of("string"),
        "Gives the template with its references such as `\\1` and `\\g<name>` replaced by the groups."
    ) { (found, call) throws(LuaFault) in
        let limit = context.runtime.limits.stringBytes
        call.pushKept(subjectSlot)
        let text: [UInt8]
        do throws(RegularExpressionError) {
            let template = try ReplacementTemplate(call[template], for: found.expression)
            guard template.count(for: found.match) <= limit else {
                throw RegularExpressionError.resultTooLarge(limit: limit)
            }
            text = call.stack.withBytes(at: -1) { subject in
                template.expanded(found.match, of: subject ?? UnsafeRawBufferPointer(start: nil, count: 0))
            }
        } catch {
            throw LuaFault(error, pattern: found.expression.pattern)
        }
        call.stack.push(text)
        return .values(1)
    }
    return c
}

extension LuaCall {
    /// Returns the texts of groups, as so many values.
    fileprivate func returning(
        _ found: FoundMatch, _ groups: some Collection<Int>, subject slot: LuaEvent, default filling: LuaArgument? = nil
    ) throws(LuaFault) -> LuaResult {
        guard stack.reserve(groups.count + 4) else {
            throw LuaFault(
                .runtimeError, "\(groups.count) groups are more than fit on the stack: ask for fewer at a time")
        }
        pushKept(slot)
        stack.withBytes(at: -1) { subject in
            for group in groups { push(found, group, of: subject, default: filling) }
        }
        return .values(groups.count)
    }

    /// Pushes the text of a group, or what stands for one that took no part.
    fileprivate func push(
        _ found: FoundMatch, _ group: Int, of subject: UnsafeRawBufferPointer?, default filling: LuaArgument?
    ) {
        if let subject, let range = found.match[group] {
            stack.push(UnsafeRawBufferPointer(rebasing: subject[range]))
        } else if let filling {
            stack.push(filling)
        } else {
            stack.pushNil()
        }
    }
}
