/// What a declared parameter, property or result accepts or is.
public indirect enum LuaType: Sendable, Equatable {
    /// Anything.
    case any
    /// `true` or `false`.
    case boolean
    /// A whole number within a range.
    case integer(ClosedRange<Int>)
    /// A number within a range.
    case number(ClosedRange<Double>)
    /// A duration in seconds, fractions allowed, within a range.
    case seconds(ClosedRange<Double>)
    /// A string of bytes.
    case string
    /// One of these strings.
    case oneOf([String])
    /// A function, or a value that can be called.
    case function
    /// A table that is no instance.
    case table
    /// An instance of one of these classes or of one derived from them.
    case instance([String])
    /// What is to be kept secret, of such a type. No error of a function that takes one shows a string that it was
    /// given: a secret may have come to another parameter's place.
    case secret(LuaType)
    /// A type that is checked as such, and of which editors and the reference tell more: `string[]` rather than a
    /// table.
    case shown(LuaType, as: String)

    /// A string of bytes to be kept secret, such as a password.
    public static let secret = LuaType.secret(.string)
    /// Any whole number.
    public static let integer = LuaType.integer(Int.min...Int.max)
    /// Any number.
    public static let number = LuaType.number(-Double.infinity...Double.infinity)
    /// Any duration from 0 on, in seconds.
    public static let seconds = LuaType.seconds(0...1e9)

    /// How error messages and the reference name it.
    public var description: String {
        switch self {
        case .any: return "any value"
        case .boolean: return "a boolean"
        case .integer(let range):
            if range == Int.min...Int.max { return "a whole number" }
            if range.upperBound == Int.max { return "a whole number, at least \(range.lowerBound)" }
            return "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            return range.lowerBound == -Double.infinity
                ? "a number" : "a number from \(range.lowerBound) to \(range.upperBound)"
        case .seconds(let range):
            // Bounds in years are there for arithmetic's sake; nobody wants to read them.
            let isOpen = range.upperBound >= 1e8
            if range.lowerBound == 0 && isOpen { return "a number of seconds" }
            if isOpen { return "a number of seconds, at least \(range.lowerBound)" }
            return "a number of seconds from \(range.lowerBound) to \(range.upperBound)"
        case .string: return "a string"
        case .oneOf(let words): return "one of " + words.map { "'\($0)'" }.joined(separator: ", ")
        case .function: return "a function"
        case .table: return "a table"
        case .instance(let names): return "a " + names.joined(separator: " or ")
        case .secret(let type), .shown(let type, _): return type.description
        }
    }
}

extension LuaType {
    /// What arguments are checked for, whether it is secret or not, and whatever editors show.
    public var plain: LuaType {
        switch self {
        case .secret(let type), .shown(let type, _): type.plain
        default: self
        }
    }

    var isSecret: Bool {
        switch self {
        case .secret: true
        case .shown(let type, _): type.isSecret
        default: false
        }
    }

    /// The same type, of which editors and the reference tell more.
    /// - Parameter annotation: the type in the words of the Lua language server, such as `string|Pattern`.
    public func annotated(_ annotation: String) -> LuaType { .shown(self, as: annotation) }

    /// The type in the words of the Lua language server.
    public var annotation: String {
        switch self {
        case .any: "any"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number, .seconds: "number"
        case .string: "string"
        case .oneOf(let words): words.map { "'\($0)'" }.joined(separator: "|")
        case .function: "function"
        case .table: "table"
        case .instance(let names): names.joined(separator: "|")
        case .secret(let type): type.annotation
        case .shown(_, let annotation): annotation
        }
    }

    /// How the reference names it: the annotation where there is one, else words with range and unit.
    public var words: String {
        switch self {
        case .shown(_, let annotation): "`\(annotation)`"
        case .secret(let type): type.words
        default: description
        }
    }
}

/// A declared parameter: checks, keywords, messages and the reference all come from it.
public struct LuaParameter: Sendable {
    /// The name: for messages and as keyword.
    public var name: String
    /// What it accepts.
    public var type: LuaType
    /// False when it may be left out or `nil`.
    public var isRequired: Bool
    /// True for a last parameter that may be given any number of times.
    public var isRepeated = false
    /// True for a first parameter that takes any table as it is, whatever its keys: none of them names a parameter.
    public var isData = false
    /// The default as the reference shows it; nil when there is none.
    public var defaultText: String?
    /// One sentence.
    public var documentation: String

    /// A parameter that must be given.
    public static func required(_ name: String, _ type: LuaType, _ documentation: String) -> LuaParameter {
        LuaParameter(name: name, type: type, isRequired: true, defaultText: nil, documentation: documentation)
    }

    /// A first parameter that takes any table as it is, even one whose keys are names of parameters.
    public static func data(_ name: String, _ type: LuaType, _ documentation: String) -> LuaParameter {
        var parameter = LuaParameter.required(name, type, documentation)
        parameter.isData = true
        return parameter
    }

    /// A parameter that may be left out.
    /// - Parameters:
    ///   - name: its name, by which it may be given as a keyword.
    ///   - type: what it accepts.
    ///   - defaultText: the default as the reference shows it.
    ///   - documentation: one sentence for the reference.
    public static func optional(
        _ name: String, _ type: LuaType, default defaultText: String = "nil", _ documentation: String
    ) -> LuaParameter {
        LuaParameter(name: name, type: type, isRequired: false, defaultText: defaultText, documentation: documentation)
    }
}

extension LuaParameter {
    /// A last parameter that may be given any number of times, as Lua's `...`; ``LuaCall/count`` tells how often.
    /// - Parameters:
    ///   - name: its name.
    ///   - type: what each of them accepts.
    ///   - defaultText: what leaving it out means, as the reference shows it.
    ///   - documentation: one sentence for the reference.
    public static func repeated(
        _ name: String, _ type: LuaType, default defaultText: String = "nil", _ documentation: String
    ) -> LuaParameter {
        LuaParameter(
            name: name, type: type, isRequired: false, isRepeated: true, defaultText: defaultText,
            documentation: documentation)
    }
}

/// What a call returns or an event's handler gets: its type for editors, and a few words for people.
public struct LuaShape: Sendable, ExpressibleByStringLiteral {
    /// The name of an event's argument.
    public var name = "argument"
    /// The type in the words of the Lua language server: several, with commas, for several results. Empty for nothing.
    public var annotation: String
    /// What it means; empty where the type says it all.
    public var words: String

    /// Nothing at all.
    public static let nothing = LuaShape("", "")

    /// What a call returns.
    /// - Parameters:
    ///   - annotation: the type, or several with commas between, such as `integer|nil, string?`.
    ///   - words: what it means; left out where the type says it all.
    public static func of(_ annotation: String, _ words: String = "") -> LuaShape { LuaShape(annotation, words) }

    /// What an event's handler gets behind the object.
    /// - Parameters:
    ///   - name: the argument's name, as editors show it.
    ///   - annotation: its type.
    ///   - words: what it means; left out where name and type say it all.
    public static func argument(_ name: String, _ annotation: String, _ words: String = "") -> LuaShape {
        var shape = LuaShape(annotation, words)
        shape.name = name
        return shape
    }

    /// Something of which only words tell what it is.
    public init(stringLiteral words: String) { self.init("any", words) }

    private init(_ annotation: String, _ words: String) {
        self.annotation = annotation
        self.words = words
    }
}

/// A declared function: its name, parameters, and what it does.
public struct LuaFunction {
    /// The name that programs call.
    public var name: String
    /// The parameters in their order.
    public var parameters: [LuaParameter]
    /// What it returns, for the reference; nil for nothing.
    public var returns: LuaShape?
    /// True when it may suspend the calling task.
    public var waits: Bool
    /// One sentence for the reference.
    public var documentation: String
    /// What it does with the parameters, which are checked before.
    public var body: (LuaCall) throws(LuaFault) -> LuaResult

    /// - Parameters:
    ///   - name: the name that programs call.
    ///   - parameters: checked before `body` is called, which reads them: `call[level]`.
    ///   - returns: what it returns, for the reference; nil for nothing.
    ///   - waits: true when it may suspend the calling task.
    ///   - documentation: one sentence.
    ///   - body: what it does.
    public init(
        _ name: String, _ parameters: ParameterList = ParameterList(), returns: LuaShape? = nil, waits: Bool = false,
        _ documentation: String, body: @escaping (LuaCall) throws(LuaFault) -> LuaResult
    ) {
        self.name = name
        self.parameters = parameters.declarations
        self.returns = returns
        self.waits = waits
        self.documentation = documentation
        self.body = body
    }

    /// A function without parameters that returns nothing that the reference shows, and does not wait.
    public init(
        _ name: String, _ documentation: String, body: @escaping (LuaCall) throws(LuaFault) -> LuaResult
    ) {
        self.init(name, ParameterList(), documentation, body: body)
    }
}
