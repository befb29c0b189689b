internal import LuaRuntime

/// The object of the Lua class `Match`. The string that was searched is kept by the instance, as memory of the program.
final class FoundMatch {
    let match: RegularExpression.Match
    let expression: RegularExpression
    /// The byte from which was searched.
    let start: Int

    init(_ match: RegularExpression.Match, of expression: RegularExpression, from start: Int) {
        self.match = match
        self.expression = expression
        self.start = start
    }

    /// The name of the group that closed last.
    var lastGroup: String? {
        match.lastIndex.flatMap { last in expression.names.first { $0.value == last }?.key }
    }

    /// The number of the group that an argument names; 0 when it was left out.
    /// - Throws: IndexError when there is no such group, TypeError when it is neither a number nor a name.
    func group(_ argument: LuaArgument, method: String) throws(LuaFault) -> Int {
        if argument.isNil { return 0 }
        if let number = argument.integer {
            guard (0...expression.groupCount).contains(number) else {
                throw LuaFault(
                    .indexError,
                    "\(method): the pattern \(expression.pattern.quoted()) has no group \(number); "
                        + "its groups are 0 to \(expression.groupCount)")
            }
            return number
        }
        guard argument.isString, let name = argument.string else {
            throw LuaFault(
                .typeError,
                "argument 'group' of \(method) must be a whole number or a name, "
                    + "got a \(argument.typeName)")
        }
        guard let number = expression.names[name] else {
            let names = expression.names.sorted { $0.value < $1.value }.map { "'\($0.key)'" }
            throw LuaFault(
                .indexError,
                "\(method): the pattern \(expression.pattern.quoted()) has no group '\(name)'; "
                    + (names.isEmpty ? "its groups have no names" : "its names are \(names.joined(separator: ", "))"))
        }
        return number
    }
}
