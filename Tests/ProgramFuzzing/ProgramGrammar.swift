internal import LuaRuntime

/// Generates a Lua program from a seed: over all that programs can call, with values at their bounds.
package struct ProgramGrammar: Sendable {
    private let surface: ProgramSurface
    private let classNames: [String]

    package init(_ surface: ProgramSurface) {
        self.surface = surface
        classNames = surface.classes.map(\.name)
    }

    /// What every program begins with: a pool of values that were seen, protected calls, values that are dear to write.
    private static let prelude = """
        local P, O, N = {}, {}, 0
        local pcall, type, getmetatable, setmetatable, rep = pcall, type, getmetatable, setmetatable, string.rep
        local function S(v)
            local t = type(v)
            if t == 'table' or t == 'userdata' or t == 'function' or t == 'thread' then
                P[N % 24 + 1] = v
                N = N + 1
                local m = t == 'table' and getmetatable(v)
                if type(m) == 'string' then O[m] = v end
            end
            return v
        end
        local function R(ok, a, b, c) S(a) S(b) S(c) return a, b, c end
        local function T(f, ...) return R(pcall(f, ...)) end
        local function I(o, k) return o[k] end
        local function M(o, k, ...)
            local ok, f = pcall(I, o, k)
            if ok and f ~= nil then return R(pcall(f, o, ...)) end
        end
        local function W(o, k, v) return pcall(function() o[k] = v end) end
        local function K(n, c) return rep(c or 'x', n) end
        local function deep(n) local t = {} for _ = 1, n do t = {t} end return t end
        local function shared(n) local t = {} for _ = 1, n do t = {t, t} end return t end
        local function cyclic() local t = {} t[1], t.self = t, t return setmetatable(t, {__index = t}) end
        local function list(n, v) local t = {} for i = 1, n do t[i] = v end return t end
        local function odd(name, f) return setmetatable({}, {[name] = f}) end

        """

    /// The program of a seed.
    package func program(seed: UInt64) -> String {
        var writer = Writer(surface: surface, classNames: classNames, seed: seed)
        return Self.prelude + writer.program()
    }

    /// Writes one program.
    private struct Writer {
        let surface: ProgramSurface
        let classNames: [String]
        var random: FuzzRandom
        /// How deep statements and values are nested.
        var depth = 0
        /// Names of labels that were used.
        var labels = 0
        /// Statements that may still be written.
        var budget: Int
        /// Loops without an end cost a task's whole time: seldom one.
        var mayLoop: Bool
        /// Long strings cost much of it.
        var mayBeLong: Bool

        init(surface: ProgramSurface, classNames: [String], seed: UInt64) {
            self.surface = surface
            self.classNames = classNames
            random = FuzzRandom(seed: seed)
            budget = 6 + random.below(26)
            mayLoop = random.chance(4)
            mayBeLong = random.chance(10)
        }

        mutating func program() -> String {
            var text = ""
            if random.chance(60) {
                for _ in 0..<(1 + random.below(2)) { text += line(expand(random.pick(FuzzScenarios.all))) }
            }
            while budget > 0 { text += line(statement()) }
            return text
        }

        /// One line of the program. Most may fail without an end of the main chunk.
        mutating func line(_ statement: String) -> String {
            let text = statement.replacing("\n", with: " ")
            return random.chance(95) ? "pcall(function() \(text) end)\n" : "do \(text) end\n"
        }

        // MARK: - Statements

        mutating func block(most: Int) -> String {
            depth += 1
            defer { depth -= 1 }
            return (0...random.below(most)).map { _ in statement() }.joined(separator: " ")
        }

        mutating func statement() -> String {
            budget -= 1
            guard budget > 0, depth < 4 else { return "S(\(value()))" }
            switch random.below(100) {
            case ..<16: return construction()
            case ..<38: return methodCall()
            case ..<46: return property()
            case ..<54: return handler()
            case ..<66: return declaredCall()
            case ..<84: return libraryCall()
            case ..<98: return construct()
            default: return expand(random.pick(FuzzScenarios.all))
            }
        }

        mutating func construction() -> String {
            let of = random.pick(surface.classes)
            let constructor = of.members.first { $0.kind == .constructor }
            if random.chance(10) {
                let name = of.name
                let before = block(most: 2)
                return "S(T(function() local D = class('D', \(name)) function D:init(...) \(before) "
                    + "\(name).init(self, ...) \(block(most: 2)) end return D(\(arguments(constructor))) end))"
            }
            return "T(\(of.name)\(comma(arguments(constructor))))"
        }

        mutating func methodCall() -> String {
            let of = random.pick(surface.classes)
            let methods = of.members.filter { $0.kind == .method }
            guard !methods.isEmpty else { return declaredCall() }
            let method = random.pick(methods)
            let on = random.chance(80) ? "O.\(of.name)" : pooled()
            if random.chance(8) {
                return "pcall(\(of.name)[\(quoted(method.name))], \(on)\(comma(arguments(method))))"
            }
            return "M(\(on), \(quoted(method.name))\(comma(arguments(method))))"
        }

        mutating func property() -> String {
            let of = random.pick(surface.classes)
            let properties = of.members.filter { $0.kind == .property }
            guard !properties.isEmpty else { return construct() }
            let property = random.pick(properties)
            let on = random.chance(80) ? "O.\(of.name)" : pooled()
            if random.chance(50) { return "T(I, \(on), \(quoted(property.name)))" }
            return "W(\(on), \(quoted(property.name)), \(value()))"
        }

        mutating func handler() -> String {
            let withEvents = surface.classes.filter { $0.members.contains { $0.kind == .event } }
            let of = random.pick(withEvents)
            let event = random.pick(of.members.filter { $0.kind == .event })
            let on = random.chance(80) ? "O.\(of.name)" : pooled()
            switch random.below(4) {
            case 0: return "T(event, {\(on), \(pooled())}, {\(quoted(event.name)), 'Connected'}, \(function()))"
            case 1: return "T(event, \(on), \(quoted(event.name)), \(value()))"
            default: return "W(\(on), \(quoted(event.name)), \(function()))"
            }
        }

        mutating func declaredCall() -> String {
            let member = random.pick(surface.functions)
            // An end is tried, but most programs are to go on.
            if member.name == "ExitProgram" && !random.chance(15) { return "S(ExitProgram)" }
            return "T(\(member.name)\(comma(arguments(member))))"
        }

        mutating func libraryCall() -> String {
            if random.chance(35), !surface.stringMethods.isEmpty {
                let given = (0..<random.below(4)).map { _ in random.chance(60) ? number() : value() }
                let method = quoted(random.pick(surface.stringMethods))
                return "M(\(string()), \(method)\(comma(given.joined(separator: ", "))))"
            }
            let path = random.pick(surface.paths)
            if path == "ExitProgram" || path == "collectgarbage" && !random.chance(20) { return "S(\(path))" }
            let given = (0..<random.below(5)).map { _ in value() }
            return "T(\(path)\(comma(given.joined(separator: ", "))))"
        }

        /// What the language itself has.
        mutating func construct() -> String {
            switch random.below(24) {
            case 0: return "for i = 1, \(1 + random.below(20)) do \(block(most: 2)) end"
            case 1: return "pcall(function(...) \(block(most: 3)) error(\(value())) end, \(value()))"
            case 2: return "local co = coroutine.create(\(function())) T(coroutine.resume, co, \(value())) S(co)"
            case 3: return "T(coroutine.wrap(function(...) \(block(most: 2)) coroutine.yield(\(value())) end))"
            case 4: return "do local x <close> = odd('__close', \(function())) \(block(most: 2)) end"
            case 5: return "S(setmetatable({}, {__gc = \(function())}))"
            case 6:
                labels += 1
                let name = "again\(labels)"
                return "do local i = 0 ::\(name):: i = i + 1 \(block(most: 1)) "
                    + "if i < \(random.below(5)) then goto \(name) end end"
            case 7:
                let count = random.below(250)
                return "T(function(...) return select('#', ...), ... end, table.unpack(list(\(count), \(value()))))"
            case 8: return "T(function() return \(value()) \(operation()) \(value()) end)"
            case 9: return "T(function() local t = \(value()) t[\(value())] = \(value()) return #t, -t end)"
            case 10: return "T(xpcall, \(function()), \(function()), \(value()))"
            case 11:
                return "local function f(n, ...) if n > 0 then return f(n - 1, n, ...) end \(block(most: 1)) end "
                    + "T(f, \(random.below(60)))"
            case 12: return "T(function() local function f() return 1 + f() end return f() end)"
            case 13: return "T(setmetatable, \(value()), \(metatable()))"
            case 14: return "T(function() for k, v in pairs(\(value())) do S(v) \(block(most: 1)) break end end)"
            case 15: return "T(function() for a, b in \(value()) do S(a) break end end)"
            case 16: return "T(tostring, \(value())) T(print, \(value()), \(value()))"
            case 17: return "T(ProgramLog, \(value()))"
            case 18: return "T(load, \(string())) T(load(\"return function(a) \" .. \"return a end\"))"
            case 19: return "Wait(\(random.pick(["0", "0.01", "0.1", "0.3"])), \(function()))"
            case 20: return "Timer(\(random.pick(["0.01", "0.05", "0.2"])), \(function()))"
            case 21: return "T(setmetatable, O, {__mode = 'v'}) P[\(1 + random.below(24))] = nil"
            case 22:
                if random.chance(20) { return "do error(\(value())) end" }
                return "T(error, \(value()), \(number()))"
            default: return "if \(value()) then \(block(most: 2)) else \(block(most: 2)) end"
            }
        }

        mutating func operation() -> String {
            random.pick([
                "+", "-", "*", "/", "//", "%", "^", "..", "==", "<", "<=", "&", "|", "~", "<<", ">>", "and", "or",
            ])
        }

        // MARK: - Functions

        mutating func function() -> String {
            guard depth < 4 else { return "function(...) return ... end" }
            switch random.below(16) {
            case 0: return "function() error(\(value())) end"
            case 1: return "function() error() end"
            case 2: return "function() time.sleep(\(random.pick(["0", "0.01", "0.2", "5"]))) end"
            case 3: return "function(...) return ... end"
            case 4:
                let ending = random.pick(["Disconnect", "close", "Stop", "Cancel", "disable", "StopListen"])
                return "function(a, b) S(a) S(b) M(a, \(quoted(ending))) end"
            // Seldom: each full stack takes as long as many programs.
            case 5 where random.chance(20):
                return "function(a) local n = 0 local function r() n = n + 1 return r() + 1 end return r() end"
            case 6: return "function(a, b) coroutine.yield(b) end"
            case 7: return random.chance(15) ? "function() ExitProgram(\(number())) end" : "print"
            case 8: return "function() collectgarbage() end"
            case 9 where mayLoop:
                mayLoop = false
                return random.pick([
                    "function() while true do end end", "function() while true do pcall(error) end end",
                    "function() local t = {} while true do t[#t + 1] = {} end end",
                    "function() local s = 'x' while true do s = s .. s end end",
                    "function() repeat until false end",
                ])
            default: return "function(a, b, ...) S(a) S(b) \(block(most: 3)) return \(value()) end"
            }
        }

        mutating func metatable() -> String {
            let fields = (0..<(1 + random.below(3))).map { _ in
                "\(random.pick(BoundaryValues.metamethods)) = \(random.chance(70) ? function() : value())"
            }
            return "{\(fields.joined(separator: ", "))}"
        }

        // MARK: - Values

        mutating func number() -> String { random.pick(BoundaryValues.numbers) }

        mutating func string() -> String {
            if mayBeLong && random.chance(25) { return random.pick(BoundaryValues.longStrings) }
            return random.pick(BoundaryValues.strings)
        }

        mutating func pooled() -> String {
            random.chance(50) ? "P[\(1 + random.below(24))]" : "O.\(random.pick(classNames))"
        }

        mutating func value() -> String {
            depth += 1
            defer { depth -= 1 }
            switch random.below(22) {
            case 0: return "nil"
            case 1: return random.chance(50) ? "true" : "false"
            case 2...6: return number()
            case 7...11: return string()
            case 12...13: return random.pick(BoundaryValues.tables)
            case 14...17: return pooled()
            case 18: return function()
            case 19: return depth < 4 ? "setmetatable(\(random.pick(BoundaryValues.tables)), \(metatable()))" : "{}"
            case 20: return random.pick(classNames)
            default: return depth < 4 ? "odd(\(quoted(random.pick(BoundaryValues.metamethods))), \(value()))" : "{}"
            }
        }

        // MARK: - Arguments

        mutating func arguments(_ member: ClassSurface.Member?) -> String {
            guard let member, !random.chance(12) else {
                return (0..<random.below(4)).map { _ in value() }.joined(separator: ", ")
            }
            var given: [String] = []
            var keywords: [String] = []
            let asKeywords = random.chance(20)
            for parameter in member.parameters {
                if !parameter.isRequired && random.chance(member.parameters.count > 6 ? 85 : 45) {
                    if random.chance(30) { break }
                    if !asKeywords { given.append("nil") }
                    continue
                }
                let text = random.chance(82) ? fitting(parameter) : value()
                if asKeywords && !parameter.isRequired {
                    let name = random.chance(95) ? parameter.name : parameter.name + "s"
                    keywords.append("[\(quoted(name))] = \(text)")
                } else {
                    given.append(text)
                }
                if parameter.isRepeated { for _ in 0..<random.below(3) { given.append(fitting(parameter)) } }
            }
            if asKeywords { given.append("{\(keywords.joined(separator: ", "))}") }
            return given.joined(separator: ", ")
        }

        /// A value that a parameter is likely to accept.
        mutating func fitting(_ parameter: LuaParameter) -> String {
            if let likely = BoundaryValues.byName[parameter.name.lowercased()], random.chance(75) {
                return random.pick(likely)
            }
            switch parameter.type.plain {
            case .any, .secret, .shown: return value()
            case .boolean: return random.chance(50) ? "true" : "false"
            case .integer(let range):
                let near = [
                    range.lowerBound, range.upperBound, range.lowerBound &- 1, range.upperBound &+ 1,
                    min(max(1, range.lowerBound), range.upperBound), min(max(12, range.lowerBound), range.upperBound),
                ]
                let number = random.pick(near)
                return number == Int.min ? "math.mininteger" : "\(number)"
            case .number: return number()
            case .seconds: return random.pick(["0", "0.01", "0.1", "1", "1e9", "-1", "0/0", "1/0", "1e-9"])
            case .string: return string()
            case .oneOf(let words): return quoted(random.pick(words))
            case .function: return function()
            case .table: return random.pick(BoundaryValues.tables)
            case .instance(let names): return "O.\(random.pick(names))"
            }
        }

        // MARK: - Text

        func comma(_ arguments: String) -> String { arguments.isEmpty ? "" : ", " + arguments }

        func quoted(_ name: String) -> String { "'\(name)'" }

        /// Fills the gaps of a scenario: `{F}` a function, `{V}` any value, `{S}` a string, `{N}` a number, `{T}` a
        /// short time.
        mutating func expand(_ scenario: String) -> String {
            var text = ""
            var rest = scenario.utf8[...]
            while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
                let end = rest.index(brace, offsetBy: 3, limitedBy: rest.endIndex) ?? rest.endIndex
                text += Substring(rest[..<brace])
                switch Substring(rest[brace..<end]) {
                case "{F}": text += function()
                case "{V}": text += value()
                case "{S}": text += string()
                case "{N}": text += number()
                case "{T}": text += random.pick(["0.01", "0.05", "0.2", "1"])
                default:
                    text += "{"
                    rest = rest[rest.index(after: brace)...]
                    continue
                }
                rest = rest[end...]
            }
            return text + Substring(rest)
        }
    }
}
