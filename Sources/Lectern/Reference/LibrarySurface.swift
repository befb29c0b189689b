internal import LuaRuntime

/// Everything that programs see beside Lua's own libraries, as data: for the reference and for editors.
struct LibrarySurface {
    let classes: [ClassSurface]
    /// Classes that programs do not see by a global name.
    let innerClasses = [ClassSurface.deviceOfModule]
    /// Those of a global table have its name before a dot.
    let functions: [ClassSurface.Member]
    let tables: [GlobalTable]

    /// The surface of a program's runtime.
    init(_ runtime: LuaRuntime) {
        classes = runtime.surface
        let libraries = PythonLibraries.declarations(of: runtime)
        tables = runtime.globalTables + libraries.tables
        functions = (runtime.globalFunctions + libraries.functions + Self.preludeFunctions)
            .sorted { $0.name < $1.name }
    }

    /// What is written in Lua itself, declared here for the reference.
    private static let preludeFunctions: [ClassSurface.Member] = [
        ClassSurface.Member(
            kind: .method, name: "class",
            parameters: [
                .required("name", .string, "The class's name, for messages."),
                .optional(
                    "...", .any.annotated("table"),
                    "The base classes. If several have a member of the same name, the first one counts."),
            ], type: .of("table", "the class: call it to make an object"),
            documentation:
                "Makes a class. Its init(self, …) fills a new object. At most one of the bases may derive from a class of Lectern."
        ),
        ClassSurface.Member(
            kind: .method, name: "isinstance",
            parameters: [
                .required("object", .any, "Anything."),
                .required(
                    "class", .any.annotated("table|string"),
                    "A class or a kind of error, or a list of these; or 'str', 'bytes', 'int', 'float' or 'bool'."),
            ],
            type: .of("boolean"),
            documentation: "Tells whether object was made by class or by one derived from it."),
        ClassSurface.Member(
            kind: .method, name: "event",
            parameters: [
                .required("objects", .any.annotated("table"), "An object or a list of objects."),
                .required("names", .any.annotated("string|string[]"), "An event's name or a list of names."),
                .optional("f", .function, "The handler. Without it, event returns a function that takes the handler."),
            ], type: .of("function", "f, or the function that takes it"),
            documentation: "Sets the handler of every named event of every object. The last one that was set counts."
        ),
        ClassSurface.Member(
            kind: .method, name: "DeviceModule",
            parameters: [.required("declaration", .table, "The protocol of the device; see device-modules.md.")],
            type: .of(
                "{EthernetClass: table, SSHClass: table, UDPClass: table, SerialClass: table, "
                    + "SerialOverEthernetClass: table, DeviceClass: table}", "the classes that make devices"),
            documentation:
                "Makes a device module of a declaration. A mistake in it raises ValueError, which names module, command and field."
        ),
    ]
}
