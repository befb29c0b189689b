internal import LuaRuntime

/// Annotations for the Lua language server, which completes and checks by them.
struct EditorAnnotations {
    private let surface: LibrarySurface

    init(_ surface: LibrarySurface) { self.surface = surface }

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
            for value in table.values {
                text += "    --- \(value.documentation)\n    ---@type \(value.type)\n    \(value.name) = nil,\n"
            }
            text += "}\n"
        }
        for member in surface.functions {
            text += function(member, owner: "", overloads: member.name == "event" ? eventOverloads : [])
        }
        return text
    }

    // MARK: - Classes

    private func annotation(of: ClassSurface, scope: String = "") -> String {
        var text = "\n--- \(of.documentation)\n---@class \(of.name)\(of.baseName.map { " : \($0)" } ?? "")\n"
        for member in of.members where member.kind == .property {
            text += "---@field \(member.name) \(member.type.annotation) \(member.documentation)\n"
        }
        for member in of.members where member.kind == .event {
            text += "---@field \(member.name) \(handler(of: member, in: of.name))|nil \(member.documentation)\n"
        }
        if let constructor = of.members.first(where: { $0.kind == .constructor }) {
            let parameters = constructor.parameters.map { "\(Self.name($0)): \($0.type.annotation)" }
            text += "---@overload fun(\(parameters.joined(separator: ", "))): \(of.name)\n"
        }
        text += "\(scope)\(of.name) = {}\n"
        for member in of.members where member.kind == .method { text += function(member, owner: "\(of.name):") }
        return text
    }

    // MARK: - Events

    /// The type of an event's handler.
    private func handler(of event: ClassSurface.Member, in name: String) -> String {
        let subject = Self.subject(of: event, in: name)
        if !event.parameters.isEmpty {
            let arguments = event.parameters.map {
                "\($0.name): \($0.type.annotation)\($0.isRequired ? "" : "|nil")"
            }
            return "fun(\(subject.name): \(subject.type), \(arguments.joined(separator: ", ")))"
        }
        let type = event.type
        let argument = type.annotation.isEmpty ? "" : ", \(type.name): \(type.annotation)"
        return "fun(\(subject.name): \(subject.type)\(argument))"
    }

    /// What a handler of a class's events gets first, unless the event says that it is another.
    private static func subject(of event: ClassSurface.Member, in name: String) -> (name: String, type: String) {
        if event.documentation.contains("The first argument is the ClientObject.") { return ("client", "ClientObject") }
        if name.hasSuffix("Interface") || name.hasSuffix("InterfaceEx") { return ("interface", name) }
        return (name.hasSuffix("Handler") ? "handler" : "object", name)
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
            text += "---@param \(Self.name(parameter)) \(parameter.type.annotation)"
            text += parameter.documentation.isEmpty ? "\n" : " \(parameter.documentation)\n"
        }
        if !member.type.annotation.isEmpty {
            let words = member.type.words
            text += "---@return \(member.type.annotation)\(words.isEmpty ? "" : " # \(words)")\n"
        }
        let names = (isMethod ? ["self"] : []) + member.parameters.map { $0.isRepeated ? "..." : Self.plainName($0) }
        if member.name == "end" {
            // A word of Lua: no such method can be written with a colon.
            return text + "\(owner.dropLast())['end'] = function(\((["self"] + names).joined(separator: ", "))) end\n"
        }
        return text + "function \(owner)\(member.name)(\(names.joined(separator: ", "))) end\n"
    }

    /// The words of Lua, which no parameter can have as its name.
    private static let keywords: Set = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
        "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]

    /// A parameter's name, with a line under it where it is a word of Lua.
    private static func plainName(_ parameter: LuaParameter) -> String {
        keywords.contains(parameter.name) ? parameter.name + "_" : parameter.name
    }

    private static func name(_ parameter: LuaParameter) -> String {
        if parameter.isRepeated { return "..." }
        return plainName(parameter) + (parameter.isRequired || parameter.name == "..." ? "" : "?")
    }
}
