internal import LuaRuntime

/// Finds names that are neither a local variable's nor a global's.
struct GlobalChecks {
    private let facts: ProgramFacts
    private let profile: LuaProfile
    /// The globals of the profiles that the program does not run in, asked for when one is missing.
    private let others: () -> [(profile: LuaProfile, globals: Set<String>)]

    init(
        _ facts: ProgramFacts, profile: LuaProfile,
        others: @escaping () -> [(profile: LuaProfile, globals: Set<String>)]
    ) {
        self.facts = facts
        self.profile = profile
        self.others = others
    }

    /// What Lua calls by another name than the languages that programs are ported from.
    private static let otherWords = [
        "None": "nil", "null": "nil", "undefined": "nil", "True": "true", "False": "false", "elif": "elseif",
    ]

    func problems() -> [ProgramProblem] {
        let known = facts.assigned.keys.sorted() + facts.library.globals.sorted()
        // What is not read may define anything.
        guard facts.isComplete else { return [] }
        var problems: [ProgramProblem] = []
        lazy var elsewhere = others()
        for (index, file) in facts.files.enumerated() {
            guard let tree = file.tree else { continue }
            let calledOrIndexed = Self.calledOrIndexed(tree)
            for use in tree.globals where !use.isTarget && isUnknown(use.name) {
                let expression = tree[use.expression]
                guard !facts.isGuarded(expression.function, in: index) else { continue }
                let severity: ProgramProblem.Severity =
                    calledOrIndexed.contains(use.expression) ? .error : .warning
                func report(_ code: ProgramProblem.Code, _ text: String) {
                    problems.append(
                        ProgramProblem(code, text, severity: severity, at: expression.place, in: file.path))
                }
                if let later = use.later, !Self.isCopied(use, to: later, tree) {
                    report(.usedBeforeLocal, Self.advice(use.name, expression.place, before: tree[later]))
                } else if case let having = elsewhere.filter({ $0.globals.contains(use.name) }), !having.isEmpty {
                    let names = having.map { "'\($0.profile.rawValue)'" }.joined(separator: " and ")
                    report(
                        .notInProfile,
                        "global '\(use.name)' is not there in the profile '\(profile.rawValue)'; \(names) "
                            + "\(having.count == 1 ? "has" : "have") it")
                } else {
                    report(.undefinedGlobal, "global '\(use.name)' is not defined" + hint(use, tree, known))
                }
            }
        }
        return problems
    }

    private func isUnknown(_ name: String) -> Bool {
        !facts.library.globals.contains(name) && !facts.defines(name) && !facts.askedGlobals.contains(name)
    }

    /// Whether a global is only given to the local variable of its name, as in `local bit = bit`.
    private static func isCopied(_ use: GlobalUse, to local: VariableID, _ tree: SyntaxTree) -> Bool {
        guard let value = tree[local].value, tree[value].extent.contains(tree[use.expression].place.start) else {
            return false
        }
        return tree[value].function == tree[use.expression].function
    }

    private static func advice(_ name: String, _ place: SourcePlace, before local: Variable) -> String {
        if place.start > local.statementStart {
            return "'\(name)' is used in the value of its own 'local', where it is not declared yet: write "
                + "'local \(name)' in a line above, or 'local function \(name)'"
        }
        return "'\(name)' is used before its 'local' in line \(local.place.line): declare it above line \(place.line)"
    }

    private func hint(_ use: GlobalUse, _ tree: SyntaxTree, _ known: [String]) -> String {
        if let word = Self.otherWords[use.name] { return "; Lua's word is '\(word)'" }
        var candidates: [String] = []
        var variable = use.scope
        while let id = variable {
            candidates.append(tree[id].name)
            variable = tree[id].before
        }
        return NearMiss.find(use.name, in: candidates + known).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// Where nil would be an error.
    private static func calledOrIndexed(_ tree: SyntaxTree) -> Set<ExpressionID> {
        var found: Set<ExpressionID> = []
        for expression in tree.expressions {
            switch expression.kind {
            case .call(let call): found.insert(call.callee)
            case .member(let table, _): found.insert(table)
            default: break
            }
        }
        return found
    }
}
