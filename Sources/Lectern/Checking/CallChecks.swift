internal import ByteText
internal import LuaRuntime

/// Finds calls of the library's constructors, functions and methods that these would refuse.
struct CallChecks {
    private let facts: ProgramFacts
    private let evaluator: ConstantEvaluator
    private var problems: [ProgramProblem] = []

    static func problems(_ facts: ProgramFacts, _ evaluator: ConstantEvaluator) -> [ProgramProblem] {
        var checks = CallChecks(facts: facts, evaluator: evaluator)
        for (index, file) in facts.files.enumerated() {
            guard let tree = file.tree else { continue }
            for position in tree.expressions.indices {
                let id = ExpressionID(index: position)
                guard case .call(let call) = tree[id].kind, !facts.isGuarded(tree[id].function, in: index) else {
                    continue
                }
                checks.check(call, id, tree, index)
            }
        }
        return checks.problems
    }

    private init(facts: ProgramFacts, evaluator: ConstantEvaluator) {
        self.facts = facts
        self.evaluator = evaluator
    }

    private mutating func check(_ call: Expression.Call, _ id: ExpressionID, _ tree: SyntaxTree, _ file: Int) {
        if let method = call.method {
            guard let className = facts.className(call.callee, in: file), !facts.patched.contains(method),
                let member = facts.library.member(method, of: className), member.kind == .method
            else { return }
            check(arguments: call, of: member, as: method, id, tree, file)
        } else if let name = facts.libraryName(call.callee, in: file) {
            guard !facts.patched.contains(Self.lastName(name)) else { return }
            if name == "event" {
                checkEvent(call, tree, file)
            } else if let constructor = facts.library.constructor(name) {
                check(arguments: call, of: constructor, as: name, id, tree, file)
            } else if let function = facts.library.functions[name] {
                check(arguments: call, of: function, as: name, id, tree, file)
            }
        } else if case .member(let object, let key) = tree[call.callee].kind, let name = tree.name(key),
            let className = facts.className(object, in: file), !facts.patched.contains(name),
            facts.library.member(name, of: className)?.kind == .method, !isObject(call.arguments.first, file)
        {
            report(
                .dotForColon, "call \(name) with a colon: object:\(name)(…), not object.\(name)(…)",
                tree[call.callee].place, file)
        }
    }

    private static func lastName(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

    /// Whether a first argument may be the object itself.
    private func isObject(_ argument: ExpressionID?, _ file: Int) -> Bool {
        guard let argument else { return false }
        return facts.sketch(argument, in: file).isUnknown
    }

    private mutating func report(_ code: ProgramProblem.Code, _ text: String, _ place: SourcePlace, _ file: Int) {
        problems.append(ProgramProblem(code, text.showingRawBytes, at: place, in: facts.files[file].path))
    }

    // MARK: - Arguments

    private mutating func check(
        arguments call: Expression.Call, of member: ClassSurface.Member, as name: String, _ id: ExpressionID,
        _ tree: SyntaxTree, _ file: Int
    ) {
        let arguments = call.arguments.map { facts.sketch($0, in: file) }
        let mayHaveMore =
            switch call.arguments.last.map({ tree[$0].kind }) {
            case .call, .varargs: true
            default: false
            }
        let refusal = facts.library.refusal(of: member, as: name, arguments: arguments, mayHaveMore: mayHaveMore)
        if let problem = refusal ?? evaluator.refusal(ofCall: id, named: name, in: file) {
            report(.wrongArgument, problem, tree[id].place, file)
            return
        }
        for (parameter, argument) in zip(member.parameters, call.arguments) where parameter.type.plain == .function {
            checkFunction(argument, of: call, as: name, tree, file)
        }
        guard let last = call.arguments.last, case .table(let fields) = tree[last].kind else { return }
        for field in fields {
            guard let key = field.key, let name = tree.name(key),
                member.parameters.contains(where: { $0.name == name && $0.type.plain == .function })
            else { continue }
            checkFunction(field.value, of: call, as: name, tree, file)
        }
    }

    /// Finds a call whose results are given where its function was meant.
    private mutating func checkFunction(
        _ argument: ExpressionID, of outer: Expression.Call, as name: String, _ tree: SyntaxTree, _ file: Int
    ) {
        guard case .call(let call) = tree[argument].kind, call.method == nil,
            let function = facts.function(call.callee, in: file), !function.returnsValues
        else { return }
        let given = source(argument, file)
        let meant = call.arguments.isEmpty ? source(call.callee, file) : "function() \(given) end"
        let shown = outer.arguments.map { $0 == argument ? meant : source($0, file) }.joined(separator: ", ")
        let callee = outer.method.map { "\(source(outer.callee, file)):\($0)" } ?? source(outer.callee, file)
        let whole = "\(callee)(\(shown))"
        let instead = outer.arguments.contains(argument) && Self.isShort(whole) ? whole : meant
        let advice = Self.isShort(instead) ? "pass the function, \(instead)" : "pass the function itself"
        report(
            .calledTooEarly, "\(name) gets what \(given) returns, which is nothing: \(advice)",
            tree[argument].place, file)
    }

    private func source(_ id: ExpressionID, _ file: Int) -> String {
        guard let expression = facts.expression(Site(file: file, id: id)) else { return "" }
        return String(rawBytes: facts.files[file].text[expression.extent])
    }

    private static func isShort(_ text: String) -> Bool { text.utf8.count <= 80 && !text.utf8.contains(0x0A) }

    // MARK: - event

    /// Checks `event(objects, names, f)` in the words of the function itself.
    private mutating func checkEvent(_ call: Expression.Call, _ tree: SyntaxTree, _ file: Int) {
        guard call.arguments.count >= 2 else { return }
        for object in list(call.arguments[0], tree) {
            guard let className = facts.className(object, in: file), let surface = facts.library.classes[className]
            else { continue }
            let events = surface.members.filter { $0.kind == .event }.map(\.name).sorted()
            for name in list(call.arguments[1], tree) {
                guard case .string(let bytes) = facts.sketch(name, in: file), case let event = String(rawBytes: bytes),
                    !events.contains(event)
                else { continue }
                let hint =
                    NearMiss.find(event, in: events).map { "did you mean '\($0)'?" }
                    ?? "it has \(events.joined(separator: ", "))"
                report(.unknownEvent, "\(className) has no event '\(event)'; \(hint)", tree[name].place, file)
            }
        }
        guard call.arguments.count >= 3 else { return }
        // As environment.lua says it.
        let got: String? =
            switch facts.sketch(call.arguments[2], in: file) {
            case .boolean: "a boolean"
            case .integer, .number: "a number"
            case .string(let bytes):
                "the string '\(String(rawBytes: bytes.prefix(40)).showingRawBytes)\(bytes.count > 40 ? "…" : "")'"
            default: nil
            }
        if let got {
            report(
                .wrongArgument, "event needs a function as its third argument, got \(got)",
                tree[call.arguments[2]].place, file)
        }
        checkFunction(call.arguments[2], of: call, as: "event", tree, file)
    }

    /// The elements of a list, or the one value that stands for a list.
    private func list(_ id: ExpressionID, _ tree: SyntaxTree) -> [ExpressionID] {
        guard case .table(let fields) = tree[id].kind else { return [id] }
        return fields.compactMap { $0.key == nil ? $0.value : nil }
    }
}
