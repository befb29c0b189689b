internal import ByteText
internal import LuaRuntime

/// Writes values that are the same whatever a program does as Lua text, with functions that do nothing for its own.
struct ConstantText {
    private let facts: ProgramFacts
    /// For each local variable whether the table in it stays as it is written, by file.
    private let steadyTables: [Set<VariableID>]

    /// What may be called to make a value: it depends on its arguments alone.
    private static let makers: Set<String> = ["re.compile", "hex.decode", "hex.encode", "string.char", "string.pack"]

    /// How deep a value may nest.
    private static let deepest = 100

    /// How many parts a value may have, with those of the variables that it names, each time anew: a few lines of Lua
    /// can make more than there is memory for.
    private static let mostParts = 50_000

    init(_ facts: ProgramFacts) {
        self.facts = facts
        steadyTables = facts.files.map { $0.tree.map(Self.steadyTables) ?? [] }
    }

    /// The text of a value; nil when it is not known before the program runs.
    /// - Parameter replace: gives another text for a part, or nil to leave it as it is.
    func text(
        _ id: ExpressionID, in file: Int, replacing replace: (ExpressionID) -> String? = { _ in nil }
    ) -> String? {
        var partsLeft = Self.mostParts
        return text(id, in: file, depth: 0, partsLeft: &partsLeft, replacing: replace)
    }

    private func text(
        _ id: ExpressionID, in file: Int, depth: Int, partsLeft: inout Int, replacing replace: (ExpressionID) -> String?
    ) -> String? {
        partsLeft -= 1
        guard depth < Self.deepest, partsLeft >= 0 else { return nil }
        if let replaced = replace(id) { return replaced }
        guard let tree = facts.files[file].tree else { return nil }
        func part(_ id: ExpressionID) -> String? {
            text(id, in: file, depth: depth + 1, partsLeft: &partsLeft, replacing: replace)
        }
        switch tree[id].kind {
        case .none: return "nil"
        case .boolean(let value): return "\(value)"
        // The smallest number cannot be written as one.
        case .integer(let value): return value == .min ? "math.mininteger" : "(\(value))"
        case .float(let value): return value.isFinite ? "(\(value))" : "(1e999)"
        case .string(let bytes): return Self.quoted(bytes)
        case .varargs: return nil
        case .function: return "function() end"
        case .single(let inner): return part(inner)
        case .unary(let sign, let operand):
            guard case .symbol(let symbol) = sign, symbol != .hash else { return nil }
            return part(operand).map { "(\(symbol.rawValue) \($0))" }
        case .binary(let sign, let left, let right):
            guard case .symbol(let symbol) = sign, let left = part(left), let right = part(right) else { return nil }
            return "(\(left) \(symbol.rawValue) \(right))"
        case .table(let fields):
            var parts: [String] = []
            for field in fields {
                guard let value = part(field.value) else { return nil }
                if let key = field.key {
                    guard let key = part(key) else { return nil }
                    parts.append("[\(key)] = \(value)")
                } else {
                    parts.append(value)
                }
            }
            return "{\(parts.joined(separator: ", "))}"
        case .local(let variable):
            guard tree[variable].assignmentCount == 0, let value = tree[variable].value else { return nil }
            if case .table = tree[value].kind, !steadyTables[file].contains(variable) { return nil }
            return part(value)
        case .global, .member:
            return libraryConstant(id, file) ?? function(id, file)
        case .call(let call):
            guard call.method == nil, let name = facts.libraryName(call.callee, in: file), Self.makers.contains(name),
                !facts.patched.contains(String(name.split(separator: ".").last ?? ""))
            else { return nil }
            var arguments: [String] = []
            for argument in call.arguments {
                guard let argument = part(argument) else { return nil }
                arguments.append(argument)
            }
            return "\(name)(\(arguments.joined(separator: ", ")))"
        }
    }

    /// A flag of `re`, such as `re.IGNORECASE`.
    private func libraryConstant(_ id: ExpressionID, _ file: Int) -> String? {
        guard let name = facts.libraryName(id, in: file) else { return nil }
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count == 2, let table = facts.library.runtime.globalTables.first(where: { $0.name == parts[0] }),
            table.constants.contains(where: { $0.name == parts[1] }), !facts.patched.contains(parts[1])
        else { return nil }
        return name
    }

    /// A function of the program by its name.
    private func function(_ id: ExpressionID, _ file: Int) -> String? {
        facts.function(id, in: file) == nil ? nil : "function() end"
    }

    /// A string of these bytes as Lua text.
    static func quoted(_ bytes: [UInt8]) -> String {
        var text = "\""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7F...:
                let digits = String(byte)
                text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text + "\""
    }

    /// The variables whose table nobody changes or hands on: it is only a part of other tables, or read by a name.
    private static func steadyTables(_ tree: SyntaxTree) -> Set<VariableID> {
        var uses: [VariableID: Int] = [:]
        let targets = Set(tree.assignments.map(\.target))
        for (index, expression) in tree.expressions.enumerated() {
            switch expression.kind {
            case .local(let variable): uses[variable, default: 0] += 1
            case .table(let fields):
                for field in fields {
                    if case .local(let variable) = tree[field.value].kind { uses[variable, default: 0] -= 1 }
                }
            case .member(let table, _) where !targets.contains(ExpressionID(index: index)):
                // What is read may be changed, unless it is no table.
                guard case .local(let variable) = tree[table].kind, let value = tree[variable].value,
                    case .table(let fields) = tree[value].kind,
                    fields.allSatisfy({ field in
                        switch tree[field.value].kind {
                        case .boolean, .integer, .float, .string: true
                        default: false
                        }
                    })
                else { continue }
                uses[variable, default: 0] -= 1
            default: break
            }
        }
        return Set(uses.filter { $0.value == 0 }.keys)
    }
}
