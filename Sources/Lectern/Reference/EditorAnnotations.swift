internal import LuaRuntime

/// Annotations for the Lua language server, which completes and checks by them.
struct EditorAnnotations {
    private let surface: LibrarySurface
    private let types: AnnotationTypes

    init(_ surface: LibrarySurface) {
        self.surface = surface
        types = AnnotationTypes(classes: Set((surface.classes + surface.innerClasses).map(\.name)))
    }

    /// All of them, as they stand in `docs/lectern.lua`.
    var text: String {
        var text = "---@meta\n-- Made from the declarations of Lectern; a test keeps it so.\n"
        for of in surface.classes { text += annotation(of: of) }
        for of in surface.innerClasses { text += annotation(of: of, scope: "local ") }
        // The type 'string' of the server takes its methods from the library of this name.
        text += "\n--- The methods of Python's bytes, which every string has beside Lua's own.\n---@class stringlib\n"
        text += "string = {}\n"
        for method in StringMethods.all { text += function(method, owner: "string.", isMethod: true) }
        for table in surface.tables {
            text += "\n\(table.name) = {\n"
            for constant in table.constants { text += "    \(constant.name) = \(constant.number),\n" }
            text += "}\n"
        }
        for member in surface.functions {
            text += function(member, owner: "", overloads: member.name == "event" ? eventOverloads : [])
        }
        return text
    }

    // MARK: - Classes

    private func annotation(of: ClassSurface, scope: String = "") -> String {
        var text = "\n--- \(of.documentation)\n---@class \(of.name)\n"
        for member in of.members where member.kind == .property {
            text += "---@field \(member.name) \(types.property(member.type)) \(member.documentation)\n"
        }
        for member in of.members where member.kind == .event {
            text += "---@field \(member.name) \(handler(of: member, in: of.name))|nil \(member.documentation)\n"
        }
        if let constructor = of.members.first(where: { $0.kind == .constructor }) {
            let parameters = constructor.parameters.map { "\(Self.name($0)): \(AnnotationTypes.parameter($0.type))" }
            text += "---@overload fun(\(parameters.joined(separator: ", "))): \(of.name)\n"
        }
        text += "\(scope)\(of.name) = {}\n"
        for member in of.members where member.kind == .method { text += function(member, owner: "\(of.name):") }
        return text
    }

    // MARK: - Events

    /// The type of an event's handler.
    private func handler(of event: ClassSurface.Member, in name: String) -> String {
        let subject = AnnotationTypes.subject(of: event, in: name)
        if !event.parameters.isEmpty {
            let arguments = event.parameters.map {
                "\($0.name): \(AnnotationTypes.parameter($0.type))\($0.isRequired ? "" : "|nil")"
            }
            return "fun(\(subject.name): \(subject.type), \(arguments.joined(separator: ", ")))"
        }
        let argument = types.argument(event.type).map { ", \($0.name): \($0.type)" } ?? ""
        return "fun(\(subject.name): \(subject.type)\(argument))"
    }

    /// One overload of `event` for each class and event: the server then knows what the handler gets.
    private var eventOverloads: [String] {
        (surface.classes + surface.innerClasses).flatMap { of in
            of.members.filter { $0.kind == .event }.map { event in
                "fun(objects: \(of.name), names: '\(event.name)', f: \(handler(of: event, in: of.name))): function"
            }
        }
    }

    // MARK: - Functions

    /// - Parameter isMethod: whether the string itself stands before the declared parameters.
    private func function(
        _ member: ClassSurface.Member, owner: String, isMethod: Bool = false, overloads: [String] = []
    ) -> String {
        var text = "\n--- \(member.documentation)\n"
        if member.waits { text += "---@async\n" }
        for overload in overloads { text += "---@overload \(overload)\n" }
        if isMethod { text += "---@param self string\n" }
        for parameter in member.parameters {
            text += "---@param \(Self.name(parameter)) \(AnnotationTypes.parameter(parameter.type)) "
            text += "\(parameter.documentation)\n"
        }
        if member.type != "nothing" { text += "---@return \(types.returned(member.type)) # \(member.type)\n" }
        let names = (isMethod ? ["self"] : []) + member.parameters.map { $0.isRepeated ? "..." : Self.plainName($0) }
        if member.name == "end" {
            // A word of Lua: no such method can be written with a colon.
            return text + "\(owner.dropLast())['end'] = function(\((["self"] + names).joined(separator: ", "))) end\n"
        }
        return text + "function \(owner)\(member.name)(\(names.joined(separator: ", "))) end\n"
    }

    /// A parameter's name, where it is a word of Lua with a line under it.
    private static func plainName(_ parameter: LuaParameter) -> String {
        parameter.name == "end" ? "end_" : parameter.name
    }

    private static func name(_ parameter: LuaParameter) -> String {
        if parameter.isRepeated { return "..." }
        return plainName(parameter) + (parameter.isRequired || parameter.name == "..." ? "" : "?")
    }
}
