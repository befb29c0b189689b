internal import LuaRuntime

/// What the declarations of `re`, `Pattern` and `Match` share. Belongs to one program.
final class RegularExpressionContext {
    /// The operations that are loops, written in Lua (`re.lua`): each match is a step of its own there, so the watchdog
    /// and the memory limit hold between matches, and a function of the program may wait.
    enum Loop: String, CaseIterable { case finditer, findall, split, sub, subn }

    unowned let runtime: LuaRuntime
    let cache: RegularExpressionCache

    /// The class of a Match, whose first slots are for the string that was searched, which so counts as memory of the
    /// program, and for the Pattern.
    var matchClass: RegisteredClass<FoundMatch>?

    let loops = LuaExports<Loop>()

    init(runtime: LuaRuntime, cache: RegularExpressionCache) {
        self.runtime = runtime
        self.cache = cache
    }

    // MARK: - Patterns

    /// The Pattern of these bytes, from the cache when it was used lately.
    /// - Throws: ValueError when the pattern or the flags are wrong.
    func pattern(_ text: [UInt8], flags: Int) throws(LuaFault) -> LuaInstance {
        let flags = try RegularExpression.Flags(lua: flags)
        do throws(RegularExpressionError) {
            return runtime.instance(for: try cache.expression(text, flags: flags), class: "Pattern")
        } catch {
            throw LuaFault(error, pattern: text)
        }
    }

    /// The Pattern that an argument is or, as a string, means. It is pushed, so that it stays while the call uses it.
    func pushPattern(
        _ argument: LuaArgument, flags: Int, of call: LuaCall, function: String
    ) throws(LuaFault) -> LuaInstance {
        if let instance = argument.instance, instance.object is RegularExpression {
            guard flags == 0 else {
                throw LuaFault(.valueError, "\(function): flags belong to re.compile; this pattern is compiled already")
            }
            call.stack.push(instance)
            return instance
        }
        guard let text = argument.bytes else {
            throw LuaFault(
                .typeError,
                "argument 'pattern' of \(function) must be a string or a Pattern, got a \(argument.typeName)")
        }
        let instance = try pattern(text, flags: flags)
        call.stack.push(instance)
        return instance
    }

    // MARK: - Matches

    /// Searches once and returns a Match or nil.
    /// - Parameters:
    ///   - pattern: the instance of the expression.
    ///   - subject: the string that is searched.
    ///   - position: where to begin, as programs count.
    func search(
        _ expression: RegularExpression, _ anchoring: RegularExpression.Anchoring, _ call: LuaCall,
        pattern: LuaInstance?, subject: LuaArgument, position: Int = 1
    ) throws(LuaFault) -> LuaResult {
        let start = subject.offset(position)
        let match = try subject.withBytes { (bytes) throws(LuaFault) -> RegularExpression.Match? in
            guard let bytes, start <= bytes.count else { return nil }
            do throws(RegularExpressionError) {
                return try expression.firstMatch(in: bytes, from: start, anchored: anchoring)
            } catch {
                throw LuaFault(error, pattern: expression.pattern)
            }
        }
        guard let match else { return call.returning(LuaNil()) }
        push(match, of: expression, subject: subject, from: start, call, pattern: pattern)
        return .values(1)
    }

    /// Pushes a Match.
    /// - Parameter pattern: the instance of the expression.
    func push(
        _ match: RegularExpression.Match, of expression: RegularExpression, subject: LuaArgument, from start: Int,
        _ call: LuaCall, pattern: LuaInstance?
    ) {
        guard let matchClass else { preconditionFailure("Match is declared before a program runs") }
        call.stack.push(subject)
        call.stack.push(pattern)
        runtime.push(
            new: FoundMatch(match, of: expression, from: start), of: matchClass, keeping: 2, onto: call.stack)
    }

    // MARK: - Loops

    /// Calls `finditer` or `findall`, beginning at a position as programs count.
    func iterate(
        _ loop: Loop, _ call: LuaCall, pattern: LuaInstance?, string: LuaArgument, from position: Int = 1
    ) -> LuaResult {
        call.handOver(to: loops[loop], pattern, string, string.offset(position))
    }

    /// Calls `sub` or `subn`.
    func substitute(
        _ loop: Loop, _ call: LuaCall, pattern: LuaInstance?, _ parameters: SubstitutionParameters
    ) throws(LuaFault) -> LuaResult {
        let replacement = call[parameters.replacement]
        guard replacement.isString || replacement.isCallable else {
            throw LuaFault(
                .typeError,
                "argument 'repl' of \(loop) must be a string or a function, got a \(replacement.typeName)")
        }
        return call.handOver(
            to: loops[loop], pattern, call.argument(for: parameters.string), replacement, call[parameters.count])
    }

    /// Calls `split`.
    func split(_ call: LuaCall, pattern: LuaInstance?, _ parameters: SplitParameters) -> LuaResult {
        call.handOver(to: loops[.split], pattern, call.argument(for: parameters.string), call[parameters.limit])
    }
}

/// The parameters of `sub` and `subn`.
struct SubstitutionParameters {
    let replacement: Parameter<LuaArgument>
    let string: Parameter<String>
    let count: Parameter<Int>

    init(_ list: inout ParameterList, replacement documentation: String) {
        replacement = list.required("repl", .any.annotated("string|fun(match: Match): string"), documentation)
        string = list.required("string", .string, "The string to search.")
        count = list.optional("count", .integer(0...Int.max), default: 0, "The most matches to replace; 0: all.")
    }
}

/// The parameters of `split`.
struct SplitParameters {
    let string: Parameter<String>
    let limit: Parameter<Int>

    init(_ list: inout ParameterList) {
        string = list.required("string", .string, "The string to search.")
        limit = list.optional("maxsplit", .integer(0...Int.max), default: 0, "The most matches to cut at; 0: all.")
    }
}

extension LuaArgument {
    /// The offset that a position in this string means, as `string.find` counts: 1 is the first byte, -1 the last.
    /// Where nothing can be found any more it is one more than the string has bytes.
    fileprivate func offset(_ position: Int) -> Int {
        if position > 0 { return min(position - 1, byteCount + 1) }
        if position == 0 { return 0 }
        // -position would overflow for the least integer.
        return max(byteCount + max(position, -byteCount), 0)
    }
}

extension RegularExpression.Flags {
    /// The flags by the numbers that they have in Python.
    private static let numbers: [(name: String, number: Int, flag: RegularExpression.Flags)] = [
        ("IGNORECASE", 2, .ignoreCase), ("MULTILINE", 8, .multiline), ("DOTALL", 16, .dotAll),
        ("VERBOSE", 64, .verbose),
        ("ASCII", 256, .ascii),
    ]

    /// The names of the flags in `re`, and their numbers.
    static var constants: [(name: String, number: Int)] {
        numbers.map { ($0.name, $0.number) } + [("I", 2), ("M", 8), ("S", 16), ("X", 64), ("A", 256)]
    }

    /// Reads flags as a program gives them.
    /// - Throws: ValueError for a number that is no flag.
    init(lua value: Int) throws(LuaFault) {
        self = []
        var rest = value
        for (_, number, flag) in Self.numbers where value & number != 0 {
            insert(flag)
            rest &= ~number
        }
        guard rest == 0 else {
            let known = Self.numbers.map { "re.\($0.name)" }.joined(separator: ", ")
            throw LuaFault(.valueError, "argument 'flags' has a part that is no flag (\(rest)); the flags are \(known)")
        }
    }

    /// The flags as a program sees them.
    var luaValue: Int { Self.numbers.reduce(0) { contains($1.flag) ? $0 | $1.number : $0 } }
}

extension LuaFault {
    /// What a program is told of a wrong pattern, a wrong replacement or a search that was given up.
    init(_ error: RegularExpressionError, pattern: [UInt8]) {
        switch error {
        case .syntax(let message, let offset):
            self.init(.valueError, "\(message) at byte \(offset + 1) of the pattern \(pattern.quoted())")
        case .template(let message, let offset):
            self.init(
                .valueError,
                "\(message) at byte \(offset + 1) of the replacement, which is for the pattern \(pattern.quoted())")
        case .matchLimitExceeded:
            self.init(
                .runtimeError,
                "the search for the pattern \(pattern.quoted()) was given up: it tries too many ways to match this string; "
                    + "avoid a repetition inside a repetition, such as (a+)+, and say what ends each, such as [^\\r]* for .*"
            )
        case .resultTooLarge(let limit):
            self.init(
                .valueError,
                "replacing matches of the pattern \(pattern.quoted()) would make a string of over \(limit) bytes")
        case .engine(let message):
            self.init(.runtimeError, "the search for the pattern \(pattern.quoted()) failed: \(message)")
        }
    }
}
