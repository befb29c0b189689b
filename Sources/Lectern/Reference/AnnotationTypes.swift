internal import LuaRuntime

/// The types of the Lua language server for what declarations say in words.
struct AnnotationTypes {
    /// The names of the classes that there are.
    let classes: Set<String>

    /// The type of a parameter.
    static func parameter(_ type: LuaType) -> String {
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
        case .secret(let type): Self.parameter(type)
        }
    }

    /// The type of a property, by the words that describe it.
    func property(_ words: String) -> String {
        if words.hasPrefix("one of ") { return Self.alternatives(in: words) ?? "any" }
        return value(words) ?? "any"
    }

    /// The type of what a call returns, by its words: several values where they say so, `any` where they say nothing
    /// certain.
    func returned(_ words: String) -> String {
        if words.hasPrefix("'") && words.contains("or the reason of the failure") { return "string, string?" }
        if words.hasPrefix("'"), let alternatives = Self.alternatives(in: words) { return alternatives }
        if words.hasPrefix("the string with the matches replaced, and") { return "string, integer" }
        if words.hasPrefix("start and stop") { return "integer?, integer?" }
        if words.hasPrefix("how many were answered") { return "integer, integer, number" }
        if words == "what is before it, it, and what is behind it" { return "string, string, string" }
        if words == "a list of strings" || words == "a list of names, in order" { return "string[]" }
        if words.hasSuffix(", or nil"), let type = value(String(words.dropLast(", or nil".count))) {
            return type + "|nil"
        }
        let strings = ["the bytes", "the text", "the response", "the line", "the string", "the version", "its path"]
        if strings.contains(where: words.hasPrefix) && !words.hasPrefix("the text of each") { return "string" }
        return value(words) ?? "any"
    }

    /// The name and type of an event's second argument, by its words; nil when there is none.
    func argument(_ words: String) -> (name: String, type: String)? {
        switch words {
        case "nothing": nil
        case "the bytes": ("data", "string")
        case "the reason": ("reason", "string")
        case "the count": ("count", "integer")
        case "the mode": ("mode", "integer")
        case "the current", "the wattage": ("value", "number")
        case "the state", "the control state, as in control_state": ("state", "string")
        case "the time as os.date('*t') gives it": ("time", "osdate")
        case let words where words.hasPrefix("a table with "): ("data", Self.table(words))
        case let words where words.hasPrefix("'"): ("state", Self.alternatives(in: words) ?? "string")
        default: ("argument", "any")
        }
    }

    /// What a handler of a class's events gets first, unless the event says that it is another.
    static func subject(of event: ClassSurface.Member, in name: String) -> (name: String, type: String) {
        if event.documentation.contains("The first argument is the ClientObject.") { return ("client", "ClientObject") }
        if name.hasSuffix("Interface") || name.hasSuffix("InterfaceEx") { return ("interface", name) }
        return (name.hasSuffix("Handler") ? "handler" : "object", name)
    }

    // MARK: - Words

    private func value(_ words: String) -> String? {
        switch words {
        case "a boolean": "boolean"
        case "a table", "a table of the texts by name": "table"
        case "a list": "any[]"
        case "seconds": "number"
        case let text where text.hasPrefix("a string"): "string"
        case let text where text.hasPrefix("a whole number"): "integer"
        case let text where text.hasPrefix("a number"): "number"
        case let text where text.hasPrefix("seconds since"): "number"
        case let text where text.hasPrefix("true when"): "boolean"
        default:
            words.split(separator: " ").last.map(String.init).flatMap { last in
                words.split(separator: " ").count == 2 && classes.contains(last) ? last : nil
            }
        }
    }

    /// `'A'|'B'` of words such as "'A' or 'B'"; nil when there is nothing in quotes.
    private static func alternatives(in words: String) -> String? {
        let quoted = words.matches(of: /'[^']+'/).map { String($0.0) }
        return quoted.isEmpty ? nil : quoted.joined(separator: "|")
    }

    /// The fields of a table, which are in quotes; those of its fields come behind a colon.
    private static func table(_ words: String) -> String {
        let names = words.prefix { $0 != ":" }.matches(of: /'(\w+)'/).map { "\($0.1): any" }
        return "{\(names.joined(separator: ", "))}"
    }
}
