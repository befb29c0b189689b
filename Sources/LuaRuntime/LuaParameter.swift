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
    /// What is to be kept secret, of such a type. No error of a function that takes one shows a string that it was given:
    /// a secret may have come to another parameter's place.
    case secret(LuaType)

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
        case .secret(let type): return type.description
        }
    }
}

extension LuaType {
    /// What it is, secret or not.
    public var plain: LuaType {
        if case .secret(let type) = self { type.plain } else { self }
    }

    var isSecret: Bool {
        if case .secret = self { true } else { false }
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
    /// The default as the reference shows it; nil when there is none.
    public var defaultText: String?
    /// One sentence.
    public var documentation: String

    /// A parameter that must be given.
    public static func required(_ name: String, _ type: LuaType, _ documentation: String) -> LuaParameter {
        LuaParameter(name: name, type: type, isRequired: true, defaultText: nil, documentation: documentation)
    }

    /// A parameter that may be left out.
    /// - Parameter default: the default as the reference shows it.
    public static func optional(
        _ name: String, _ type: LuaType, default defaultText: String = "nil", _ documentation: String
    ) -> LuaParameter {
        LuaParameter(name: name, type: type, isRequired: false, defaultText: defaultText, documentation: documentation)
    }
}

extension LuaParameter {
    /// A last parameter that may be given any number of times, as Lua's `...`; ``LuaCall/count`` tells how often.
    /// - Parameter default: what leaving it out means, as the reference shows it.
    public static func repeated(
        _ name: String, _ type: LuaType, default defaultText: String = "nil", _ documentation: String
    ) -> LuaParameter {
        LuaParameter(
            name: name, type: type, isRequired: false, isRepeated: true, defaultText: defaultText,
            documentation: documentation)
    }
}

/// A declared function: its name, parameters, and what it does.
public struct LuaFunction {
    /// The name that programs call.
    public var name: String
    /// The parameters in their order.
    public var parameters: [LuaParameter]
    /// What it returns, for the reference; nil for nothing.
    public var returns: String?
    /// True when it may suspend the calling task.
    public var waits: Bool
    /// One sentence for the reference.
    public var documentation: String
    /// What it does. Parameter n is argument n of the call, checked.
    public var body: (LuaCall) throws(LuaFault) -> LuaResult

    /// - Parameters:
    ///   - name: the name that programs call.
    ///   - parameters: in their order; checked before `body` is called.
    ///   - returns: what it returns, for the reference; nil for nothing.
    ///   - waits: true when it may suspend the calling task.
    ///   - documentation: one sentence.
    ///   - body: what it does.
    public init(
        _ name: String, _ parameters: [LuaParameter] = [], returns: String? = nil, waits: Bool = false,
        _ documentation: String, body: @escaping (LuaCall) throws(LuaFault) -> LuaResult
    ) {
        self.name = name
        self.parameters = parameters
        self.returns = returns
        self.waits = waits
        self.documentation = documentation
        self.body = body
    }
}
