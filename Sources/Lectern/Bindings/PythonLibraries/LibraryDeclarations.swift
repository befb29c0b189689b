internal import LuaRuntime

extension PythonLibraries {
    /// What the libraries declare in their Lua texts, in their order. Opens all of them.
    static func declarations(of runtime: LuaRuntime) -> (functions: [ClassSurface.Member], tables: [GlobalTable]) {
        runtime.openLibraries()
        let found = Box<[ClassSurface.Member]>()
        found.value = []
        var noting = ParameterList()
        let name = noting.required("name", .string, "")
        let documentation = noting.required("documentation", .string, "")
        let result = noting.required("result", .string, "")
        let parameters = noting.required("parameters", .string, "")
        runtime.setInternal(
            "note_declaration",
            LuaFunction("note_declaration", noting, "") { (call) throws(LuaFault) in
                found.value?.append(
                    ClassSurface.Member(
                        kind: .method, name: call[name],
                        parameters: call[parameters].split(separator: "\u{1E}").map(parameter),
                        type: call[result].isEmpty ? .nothing : .of(call[result]), documentation: call[documentation]))
                return .none
            })
        do throws(LuaFault) {
            try runtime.run(
                PackageResources.describing_lua, chunk: "=[lectern describing]",
                arguments: names + ["python_math"])
        } catch {
            preconditionFailure("a library does not open: \(error.message)")
        }
        let known = Set(runtime.globalTables.map(\.name))
        let tables = names.filter { !known.contains($0) }.map { GlobalTable(name: $0, constants: [], values: []) }
        return (found.value ?? [], tables)
    }

    /// Reads a parameter that describing.lua has packed.
    private static func parameter(_ packed: Substring) -> LuaParameter {
        let parts = packed.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init)
        let (name, mark, type, defaultText) = (parts[0], parts[1], luaType(parts[2]), parts[3])
        switch mark {
        case "*": return .repeated(name, type, "")
        case "?": return .optional(name, type, default: defaultText.isEmpty ? "nil" : defaultText, "")
        default: return .data(name, type, "")
        }
    }

    private static func luaType(_ text: String) -> LuaType {
        switch text {
        case "boolean": .boolean
        case "integer": .integer
        case "number": .number
        case "string": .string
        case "function": .function
        case "table": .table
        default: .any.annotated(text)
        }
    }
}
