/// A class that a runtime knows, for making instances of it.
public struct RegisteredClass<Object: AnyObject> {
    /// Not counted: the runtime keeps it. A declaration may hold what holds this, and would keep itself.
    unowned let record: ClassRecord
}

/// A new object of a class as a value to push; see ``LuaRuntime/push(new:of:keeping:onto:)``.
public struct LuaNew<Object: AnyObject>: LuaPushable {
    private let object: Object
    private let registered: RegisteredClass<Object>

    /// - Parameters:
    ///   - object: nobody but its instance may keep it.
    ///   - registered: what `register` has returned.
    public init(_ object: Object, of registered: RegisteredClass<Object>) {
        self.object = object
        self.registered = registered
    }

    /// Pushes the instance.
    public func push(onto stack: LuaStack) {
        registered.record.runtime.push(new: object, of: registered, keeping: 0, onto: stack)
    }
}
