internal import LuaRuntime

/// Writes one page of the reference, with a list of what is in it.
struct ReferencePage {
    /// A line of the list, and where it leads.
    struct Entry {
        let name: String
        let anchor: String
    }

    let subject: ReferenceSubject
    /// The classes and functions of the page, for lists of contents.
    private(set) var entries: [Entry] = []
    private var body = ""
    /// How often each anchor was made: the second one of a name gets a number.
    private var anchors: [String: Int] = [:]

    /// Collects what the surface has of the subject.
    init(_ subject: ReferenceSubject, of surface: LibrarySurface) {
        self.subject = subject
        _ = anchor(of: subject.title)
        _ = anchor(of: "Contents")
        let functions = surface.functions.filter { subject.has(function: $0.name) }
        let tables = surface.tables.filter { subject.functions.contains($0.name + ".") }
        if !functions.isEmpty {
            heading("## Functions", as: nil)
            for function in functions { add(function, prefix: "", isListed: true) }
            for table in tables {
                for value in table.values {
                    heading("### `\(table.name).\(value.name)`", as: "\(table.name).\(value.name)")
                    body += "\(value.documentation)\n\n"
                }
            }
            for table in tables where !table.constants.isEmpty {
                heading("### Constants of `\(table.name)`", as: nil)
                body += table.constants.map { "`\($0.name)` \($0.number)" }.joined(separator: ", ") + "\n\n"
            }
        }
        if subject.hasStrings { addStrings() }
        for name in subject.classes {
            for of in surface.classes + surface.innerClasses where of.name == name { add(of) }
        }
    }

    /// The page, as it stands in `docs/reference`.
    var markdown: String {
        var text = "# \(subject.title)\n\n\(subject.introduction) The [index](../reference.md)\n"
        text += "explains the notation.\n\n## Contents\n\n"
        for entry in entries { text += "- [`\(entry.name)`](#\(entry.anchor))\n" }
        text += "\n" + body
        while text.hasSuffix("\n\n") { text.removeLast() }
        return text
    }

    // MARK: - Headings

    /// The anchor that a heading gets: small letters, digits, '-' and '_', and '-' for each space.
    private mutating func anchor(of heading: String) -> String {
        var anchor = ""
        for character in heading.lowercased() {
            if character == " " {
                anchor += "-"
            } else if character.isLetter || character.isNumber || character == "-" || character == "_" {
                anchor.append(character)
            }
        }
        let count = anchors[anchor, default: 0]
        anchors[anchor] = count + 1
        return count == 0 ? anchor : "\(anchor)-\(count)"
    }

    private mutating func heading(_ line: String, as name: String?) {
        let anchor = anchor(of: String(line.drop { $0 == "#" }.dropFirst()))
        if let name { entries.append(Entry(name: name, anchor: anchor)) }
        body += line + "\n\n"
    }

    // MARK: - Sections

    private mutating func addStrings() {
        heading("## Methods of strings", as: nil)
        body += """
            Every string has these methods of Python's `bytes` and `str`. Letters and digits are those of ASCII. Positions are those of
            `string.sub`: 1 is the first byte, -1 the last, and both ends belong to a part. The names
            \(StringMethods.namesOfLua.map { "`\($0)`" }.joined(separator: ", ")) are those of Lua and do what they do in Lua.


            """
        for method in StringMethods.all { add(method, prefix: ":", isListed: true) }
    }

    private mutating func add(_ of: ClassSurface) {
        heading("## \(of.name)", as: of.name)
        body += "\(of.documentation)\n\n"
        for kind in [ClassSurface.Member.Kind.constructor, .property, .method, .event] {
            let members = of.members.filter { $0.kind == kind }
            guard !members.isEmpty else { continue }
            switch kind {
            case .property:
                addTable("| Property | Type | |", members, \.type.words) { $0.isWritable ? "" : " Read-only." }
            case .event:
                addTable("| Event | Second argument | |", members, Self.argument) { _ in "" }
            case .constructor: for member in members { add(member, prefix: "", as: of.name) }
            case .method: for member in members { add(member, prefix: ":") }
            }
        }
    }

    private mutating func addTable(
        _ head: String, _ members: [ClassSurface.Member], _ type: (ClassSurface.Member) -> String,
        _ remark: (ClassSurface.Member) -> String
    ) {
        body += "\(head)\n|---|---|---|\n"
        for member in members {
            let documentation = Self.cell(member.documentation) + remark(member)
            body += "| `\(member.name)` | \(Self.cell(type(member))) | \(documentation) |\n"
        }
        body += "\n"
    }

    private mutating func add(
        _ member: ClassSurface.Member, prefix: String, as name: String? = nil, isListed: Bool = false
    ) {
        let signature = Self.signature(member.parameters)
        heading("### `\(prefix)\(name ?? member.name)(\(signature))`", as: isListed ? prefix + member.name : nil)
        body += member.documentation
        if name == nil, !member.type.annotation.isEmpty { body += " Returns \(Self.result(member.type))." }
        if member.waits { body += " *Waits.*" }
        body += "\n\n"
        for parameter in member.parameters {
            var line = "- `\(parameter.name)`: \(parameter.type.words)"
            if !parameter.isRequired, let defaultText = parameter.defaultText, defaultText != "nil" {
                line += ", by default \(defaultText)"
            }
            body += parameter.documentation.isEmpty ? "\(line).\n" : "\(line). \(parameter.documentation)\n"
        }
        if !member.parameters.isEmpty { body += "\n" }
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

    /// What a call returns: what it means, and its type.
    private static func result(_ shape: LuaShape) -> String {
        let type = "`\(shape.annotation)`"
        return shape.words.isEmpty ? type : "\(shape.words) (\(type))"
    }

    /// What a handler of an event gets behind the object.
    private static func argument(of event: ClassSurface.Member) -> String {
        if !event.parameters.isEmpty || event.type.annotation.isEmpty { return event.type.words }
        let argument = "`\(event.type.name): \(event.type.annotation)`"
        return event.type.words.isEmpty ? argument : "\(argument), \(event.type.words)"
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
