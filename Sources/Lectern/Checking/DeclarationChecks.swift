internal import ByteText
internal import LuaRuntime

/// Finds what `DeviceModule` would refuse of a declaration, by declaring what of it never changes.
///
/// A function stands for itself, as a declaration calls none. What the program works out when it runs is left out, with
/// all that refers to it.
struct DeclarationChecks {
    private let facts: ProgramFacts
    private let evaluator: ConstantEvaluator

    static func problems(_ facts: ProgramFacts, _ evaluator: ConstantEvaluator) -> [ProgramProblem] {
        let checks = DeclarationChecks(facts: facts, evaluator: evaluator)
        var problems: [ProgramProblem] = []
        for (index, file) in facts.files.enumerated() {
            guard let tree = file.tree else { continue }
            for expression in tree.expressions {
                guard case .call(let call) = expression.kind, call.method == nil, call.arguments.count == 1,
                    !facts.isGuarded(expression.function, in: index),
                    facts.libraryName(call.callee, in: index) == "DeviceModule",
                    let refusal = checks.refusal(of: call.arguments[0], tree, index)
                else { continue }
                let place = checks.place(of: refusal, call.arguments[0], tree) ?? expression.place
                problems.append(ProgramProblem(.wrongDeclaration, refusal.showingRawBytes, at: place, in: file.path))
            }
        }
        return problems
    }

    private init(facts: ProgramFacts, evaluator: ConstantEvaluator) {
        self.facts = facts
        self.evaluator = evaluator
    }

    /// A command that a declaration may have for one that is not known.
    private static let someCommand = "{query = ''}"

    private func refusal(of declaration: ExpressionID, _ tree: SyntaxTree, _ file: Int) -> String? {
        guard case .table(let fields) = tree[declaration].kind else {
            return evaluator.text(declaration, in: file).flatMap { evaluator.refusal(of: "DeviceModule(\($0))") }
        }
        if let replaced = replacements(for: fields, tree, file),
            let text = evaluator.text(declaration, in: file, replacing: { replaced[$0] })
        {
            return evaluator.refusal(of: "DeviceModule(\(text))")
        }
        return refusal(ofNames: fields, tree)
    }

    /// What stands for the commands that are not known; nil when one has a name that is not.
    private func replacements(
        for fields: [Expression.Field], _ tree: SyntaxTree, _ file: Int
    ) -> [ExpressionID: String]? {
        var replaced: [ExpressionID: String] = [:]
        var unknown: Set<String> = []
        var updates: [(name: String, command: ExpressionID, updated: String)] = []
        for field in Self.table("commands", in: fields, tree) ?? [] {
            guard let key = field.key, let name = tree.name(key) else { return nil }
            if evaluator.text(field.value, in: file) == nil {
                replaced[field.value] = Self.someCommand
                unknown.insert(name)
            } else if case .table(let command) = tree[field.value].kind,
                let target = command.first(where: { $0.key.flatMap(tree.name) == "updates" })
            {
                guard let updated = tree.name(target.value) else { return nil }
                updates.append((name, field.value, updated))
            }
        }
        for (name, command, updated) in updates where unknown.contains(updated) {
            replaced[command] = Self.someCommand
            unknown.insert(name)
        }
        guard !unknown.isEmpty else { return replaced }
        for model in Self.table("models", in: fields, tree) ?? [] {
            guard case .table(let differences) = tree[model.value].kind else { return nil }
            for change in Self.table("commands", in: differences, tree) ?? [] {
                guard let key = change.key, let name = tree.name(key) else { return nil }
                if case .boolean(false) = tree[change.value].kind { continue }
                if unknown.contains(name) || evaluator.text(change.value, in: file) == nil {
                    replaced[change.value] = "nil"
                }
            }
        }
        return replaced
    }

    /// Judges only the names of the fields, by a declaration that has one after the other of them.
    private func refusal(ofNames fields: [Expression.Field], _ tree: SyntaxTree) -> String? {
        let name = fields.first { $0.key.flatMap(tree.name) == "name" }.flatMap { tree.string($0.value) }
        let shown = name.map { ConstantText.quoted($0) } ?? "'?'"
        for field in fields {
            guard let key = field.key.flatMap(tree.string) else { continue }
            let refusal = evaluator.refusal(of: "DeviceModule({name = \(shown), [\(ConstantText.quoted(key))] = true})")
            if let refusal, refusal.contains("there is no field '\(String(rawBytes: key))'") { return refusal }
        }
        return nil
    }

    private static func table(_ name: String, in fields: [Expression.Field], _ tree: SyntaxTree) -> [Expression.Field]?
    {
        guard let field = fields.first(where: { $0.key.flatMap(tree.name) == name }),
            case .table(let inner) = tree[field.value].kind
        else { return nil }
        return inner
    }

    /// Where in a declaration a message says that it is wrong.
    private func place(of message: String, _ declaration: ExpressionID, _ tree: SyntaxTree) -> SourcePlace? {
        guard case .table(let fields) = tree[declaration].kind else { return nil }
        func key(_ name: Substring, in fields: [Expression.Field]?) -> SourcePlace? {
            fields?.lazy.compactMap(\.key).first { tree.name($0) == String(name) }.map { tree[$0].place }
        }
        if let match = message.firstMatch(of: /: command '([^']*)'/),
            let place = key(match.1, in: Self.table("commands", in: fields, tree))
        {
            return place
        }
        if let match = message.firstMatch(of: /: connection '([^']*)'/),
            let place = key(match.1, in: Self.table("connections", in: fields, tree))
        {
            return place
        }
        if let match = message.firstMatch(of: /(?:: |no )field '([^']*)'/) { return key(match.1, in: fields) }
        return nil
    }
}
