internal import LuaRuntime

/// What the declarations of `re`, `Pattern` and `Match` share. Belongs to one program.
final class RegularExpressionContext {
    /// The operations that are loops, written in Lua (`re.lua`): each match is a step of its own there, so the watchdog and
    /// the memory limit hold between matches, and a function of the program may wait.
    enum Loop: String, CaseIterable {
        case finditer, findall, split, sub, subn
    }

    unowned let runtime: LuaRuntime
    let cache: RegularExpressionCache

    /// The class of a Match, whose first slots are for the string that was searched, which so counts as memory of the program,
    /// and for the Pattern.
    var matchClass: RegisteredClass<FoundMatch>?

    private var loops = NamedValues<LuaReference>()

    init(runtime: LuaRuntime, cache: RegularExpressionCache) {
        self.runtime = runtime
        self.cache = cache
    }

    /// Sets what `re.lua` brings.
    func set(_ loop: Loop, _ function: LuaReference) { loops[loop] = function }

    /// Whether `re.lua` has brought every loop.
    var isComplete: Bool { loops.count == Loop.allCases.count }

    /// Begins a call of a loop; the caller pushes its arguments behind the pattern.
    func push(_ loop: Loop, _ pattern: LuaInstance, onto stack: LuaStack) {
        stack.push(loops[loop])
        stack.push(pattern)
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
    func pushPattern(_ argument: Int, flags: Int, of call: LuaCall, function: String) throws(LuaFault) -> LuaInstance {
        if let instance = call.instance(argument), instance.object is RegularExpression {
            guard call.integer(flags) ?? 0 == 0 else {
                throw LuaFault(.valueError, "\(function): flags belong to re.compile; this pattern is compiled already")
            }
            call.stack.push(instance)
            return instance
        }
        guard let text = call.bytes(argument) else {
            throw LuaFault(
                .typeError,
                "argument 'pattern' of \(function) must be a string or a Pattern, got a \(call.typeName(argument))")
        }
        let instance = try pattern(text, flags: call.integer(flags) ?? 0)
        call.stack.push(instance)
        return instance
    }

    // MARK: - Matches

    /// Searches once and returns a Match or nil.
    /// - Parameters:
    ///   - pattern: pushes the instance of the expression.
    ///   - subject: the number of the argument that is searched.
    ///   - position: the number of the argument that says where to begin; nil: at the first byte.
    func search(
        _ expression: RegularExpression, _ anchoring: RegularExpression.Anchoring, subject: Int, position: Int? = nil,
        _ call: LuaCall, pattern: () -> Void
    ) throws(LuaFault) -> LuaResult {
        let start = try call.offset(position, in: subject)
        let match = try call.withBytes(subject) { (bytes) throws(LuaFault) -> RegularExpression.Match? in
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
    /// - Parameter pattern: pushes the instance of the expression.
    func push(
        _ match: RegularExpression.Match, of expression: RegularExpression, subject: Int, from start: Int,
        _ call: LuaCall, pattern: () -> Void
    ) {
        guard let matchClass else { preconditionFailure("Match is declared before a program runs") }
        call.push(argument: subject)
        pattern()
        runtime.push(
            new: FoundMatch(match, of: expression, from: start), of: matchClass, keeping: 2, onto: call.stack)
    }
}

extension LuaCall {
    /// The offset that a position argument means, as `string.find` counts: 1 is the first byte, -1 the last. Where nothing
    /// can be found any more it is one more than the string has bytes.
    func offset(_ position: Int?, in subject: Int) throws(LuaFault) -> Int {
        guard let position, let value = integer(position), value != 0 else { return 0 }
        let count = try withBytes(subject) { (bytes) throws(LuaFault) in bytes?.count ?? 0 }
        if value > 0 { return min(value - 1, count + 1) }
        // -value would overflow for the least integer.
        return max(count + max(value, -count), 0)
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
