internal import LuaRuntime

/// Writes the reference of the Lua face from its declarations: Markdown for people, annotations for editors.
public struct ReferenceWriter {
    private let surface: LibrarySurface

    /// Reads the declarations of a program's runtime.
    public init(_ program: Program) { surface = LibrarySurface(program.runtime) }

    // MARK: - Markdown

    /// The API reference, as it stands in `docs/reference.md`.
    public func markdown() -> String {
        var text = """
            # Lua API reference

            Made from the declarations in `Sources/Lectern/Bindings`; a test keeps it so. Parameters in brackets may be left
            out. Every parameter can also be given by name, in a table after the positional ones. A call marked *waits* may
            suspend its task; everything else goes on meanwhile.

            ## Functions


            """
        for function in surface.functions { text += entry(function, prefix: "") }
        for table in surface.tables where !table.constants.isEmpty {
            text += "### Constants of `\(table.name)`\n\n"
            text += table.constants.map { "`\($0.name)` \($0.number)" }.joined(separator: ", ") + "\n\n"
        }
        text += """
            ## Strings

            Strings hold bytes. These methods of every string are those of Python's `bytes`; only ASCII has letters and digits.
            Positions are those of `string.sub`: 1 is the first byte, -1 the last, and a part has both its ends. The names
            \(StringMethods.namesOfLua.map { "`\($0)`" }.joined(separator: ", ")) are Lua's own and mean what they mean in Lua.


            """
        for method in StringMethods.all { text += entry(method, prefix: ":") }
        for of in surface.classes + surface.innerClasses {
            text += "## \(of.name)\n\n\(of.documentation)\n\n"
            for kind in [ClassSurface.Member.Kind.constructor, .property, .method, .event] {
                let members = of.members.filter { $0.kind == kind }
                guard !members.isEmpty else { continue }
                switch kind {
                case .property:
                    text += "| Property | Type | |\n|---|---|---|\n"
                    for member in members {
                        let access = member.isWritable ? "" : " Read-only."
                        text +=
                            "| `\(member.name)` | \(Self.cell(member.type)) | \(Self.cell(member.documentation))\(access) |\n"
                    }
                    text += "\n"
                case .event:
                    text += "| Event | Second argument | |\n|---|---|---|\n"
                    for member in members {
                        text +=
                            "| `\(member.name)` | \(Self.cell(member.type)) | \(Self.cell(member.documentation)) |\n"
                    }
                    text += "\n"
                case .constructor: for member in members { text += entry(member, prefix: "", as: of.name) }
                case .method: for member in members { text += entry(member, prefix: ":") }
                }
            }
        }
        while text.hasSuffix("\n\n") { text.removeLast() }
        return text
    }

    private func entry(_ member: ClassSurface.Member, prefix: String, as name: String? = nil) -> String {
        var text =
            "### `\(prefix)\(name ?? member.name)(\(Self.signature(member.parameters)))`\n\n\(member.documentation)"
        if name == nil && member.type != "nothing" { text += " Returns \(member.type)." }
        if member.waits { text += " *Waits.*" }
        text += "\n\n"
        for parameter in member.parameters {
            var line = "- `\(parameter.name)`: \(parameter.type.description)"
            if !parameter.isRequired, let defaultText = parameter.defaultText, defaultText != "nil" {
                line += ", by default \(defaultText)"
            }
            text += "\(line). \(parameter.documentation)\n"
        }
        return text + (member.parameters.isEmpty ? "" : "\n")
    }

    private static func signature(_ parameters: [LuaParameter]) -> String {
        var text = ""
        var open = 0
        for (index, parameter) in parameters.enumerated() {
            let comma = index == 0 ? "" : ", "
            if parameter.isRequired {
                text += comma + parameter.name
            } else {
                text += (index == 0 ? "[" : " [") + comma + parameter.name + (parameter.isRepeated ? ", ..." : "")
                open += 1
            }
        }
        return text + String(repeating: "]", count: open)
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    // MARK: - Annotations

    /// Annotations for the Lua language server, as they stand in `docs/lectern.lua`.
    public func annotations() -> String {
        var text = "---@meta\n-- Made from the declarations of Lectern; a test keeps it so.\n"
        for (of, scope) in surface.classes.map({ ($0, "") }) + surface.innerClasses.map({ ($0, "local ") }) {
            text += "\n--- \(of.documentation)\n---@class \(of.name)\n"
            for member in of.members where member.kind == .property {
                text += "---@field \(member.name) \(Self.type(named: member.type)) \(member.documentation)\n"
            }
            for member in of.members where member.kind == .event {
                let arguments = member.parameters.map {
                    "\($0.name): \(Self.type($0.type))\($0.isRequired ? "" : "|nil")"
                }
                let types = arguments.isEmpty ? "argument: any" : arguments.joined(separator: ", ")
                text += "---@field \(member.name) fun(object: table, \(types))|nil \(member.documentation)\n"
            }
            if let constructor = of.members.first(where: { $0.kind == .constructor }) {
                let parameters = constructor.parameters.map { "\(Self.name($0)): \(Self.type($0.type))" }
                text += "---@overload fun(\(parameters.joined(separator: ", "))): \(of.name)\n"
            }
            text += "\(scope)\(of.name) = {}\n"
            for member in of.members where member.kind == .method { text += function(member, owner: "\(of.name):") }
        }
        text += "\n--- The methods of Python's bytes, which every string has beside Lua's own.\n---@class string\n"
        for method in StringMethods.all {
            let parameters = ["self: string"] + method.parameters.map { "\(Self.name($0)): \(Self.type($0.type))" }
            text += "---@field \(method.name) fun(\(parameters.joined(separator: ", "))): "
            text += "\(StringMethods.annotation(of: method.type)) \(method.documentation)\n"
        }
        for table in surface.tables {
            text += "\n\(table.name) = {\n"
            for constant in table.constants { text += "    \(constant.name) = \(constant.number),\n" }
            text += "}\n"
        }
        for member in surface.functions { text += function(member, owner: "") }
        return text
    }

    private func function(_ member: ClassSurface.Member, owner: String) -> String {
        var text = "\n--- \(member.documentation)\n"
        if member.waits { text += "---@async\n" }
        for parameter in member.parameters {
            text += "---@param \(Self.name(parameter)) \(Self.type(parameter.type)) \(parameter.documentation)\n"
        }
        if member.type != "nothing" { text += "---@return any # \(member.type)\n" }
        let names = member.parameters.map { $0.isRepeated ? "..." : $0.name }
        if member.name == "end" {
            // A word of Lua: no such method can be written with a colon.
            return text + "\(owner.dropLast())['end'] = function(\((["self"] + names).joined(separator: ", "))) end\n"
        }
        return text + "function \(owner)\(member.name)(\(names.joined(separator: ", "))) end\n"
    }

    private static func name(_ parameter: LuaParameter) -> String {
        if parameter.isRepeated { return "..." }
        return parameter.isRequired || parameter.name == "..." ? parameter.name : parameter.name + "?"
    }

    private static func type(_ type: LuaType) -> String {
        switch type {
        case .any: "any"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number, .seconds: "number"
        case .string: "string"
        case .oneOf(let words): words.map { "'\($0)'" }.joined(separator: "|")
        case .function: "function"
        case .table: "table"
        case .instance(let names): names.joined(separator: "|")
        case .secret(let type): Self.type(type)
        }
    }

    /// The annotation of a property's described type.
    private static func type(named description: String) -> String {
        switch description {
        case "a string": "string"
        case "a boolean": "boolean"
        case "a table": "table"
        case let text where text.hasPrefix("a whole number"): "integer"
        case let text where text.hasPrefix("a number"): "number"
        default: "any"
        }
    }
}
