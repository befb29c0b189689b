internal import LuaRuntime

/// Python's libraries that are written in Lua, each in a text of its own.
enum PythonLibraries {
    /// The libraries, as programs name them: each is a global and a module.
    static let names = [
        "base64", "binascii", "calendar", "collections", "csv", "datetime", "hashlib", "hmac", "random", "secrets",
        "struct", "time", "uuid",
    ]

    /// The text of a library, or of a part that several have in common; nil: there is none of this name.
    static func text(_ name: String) -> [UInt8]? {
        switch name {
        case "base64": PackageResources.base64_lua
        case "binascii": PackageResources.binascii_lua
        case "calendar": PackageResources.calendar_lua
        case "collections": PackageResources.collections_lua
        case "csv": PackageResources.csv_lua
        case "date_fields": PackageResources.date_fields_lua
        case "datetime": PackageResources.datetime_lua
        case "declaring": PackageResources.declaring_lua
        case "deque": PackageResources.deque_lua
        case "durations": PackageResources.durations_lua
        case "hashlib": PackageResources.hashlib_lua
        case "hmac": PackageResources.hmac_lua
        case "iso_texts": PackageResources.iso_texts_lua
        case "python_math": PackageResources.python_math_lua
        case "random": PackageResources.random_lua
        case "secrets": PackageResources.secrets_lua
        case "struct": PackageResources.struct_lua
        case "time": PackageResources.time_lua
        case "times_of_day": PackageResources.times_of_day_lua
        case "uuid": PackageResources.uuid_lua
        default: nil
        }
    }
}

extension BindingContext {
    /// Lets Python's libraries be opened when the program names them. `time` has two functions of the host's at first.
    func registerPythonLibraries() {
        var loading = ParameterList()
        let name = loading.required("name", .string, "The library.")
        runtime.setInternal(
            "load_library",
            LuaFunction("require", loading, "") { [unowned self] (call) throws(LuaFault) in
                let name = call[name]
                guard let text = PythonLibraries.text(name) else {
                    throw LuaFault(.importError, "there is no library '\(name)'")
                }
                // What all of them have in common comes first.
                if name == "declaring" {
                    for (name, function) in declareClockFunctions(self) { runtime.setInternal(name, function) }
                }
                try runtime.compile(text, path: "=[lectern \(name)]", on: call.stack)
                return .values(1)
            })
        let hasDigests = Box<Bool>()
        for name in PythonLibraries.names {
            runtime.addLibrary([name]) { [unowned self] () throws(LuaFault) in
                // Not when a library is opened in the middle of a task's own time and memory: it makes a class.
                if hasDigests.value == nil {
                    hasDigests.value = true
                    for (name, function) in declareDigestFunctions(self) { runtime.setInternal(name, function) }
                }
                let isAdded = name == "time"
                if isAdded { runtime.setGlobal(table: name, functions: declareTimeFunctions(self), constants: []) }
                try runtime.run(
                    PackageResources.opening_lua, chunk: "=[lectern opening]",
                    arguments: isAdded ? [name, "later"] : [name])
            }
        }
    }
}
