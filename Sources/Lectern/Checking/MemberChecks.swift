internal import LuaRuntime

/// Finds names that objects and tables of the library do not have.
struct MemberChecks {
    private let facts: ProgramFacts
    private let profile: LuaProfile
    private var problems: [ProgramProblem] = []

    static func problems(_ facts: ProgramFacts, profile: LuaProfile) -> [ProgramProblem] {
        // What is not read may add any name.
        guard facts.isComplete else { return [] }
        var checks = MemberChecks(facts: facts, profile: profile)
        for (index, file) in facts.files.enumerated() {
            guard let tree = file.tree else { continue }
            var called: Set<ExpressionID> = []
            for expression in tree.expressions {
                if case .call(let call) = expression.kind, call.method == nil { called.insert(call.callee) }
            }
            let targets = Set(tree.assignments.map(\.target))
            for position in tree.expressions.indices {
                let id = ExpressionID(index: position)
                guard !facts.isGuarded(tree[id].function, in: index) else { continue }
                switch tree[id].kind {
                case .member(let object, let key):
                    guard let name = tree.name(key) else { continue }
                    checks.check(
                        name, of: object, tree[key].place, index, isCalled: called.contains(id),
                        isSet: targets.contains(id))
                case .call(let call):
                    guard let method = call.method else { continue }
                    checks.check(method, of: call.callee, tree[id].place, index, isCalled: true, isSet: false)
                default: continue
                }
            }
        }
        return checks.problems
    }

    private init(facts: ProgramFacts, profile: LuaProfile) {
        self.facts = facts
        self.profile = profile
    }

    private mutating func check(
        _ name: String, of object: ExpressionID, _ place: SourcePlace, _ file: Int, isCalled: Bool, isSet: Bool
    ) {
        guard !facts.patched.contains(name), !facts.askedMembers.contains(name) else { return }
        func report(_ code: ProgramProblem.Code, _ text: String) {
            problems.append(ProgramProblem(code, text, at: place, in: facts.files[file].path))
        }
        if let className = facts.className(object, in: file) {
            if isSet, let member = facts.library.member(name, of: className), member.kind == .property {
                if !member.isWritable { report(.readOnlyProperty, "property '\(name)' is read-only") }
                return
            }
            guard !facts.library.mayHave(name, className) else { return }
            if let advice = facts.library.advice(for: name, of: className) {
                report(.unknownMember, advice)
            } else if isCalled {
                report(.unknownMember, "\(className) has no '\(name)'")
            }
        } else if isCalled, let table = facts.libraryName(object, in: file), facts.library.globals.contains(table) {
            let names = facts.library.runtime.fieldNames(ofGlobal: table)
            // No table, or one whose names are not its own.
            guard !names.isEmpty, table != "_G", table != "package", !names.contains(name) else { return }
            guard facts.library.classes[table] == nil || !facts.library.mayHave(name, table) else { return }
            let hint = NearMiss.find(name, in: names.sorted()).map { "; did you mean '\($0)'?" } ?? ""
            let inProfile = ["os", "io", "debug"].contains(table) ? " in the profile '\(profile.rawValue)'" : ""
            report(.unknownMember, "\(table) has no '\(name)'\(inProfile)\(hint)")
        }
    }
}
