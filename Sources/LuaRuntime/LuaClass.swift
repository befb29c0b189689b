internal import CLuaShim

/// An event of a declared class, or another slot for a value that is kept inside the instance.
///
/// An object, so that handing it on counts one reference, not one for each of its texts.
public final class LuaEvent: Sendable {
    /// The name that programs use.
    public let name: String
    /// What task names show after the instance: `.ReceiveData`, ` tick`.
    public let label: String
    /// The number under which the handler is kept: 1, 2, …
    let index: Int
    /// Where an instance notes whether there is a handler.
    let bit: UInt64

    init(name: String, label: String, index: Int) {
        self.name = name
        self.label = label
        self.index = index
        bit = 1 << UInt64(min(index, Int(SHIM_LAST_HANDLER_BIT)))
    }
}

/// The declaration of a class that programs see: everything that is known of it comes from here.
///
/// Constructor, properties, methods and events carry parameter names, types, ranges, defaults and a sentence of
/// documentation; argument checks, keyword arguments, error messages and the reference are made of it.
public struct LuaClass<Object: AnyObject> {
    /// The name that programs use.
    public let name: String
    /// One sentence.
    public let documentation: String
    var describe: (Object) -> String
    var text: ((Object, LuaCall) throws(LuaFault) -> String)?
    var members: [Member] = []
    var constructor: ConstructorDeclaration?
    var attached: ((Object, LuaInstance, LuaCall?) -> Void)?
    var heldUp: ((Object, Bool) -> Void)?
    var idle: ((Object, LuaInstance) -> Void)?
    var memory: (recall: (Object) -> AnyObject?, remember: (Object, LuaInstance?) -> Void)?
    var eventCount = 0
    var fallThrough: LuaEvent?
    var items: (parameters: ParameterList, body: (Object, LuaCall) throws(LuaFault) -> LuaResult)?
    var baseName: String?
    var baseBytes = LuaInstance.ownBytes
    var held: ((Object) -> Int)?

    struct ConstructorDeclaration {
        var parameters: [LuaParameter]
        var documentation: String
        var body: (LuaCall) throws(LuaFault) -> Object
        var begin: ((Object, LuaCall) throws(LuaFault) -> LuaResult)?
    }

    struct SetterDeclaration {
        var parameters: ParameterList
        var body: (Object, LuaCall) throws(LuaFault) -> Void
    }

    enum Member {
        case property(
            name: String, type: LuaType, documentation: String,
            get: (Object, LuaCall) throws(LuaFault) -> LuaResult, set: SetterDeclaration?)
        case method(
            name: String, parameters: [LuaParameter], returns: LuaShape?, waits: Bool, documentation: String,
            body: (Object, LuaCall) throws(LuaFault) -> LuaResult)
        case event(
            name: String, argument: LuaShape, documentation: String, index: Int,
            assigned: ((Object, LuaInstance) -> Void)?)
    }

    /// - Parameters:
    ///   - name: the name that programs use.
    ///   - documentation: one sentence.
    ///   - describe: what `tostring` and task names say of an object, such as its address.
    public init(_ name: String, _ documentation: String, describe: @escaping (Object) -> String) {
        self.name = name
        self.documentation = documentation
        self.describe = describe
    }

    /// Says what `tostring` and `print` show of an object, where that is its content rather than its name in angle
    /// brackets: a message, a value.
    public mutating func isShownAs(_ text: @escaping (Object) -> String) {
        self.text = { (object, _) throws(LuaFault) in text(object) }
    }

    /// As ``isShownAs(_:)``, of an object and what its instance keeps, see ``LuaCall/pushKept(_:)``.
    /// It may throw where the text would be too long to be made.
    public mutating func isShownAs(_ text: @escaping (Object, LuaCall) throws(LuaFault) -> String) { self.text = text }

    /// Says what memory an object holds, which is charged to the program.
    /// - Parameters:
    ///   - bytes: what each object takes from its making on, in bytes.
    ///   - also: what it keeps beside that at the moment, in bytes: read, so in no time that grows, when it was made
    ///     and after each call of a method or setter. Nil when that is nothing.
    public mutating func holds(_ bytes: Int, also: ((Object) -> Int)? = nil) {
        baseBytes = LuaInstance.ownBytes + bytes
        held = also
    }

    /// Says that objects of this class also count as instances of `name`: for `isinstance`, if that class was
    /// registered before, and where a parameter asks for one.
    public mutating func isKind(of name: String) { baseName = name }

    /// Declares how programs make an object: `Name(…)`, or `Name.init(self, …)` in a derived class.
    ///
    /// A class without a constructor is only made by the host.
    /// - Parameters:
    ///   - parameters: what a program gives, in order.
    ///   - documentation: one sentence for the reference.
    ///   - body: makes the object from the parameters, which it reads: `call[port]`.
    ///   - begin: called when Lua has got the object; may suspend the calling task, whose constructor call returns when
    ///     the wait is over. Its values are dropped.
    public mutating func constructor(
        _ parameters: ParameterList, _ documentation: String, body: @escaping (LuaCall) throws(LuaFault) -> Object,
        begin: ((Object, LuaCall) throws(LuaFault) -> LuaResult)? = nil
    ) {
        constructor = ConstructorDeclaration(
            parameters: parameters.declarations, documentation: documentation, body: body, begin: begin)
    }

    /// Declares a constructor without parameters.
    public mutating func constructor(
        _ documentation: String, body: @escaping (LuaCall) throws(LuaFault) -> Object
    ) {
        constructor(ParameterList(), documentation, body: body)
    }

    /// Says what to do when Lua has got an object: connect its events to the instance.
    /// - Parameter body: gets the constructor's call, or nil for an object that the host made.
    public mutating func whenAttached(_ body: @escaping (Object, LuaInstance, LuaCall?) -> Void) { attached = body }

    /// Says what to do when events of an object queue up because a handler waits (`true`), and when it has caught up:
    /// stop and resume reading, so that nothing is dropped.
    public mutating func whenHeldUp(_ body: @escaping (Object, Bool) -> Void) { heldUp = body }

    /// Says what to do when the last handler of an object has ended and no event is queued, for an instance that was
    /// asked to tell: see ``LuaInstance/tellWhenIdle()``.
    public mutating func whenIdle(_ body: @escaping (Object, LuaInstance) -> Void) { idle = body }

    /// Says that an object itself remembers its instance, so that the runtime needs no table to find it: for classes of
    /// which a program may have a hundred thousand objects.
    /// - Parameters:
    ///   - recall: the instance that was remembered last; `nil` when there is none.
    ///   - remember: remembers the instance, without keeping it alive; `nil` before the instance goes.
    public mutating func remembersInstance(
        recall: @escaping (Object) -> AnyObject?, remember: @escaping (Object, LuaInstance?) -> Void
    ) { memory = (recall, remember) }

    /// Declares a read-only property.
    public mutating func property<Value: LuaPushable>(
        _ name: String, _ type: LuaType, _ documentation: String, get: @escaping (Object) -> Value
    ) {
        members.append(
            .property(
                name: name, type: type, documentation: documentation,
                get: { (object, call) throws(LuaFault) in call.returning(get(object)) }, set: nil))
    }

    /// Declares a property that programs can write.
    /// - Parameters:
    ///   - name: its name, as programs write it.
    ///   - type: what a program may write, and what that is in Swift.
    ///   - documentation: one sentence for the reference.
    ///   - get: the value, each time that a program reads it.
    ///   - set: gets the new value, checked.
    public mutating func property<Value: LuaPushable, NewValue>(
        _ name: String, _ type: ParameterType<NewValue>, _ documentation: String, get: @escaping (Object) -> Value,
        set: @escaping (Object, NewValue) throws(LuaFault) -> Void
    ) {
        var parameters = ParameterList()
        let value = parameters.required(name, type, documentation)
        members.append(
            .property(
                name: name, type: type.accepted, documentation: documentation,
                get: { (object, call) throws(LuaFault) in call.returning(get(object)) },
                set: SetterDeclaration(parameters: parameters) { (object, call) throws(LuaFault) in
                    try set(object, call[value])
                }))
    }

    /// Declares a read-only property whose value may be too large to be given: then it throws.
    public mutating func property<Value: LuaPushable>(
        _ name: String, _ type: LuaType, _ documentation: String,
        checkedGet get: @escaping (Object, LuaCall) throws(LuaFault) -> Value
    ) {
        members.append(
            .property(
                name: name, type: type, documentation: documentation,
                get: { (object, call) throws(LuaFault) in call.returning(try get(object, call)) }, set: nil))
    }

    /// Declares a read-only property: what an instance keeps in `slot`, or `nil`.
    public mutating func property(_ name: String, _ type: LuaType, _ documentation: String, keptIn slot: LuaEvent) {
        property(name, type, documentation, keptIn: slot, set: nil)
    }

    /// Declares a property that programs can write: what an instance keeps in `slot`, or `nil`.
    /// - Parameter check: gets the new value before it is kept, and refuses it by throwing.
    public mutating func property<NewValue>(
        _ name: String, _ type: ParameterType<NewValue>, _ documentation: String, keptIn slot: LuaEvent,
        check: @escaping (Object, NewValue) throws(LuaFault) -> Void
    ) {
        var parameters = ParameterList()
        let value = parameters.required(name, type, documentation)
        let set = SetterDeclaration(parameters: parameters) { (object, call) throws(LuaFault) in
            try check(object, call[value])
            // A setter is called on the instance.
            call.selfInstance?.keep(slot, call.argument(for: value))
        }
        property(name, type.accepted, documentation, keptIn: slot, set: set)
    }

    private mutating func property(
        _ name: String, _ type: LuaType, _ documentation: String, keptIn slot: LuaEvent, set: SetterDeclaration?
    ) {
        members.append(
            .property(
                name: name, type: type, documentation: documentation,
                get: { (_, call) throws(LuaFault) in
                    call.pushKept(slot)
                    return .values(1)
                }, set: set))
    }

    /// Declares a method whose body reads its parameters: `call[level]`.
    /// - Parameters:
    ///   - name: its name, as programs write it.
    ///   - parameters: what a program gives; `call[…]` of each has its value.
    ///   - returns: what it returns, for the reference; nil for nothing.
    ///   - waits: true when it may suspend the calling task.
    ///   - documentation: one sentence for the reference.
    ///   - body: gets the object and the call; what it returns is what Lua does next.
    public mutating func method(
        _ name: String, _ parameters: ParameterList = ParameterList(), returns: LuaShape? = nil, waits: Bool = false,
        _ documentation: String, body: @escaping (Object, LuaCall) throws(LuaFault) -> LuaResult
    ) {
        members.append(
            .method(
                name: name, parameters: parameters.declarations, returns: returns, waits: waits,
                documentation: documentation, body: body))
    }

    /// Declares a method without parameters that does not wait.
    public mutating func method(
        _ name: String, _ documentation: String, body: @escaping (Object, LuaCall) throws(LuaFault) -> LuaResult
    ) {
        method(name, ParameterList(), documentation, body: body)
    }

    /// Declares an event: a slot for one handler, called with the instance and one argument.
    /// - Parameters:
    ///   - name: its name, as programs write it.
    ///   - argument: what the handler's second argument is, for the reference.
    ///   - documentation: one sentence for the reference.
    ///   - label: what task names show after the instance; by default a dot and the name.
    ///   - whenAssigned: told that a program has set a handler. It is called from inside Lua, so it cannot fire at
    ///     once.
    public mutating func event(
        _ name: String, _ argument: LuaShape, _ documentation: String, label: String? = nil,
        whenAssigned: ((Object, LuaInstance) -> Void)? = nil
    ) -> LuaEvent {
        eventCount += 1
        members.append(
            .event(
                name: name, argument: argument, documentation: documentation, index: eventCount,
                assigned: whenAssigned))
        return LuaEvent(name: name, label: label ?? "." + name, index: eventCount)
    }

    /// A place in the instance for a Lua value that programs do not see by name. What is kept there is part of the
    /// instance: a function that sees its instance is no leak.
    /// - Parameter label: what task names show when the value is a function that a task runs.
    public mutating func slot(label: String = "") -> LuaEvent {
        eventCount += 1
        return LuaEvent(name: "", label: label, index: eventCount)
    }

    /// Declares what `object[key]` gives for a number, and for a name that the class does not have.
    /// - Parameter body: gets the key. If it returns nothing, the name is unknown.
    public mutating func items(_ body: @escaping (Object, LuaArgument, LuaCall) throws(LuaFault) -> LuaResult) {
        var parameters = ParameterList()
        let key = parameters.required("key", .any, "")
        items = (parameters, { (object, call) throws(LuaFault) in try body(object, call[key], call) })
    }

    /// Lets reads of names that the class does not have go to the Lua object in `slot`.
    public mutating func fallThrough(to slot: LuaEvent) { fallThrough = slot }
}

/// What the runtime knows of a registered class, whatever its object type.
final class ClassRecord {
    /// Here for all instances. Not counted: every event reads it, and instances that outlive the runtime do not.
    unowned(unsafe) let runtime: LuaRuntime
    let id: UInt32
    let name: String
    /// Whether only the host and its Lua text know the class.
    let isHidden: Bool
    /// The class's name and the names that it also counts as.
    let names: [String]
    /// The type that the class is declared for.
    let type: AnyClass
    /// Whether an object is of that type.
    let isOf: (AnyObject) -> Bool
    let describe: (AnyObject) -> String
    let text: ((AnyObject, LuaCall) throws(LuaFault) -> String)?
    let eventCount: Int32
    let fallThrough: LuaEvent?
    /// Whether `object[key]` gives items beside the members.
    let hasItems: Bool
    /// What every object holds, in bytes.
    let baseBytes: Int
    /// What an object holds beside that. Not optional: a closure in an optional is wrapped anew each time that it is
    /// taken out.
    let held: (AnyObject) -> Int
    /// Whether an object ever holds anything beside it, so that it is counted again after each call.
    let isRecounted: Bool
    let attached: ((AnyObject, LuaInstance, LuaCall?) -> Void)?
    let heldUp: ((AnyObject, Bool) -> Void)?
    let idle: ((AnyObject, LuaInstance) -> Void)?
    /// How an object remembers its instance; `nil` when the runtime has a table for that.
    let memory: (recall: (AnyObject) -> AnyObject?, remember: (AnyObject, LuaInstance?) -> Void)?
    var metatable: LuaReference?
    // Put together when asked for: a program that makes no mistake in a name never does.
    private let makeSurface: () -> ClassSurface
    private(set) lazy var surface = makeSurface()
    private(set) lazy var members = surface.members.map(\.name)
    private(set) lazy var methods = Set(surface.members.filter { $0.kind == .method }.map(\.name))

    init<Object>(id: UInt32, _ declaration: LuaClass<Object>, of runtime: LuaRuntime, isHidden: Bool) {
        self.runtime = runtime
        self.id = id
        self.isHidden = isHidden
        name = declaration.name
        names = [declaration.name] + (declaration.baseName.map { [$0] } ?? [])
        makeSurface = { ClassSurface(declaration) }
        type = Object.self
        isOf = { $0 is Object }
        let name = declaration.name
        let describe = declaration.describe
        self.describe = { object in
            guard let object = object as? Object else { return name }
            let text = describe(object)
            return text.isEmpty ? name : "\(name) \(text)"
        }
        text = Self.text(of: declaration)
        eventCount = Int32(declaration.eventCount)
        fallThrough = declaration.fallThrough
        hasItems = declaration.items != nil
        baseBytes = declaration.baseBytes
        isRecounted = declaration.held != nil
        let held = declaration.held ?? { _ in 0 }
        self.held = { held(unsafeDowncast($0, to: Object.self)) }
        // An instance of this class is made with an Object; asking the object for its type takes long.
        attached = declaration.attached.map { attached in
            { attached(unsafeDowncast($0, to: Object.self), $1, $2) }
        }
        heldUp = declaration.heldUp.map { heldUp in { heldUp(unsafeDowncast($0, to: Object.self), $1) } }
        idle = declaration.idle.map { idle in { idle(unsafeDowncast($0, to: Object.self), $1) } }
        memory = declaration.memory.map { memory in
            (
                { memory.recall(unsafeDowncast($0, to: Object.self)) },
                { memory.remember(unsafeDowncast($0, to: Object.self), $1) }
            )
        }
    }

    /// What `tostring` shows of an object, where that is its content. A function of its own, as the compiler of 6.3.1
    /// crashes on a closure with typed errors inside of a `map`.
    private static func text<Object>(
        of declaration: LuaClass<Object>
    ) -> ((AnyObject, LuaCall) throws(LuaFault) -> String)? {
        guard let text = declaration.text else { return nil }
        let name = declaration.name
        func show(_ object: AnyObject, _ call: LuaCall) throws(LuaFault) -> String {
            guard let object = object as? Object else { return "<\(name)>" }
            return try text(object, call)
        }
        return show
    }
}

/// The visible surface of a declared class, as data: for the reference, editors' type files and surface tests.
public struct ClassSurface: Sendable {
    /// One declared name.
    public struct Member: Sendable {
        /// What it is.
        public enum Kind: String, Sendable { case property, method, event, constructor }
        /// What it is.
        public var kind: Kind
        /// The name that programs use.
        public var name: String
        /// For methods and constructors.
        public var parameters: [LuaParameter]
        /// The type of a property, what a method returns, or what an event's handler gets.
        public var type: LuaShape
        /// True when a property can be written.
        public var isWritable: Bool
        /// True when a call may suspend the task.
        public var waits: Bool
        /// One sentence.
        public var documentation: String

        /// Bundles what is known of a member.
        public init(
            kind: Kind, name: String, parameters: [LuaParameter], type: LuaShape, isWritable: Bool = false,
            waits: Bool = false, documentation: String
        ) {
            self.kind = kind
            self.name = name
            self.parameters = parameters
            self.type = type
            self.isWritable = isWritable
            self.waits = waits
            self.documentation = documentation
        }

        init(_ function: LuaFunction) {
            self.init(
                kind: .method, name: function.name, parameters: function.parameters,
                type: function.returns ?? .nothing, waits: function.waits, documentation: function.documentation)
        }
    }

    /// The class's name.
    public var name: String
    /// The class that its objects also count as instances of; nil when there is none.
    public var baseName: String?
    /// One sentence.
    public var documentation: String
    /// In declared order.
    public var members: [Member]
    /// Whether an object may also have names that are not declared: those of what it handles, or its items.
    public let answersOtherNames: Bool

    /// Bundles what is known of a class that is written in Lua.
    public init(name: String, documentation: String, members: [Member]) {
        self.name = name
        self.documentation = documentation
        self.members = members
        answersOtherNames = true
    }

    init<Object>(_ declaration: LuaClass<Object>) {
        name = declaration.name
        baseName = declaration.baseName
        documentation = declaration.documentation
        answersOtherNames = declaration.fallThrough != nil || declaration.items != nil
        members = []
        if let constructor = declaration.constructor {
            members.append(
                Member(
                    kind: .constructor, name: "init", parameters: constructor.parameters, type: .of(declaration.name),
                    isWritable: false, waits: constructor.begin != nil, documentation: constructor.documentation))
        }
        for member in declaration.members {
            switch member {
            case .property(let name, let type, let documentation, _, let set):
                members.append(
                    Member(
                        kind: .property, name: name, parameters: [], type: .of(type.annotation, type.words),
                        isWritable: set != nil, waits: false, documentation: documentation))
            case .method(let name, let parameters, let returns, let waits, let documentation, _):
                members.append(
                    Member(
                        kind: .method, name: name, parameters: parameters, type: returns ?? .nothing,
                        isWritable: false, waits: waits, documentation: documentation))
            case .event(let name, let argument, let documentation, _, _):
                members.append(
                    Member(
                        kind: .event, name: name, parameters: [], type: argument, isWritable: true, waits: false,
                        documentation: documentation))
            }
        }
    }
}
