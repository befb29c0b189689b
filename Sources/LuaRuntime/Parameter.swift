/// A parameter of one function, method or constructor, as its body reads it: `call[level]`.
///
/// A ``ParameterList`` makes it, with everything that is known of it: where it stands, what it accepts, its default. So
/// nothing of that is said again where it is read.
public struct Parameter<Value>: Sendable {
    @usableFromInline let place: ParameterPlace
    @usableFromInline let read: @Sendable (LuaArgument) -> Value

    @usableFromInline
    init(_ place: ParameterPlace, read: @escaping @Sendable (LuaArgument) -> Value) {
        self.place = place
        self.read = read
    }
}

/// Where a parameter stands. It does not have the name: a call would count the references to it.
@usableFromInline
struct ParameterPlace: Sendable {
    /// 1 for the first.
    let position: Int32
    /// By which a debug build tells that a parameter is of another list; 0 in a release build.
    private let digest: UInt32

    init(position: Int, name: String) {
        self.position = Int32(position)
        var digest: UInt32 = 0
        assert(
            { () -> Bool in
                digest = Self.digest(of: name)
                return true
            }())
        self.digest = digest
    }

    /// Whether a parameter of this name may stand here.
    func isOf(_ name: String) -> Bool { digest == Self.digest(of: name) }

    private static func digest(of name: String) -> UInt32 {
        name.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}

/// What a parameter or a property that can be written accepts, and what its value is in Swift.
public struct ParameterType<Value>: Sendable {
    /// The values of Lua that it accepts: for checks, messages and the reference.
    public let accepted: LuaType
    /// The value of an argument that was checked; nil when it was left out.
    @usableFromInline let read: @Sendable (LuaArgument) -> Value?
    /// How the reference shows a default.
    public let show: @Sendable (Value) -> String

    /// - Parameters:
    ///   - accepted: the values of Lua that it accepts.
    ///   - show: how the reference shows a default. Types that have one say so themselves: to describe a value of any
    ///     type, the Swift runtime searches all conformances of the process, once for each type.
    ///   - read: the value of an argument that was checked; nil when it was left out.
    public init(
        _ accepted: LuaType, show: @escaping @Sendable (Value) -> String = { "\($0)" },
        read: @escaping @Sendable (LuaArgument) -> Value?
    ) {
        self.accepted = accepted
        self.show = show
        self.read = read
    }
}

/// The parameters of a function, method or constructor, in the order in which they are added.
public struct ParameterList: Sendable {
    /// What is declared: checks, keywords, messages and the reference are made of it.
    public private(set) var declarations: [LuaParameter] = []

    /// No parameters.
    public init() {}

    // These are inlined so that what reads an argument, on every call, is compiled for the type of its value.

    /// Adds a parameter that must be given.
    @inlinable
    public mutating func required<Value>(
        _ name: String, _ type: ParameterType<Value>, _ documentation: String
    ) -> Parameter<Value> {
        let read = type.read
        return Parameter(add(name, type.accepted, isRequired: true, documentation)) { argument in
            guard let value = read(argument) else {
                preconditionFailure("'\(name)' is required, and was checked before it is read")
            }
            return value
        }
    }

    /// Adds a parameter that has a default.
    @inlinable
    public mutating func optional<Value: Sendable>(
        _ name: String, _ type: ParameterType<Value>, default fallback: Value, _ documentation: String
    ) -> Parameter<Value> {
        let read = type.read
        return Parameter(add(name, type.accepted, defaultText: type.show(fallback), documentation)) {
            read($0) ?? fallback
        }
    }

    /// Adds a parameter whose absence means something of its own: it is read as nil when it was left out or is `nil`.
    /// - Parameters:
    ///   - name: its name, by which it may be given as a keyword.
    ///   - type: what it accepts, and what its value is in Swift.
    ///   - absence: what that means, as the reference shows it.
    ///   - documentation: one sentence for the reference.
    @inlinable
    public mutating func optional<Value>(
        _ name: String, _ type: ParameterType<Value>, absence: String = "nil", _ documentation: String
    ) -> Parameter<Value?> {
        let read = type.read
        return Parameter(add(name, type.accepted, defaultText: absence, documentation)) { $0.isNil ? nil : read($0) }
    }

    /// Adds a parameter whose value comes from elsewhere when it is left out, such as from the options of a server.
    /// - Parameters:
    ///   - name: its name, by which it may be given as a keyword.
    ///   - type: what it accepts, and what its value is in Swift.
    ///   - usual: what that is unless the program has said otherwise, as the reference shows it.
    ///   - documentation: one sentence for the reference.
    @inlinable
    public mutating func optional<Value>(
        _ name: String, _ type: ParameterType<Value>, usual: Value, _ documentation: String
    ) -> Parameter<Value?> {
        optional(name, type, absence: type.show(usual), documentation)
    }

    /// Adds a last parameter that may be given any number of times, as Lua's `...`.
    /// - Parameters:
    ///   - name: its name.
    ///   - type: what each of them accepts, and what its value is in Swift.
    ///   - absence: what leaving it out means, as the reference shows it.
    ///   - documentation: one sentence for the reference.
    @inlinable
    public mutating func repeated<Value>(
        _ name: String, _ type: ParameterType<Value>, absence: String = "nil", _ documentation: String
    ) -> RepeatedParameter<Value> {
        RepeatedParameter(
            first: Parameter(
                add(name, type.accepted, isRepeated: true, defaultText: absence, documentation), read: type.read))
    }

    @usableFromInline
    mutating func add(
        _ name: String, _ type: LuaType, isRequired: Bool = false, isRepeated: Bool = false, defaultText: String? = nil,
        _ documentation: String
    ) -> ParameterPlace {
        precondition(declarations.last?.isRepeated != true, "'\(name)' is behind a repeated parameter")
        declarations.append(
            LuaParameter(
                name: name, type: type, isRequired: isRequired, isRepeated: isRepeated, defaultText: defaultText,
                documentation: documentation))
        return ParameterPlace(position: declarations.count, name: name)
    }
}

/// A last parameter that may be given any number of times.
public struct RepeatedParameter<Value>: Sendable {
    let first: Parameter<Value?>

    @usableFromInline
    init(first: Parameter<Value?>) { self.first = first }
}

// MARK: - Types

extension ParameterType where Value == LuaArgument {
    /// Anything, `nil` included.
    public static var any: Self { Self(.any) { $0 } }
    /// A table that is no instance.
    public static var table: Self { Self(.table) { $0.isNil ? nil : $0 } }
}

extension ParameterType where Value == Bool {
    /// `true` or `false`.
    public static var boolean: Self { Self(.boolean, show: { "\($0)" }) { $0.isNil ? nil : $0.boolean } }
}

extension ParameterType where Value == Int {
    /// Any whole number.
    public static var integer: Self { integer(accepting: .integer) }
    /// A whole number within a range.
    public static func integer(_ range: ClosedRange<Int>) -> Self { integer(accepting: .integer(range)) }

    private static func integer(accepting type: LuaType) -> Self { Self(type, show: { "\($0)" }) { $0.integer } }
}

extension ParameterType where Value == Double {
    /// Any number.
    public static var number: Self { number(accepting: .number) }
    /// A number within a range.
    public static func number(_ range: ClosedRange<Double>) -> Self { number(accepting: .number(range)) }
    /// Any duration from 0 on, in seconds, fractions allowed.
    public static var seconds: Self { number(accepting: .seconds) }
    /// A duration in seconds within a range, fractions allowed.
    public static func seconds(_ range: ClosedRange<Double>) -> Self { number(accepting: .seconds(range)) }

    private static func number(accepting type: LuaType) -> Self {
        Self(type, show: { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }) { $0.number }
    }
}

extension ParameterType where Value == String {
    /// A string of bytes, decoded as UTF-8; bytes that are not are kept (see `ByteText`).
    public static var string: Self { Self(.string, show: { "'\($0)'" }) { $0.string } }
    /// One of these strings.
    public static func oneOf(_ words: [String]) -> Self { Self(.oneOf(words), show: { "'\($0)'" }) { $0.string } }
}

extension ParameterType where Value == [UInt8] {
    /// A string of bytes, as they are.
    public static var bytes: Self {
        Self(.string, show: { "'\(String(decoding: $0, as: UTF8.self))'" }) { $0.bytes }
    }
}

extension ParameterType where Value: RawRepresentable & Sendable, Value.RawValue == String {
    /// One of the words that these cases stand for.
    public static func oneOf(_ cases: [Value]) -> Self {
        Self(.oneOf(cases.map(\.rawValue)), show: { "'\($0.rawValue)'" }) {
            $0.string.flatMap(Value.init(rawValue:))
        }
    }

    /// One of the words that the cases stand for.
    public static func oneOf(_: Value.Type) -> Self where Value: CaseIterable { oneOf(Array(Value.allCases)) }
}

extension ParameterType where Value: Equatable & Sendable {
    /// One of these words, each of which stands for a value.
    public static func oneOf(_ words: KeyValuePairs<String, Value>) -> Self {
        Self(
            .oneOf(words.map(\.key)),
            show: { value in
                guard let word = words.first(where: { $0.value == value })?.key else {
                    preconditionFailure("no word stands for a default")
                }
                return "'\(word)'"
            }
        ) { argument in
            argument.string.flatMap { word in words.first { $0.key == word }?.value }
        }
    }
}

extension ParameterType where Value == LuaReference {
    /// A function, or a value that can be called; it may be kept beyond the call.
    public static var function: Self { Self(.function) { $0.reference } }
}

extension ParameterType where Value == LuaInstance {
    /// An instance of one of these classes or of one derived from them.
    public static func instance(_ names: String...) -> Self { Self(.instance(names)) { $0.instance } }
}

extension ParameterType where Value: AnyObject {
    /// The object of an instance of a class that is declared for such objects, or of one derived from it.
    public static func object(of name: String) -> Self { Self(.instance([name])) { $0.instance?.object as? Value } }
}

extension ParameterType {
    /// The same; the reference and editors' type file show `annotation` as its type, in the words of the Lua language
    /// server.
    public func annotated(_ annotation: String) -> Self {
        Self(accepted.annotated(annotation), show: show, read: read)
    }

    /// The same, kept secret: no error of a function that takes one shows a string that it was given.
    public var secret: Self { Self(.secret(accepted), show: { _ in "a secret" }, read: read) }
}
