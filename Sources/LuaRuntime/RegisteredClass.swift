/// A class that a runtime knows, for making instances of it.
public struct RegisteredClass<Object: AnyObject> {
    let record: ClassRecord
}
