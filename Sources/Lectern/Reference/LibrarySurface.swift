internal import LuaRuntime

/// Everything that programs see beside Lua's own libraries, as data: for the reference and for editors.
struct LibrarySurface {
    let classes: [ClassSurface]
    /// Classes that programs do not see by a global name.
    let innerClasses = [ClassSurface.deviceOfModule]
    /// Those of a global table have its name before a dot.
    let functions: [ClassSurface.Member]
    let tables: [(name: String, constants: [(name: String, number: Int)])]

    /// The surface of a program's runtime.
    init(_ runtime: LuaRuntime) {
        classes = runtime.surface
        tables = runtime.globalTables
        functions = (runtime.globalFunctions + Self.preludeFunctions).sorted { $0.name < $1.name }
    }

    /// What is written in Lua itself, declared here for the reference.
    private static let preludeFunctions: [ClassSurface.Member] = [
        ClassSurface.Member(
            kind: .method, name: "class",
            parameters: [
                .required("name", .string, "The class's name, for messages."),
                .optional("...", .any, "The bases; members of an earlier one win."),
            ], type: "the class: call it to make an object",
            documentation:
                "Makes a class. init(self, …) fills a new object; at most one line of bases leads to a host class."),
        ClassSurface.Member(
            kind: .method, name: "isinstance",
            parameters: [.required("object", .any, "Anything."), .required("class", .any, "A class.")],
            type: "a boolean",
            documentation: "Tells whether object was made by class or by one derived from it."),
        ClassSurface.Member(
            kind: .method, name: "event",
            parameters: [
                .required("objects", .any, "An object or a list of objects."),
                .required("names", .any, "An event's name or a list of names."),
                .optional("f", .function, "The handler; left out, event returns a function that takes it."),
            ], type: "f", documentation: "Sets the handler of every named event of every object. The last one set wins."
        ),
        ClassSurface.Member(
            kind: .method, name: "DeviceModule",
            parameters: [.required("declaration", .table, "What the device understands; see device-modules.md.")],
            type: "a table of classes: EthernetClass, SSHClass, UDPClass, SerialClass, SerialOverEthernetClass",
            documentation:
                "Makes a device module of a declaration. Raises ValueError that names module, command and field."),
    ]
}
