internal import ByteText
internal import LuaRuntime

/// What all files of a program say together about its globals, its objects and its functions.
///
/// What is certain is told, everything else is not known: each answer holds whatever the program does when it runs.
final class ProgramFacts {
    let files: [CheckedFile]
    let library: LibraryNames
    /// Where globals get their values: the site of the value, if there is one.
    private(set) var assigned: [String: [Site?]] = [:]
    /// Globals that the program asks whether they are there.
    private(set) var askedGlobals: Set<String> = []
    /// Names of members that it asks whether they are there.
    private(set) var askedMembers: Set<String> = []
    /// False when more may define globals or change objects than the files show.
    private(set) var isComplete: Bool
    /// Names that an object or a class of the library may have been given.
    private(set) var patched: Set<String> = []
    private var guards: [GuardedFunctions?] = []

    /// - Parameter isWhole: whether the files are all that there are.
    init(_ files: [CheckedFile], isWhole: Bool, library: LibraryNames) {
        self.files = files
        self.library = library
        isComplete = isWhole
        for (index, file) in files.enumerated() {
            guard let tree = file.tree else {
                // Nobody knows what a text does that does not compile; what it names may be there.
                for name in RequireScanner.names(file.text) { assigned[name, default: []].append(nil) }
                guards.append(nil)
                continue
            }
            guards.append(GuardedFunctions(tree))
            if tree.namesEnvironment { isComplete = false }
            collectGlobals(tree, file: index)
            collectQuestions(tree)
        }
        for (index, file) in files.enumerated() {
            if let tree = file.tree { collectPatches(tree, file: index) }
        }
    }

    /// Whether a mistake in this function may be meant: a `pcall` is there for it.
    func isGuarded(_ function: FunctionID, in file: Int) -> Bool { guards[file]?.contains(function) ?? true }

    /// Whether the program has a global of this name.
    func defines(_ name: String) -> Bool { assigned[name] != nil }

    // MARK: - Globals

    private func collectGlobals(_ tree: SyntaxTree, file: Int) {
        for assignment in tree.assignments {
            let value = assignment.value.map { Site(file: file, id: $0) }
            switch tree[assignment.target].kind {
            case .global(let use): assigned[tree.globals[use].name, default: []].append(value)
            case .member(let table, let key) where tree.globalName(table) == "_G":
                guard let name = tree.name(key) else {
                    isComplete = false
                    continue
                }
                assigned[name, default: []].append(value)
            default: break
            }
        }
        var usesOfTable = tree.globals.count { $0.name == "_G" }
        for expression in tree.expressions {
            switch expression.kind {
            case .member(let table, _) where tree.globalName(table) == "_G":
                usesOfTable -= 1
            case .call(let call) where call.method == nil:
                guard let name = tree.globalName(call.callee), let first = call.arguments.first,
                    tree.globalName(first) == "_G"
                else { continue }
                switch name {
                case "pairs", "ipairs", "type", "rawget", "getmetatable", "print", "tostring": usesOfTable -= 1
                case "next" where call.arguments.count <= 2: usesOfTable -= 1
                case "rawset":
                    guard call.arguments.count == 3, let name = tree.name(call.arguments[1]) else { continue }
                    assigned[name, default: []].append(Site(file: file, id: call.arguments[2]))
                    usesOfTable -= 1
                default: break
                }
            default: break
            }
        }
        // Elsewhere it goes by another name, under which it may be changed.
        if usesOfTable > 0 { isComplete = false }
        for use in tree.globals {
            switch use.name {
            case "load", "loadstring", "loadfile", "dofile", "setfenv": isComplete = false
            default: break
            }
        }
        if !requiresAreLiteral(tree) { isComplete = false }
    }

    /// Whether every module that is required is known by its name.
    private func requiresAreLiteral(_ tree: SyntaxTree) -> Bool {
        var uses = tree.globals.count { $0.name == "require" }
        for expression in tree.expressions {
            guard case .call(let call) = expression.kind, call.method == nil else { continue }
            if tree.globalName(call.callee) == "require" {
                // The module _G is the table of the globals.
                if let first = call.arguments.first, let name = tree.name(first), name != "_G" { uses -= 1 }
            } else if let tried = tree.globalName(call.callee), tried == "pcall" || tried == "xpcall" {
                let at = tried == "pcall" ? 1 : 2
                if let first = call.arguments.first, tree.globalName(first) == "require", call.arguments.count > at,
                    tree.string(call.arguments[at]) != nil
                {
                    uses -= 1
                }
            }
        }
        return uses <= 0
    }

    /// Looks for what the program does not take for granted.
    private func collectQuestions(_ tree: SyntaxTree) {
        func ask(_ id: ExpressionID) {
            switch tree[id].kind {
            case .global(let use): askedGlobals.insert(tree.globals[use].name)
            case .member(_, let key): if let name = tree.name(key) { askedMembers.insert(name) }
            case .single(let inner): ask(inner)
            default: break
            }
        }
        for condition in tree.conditions { ask(condition) }
        for expression in tree.expressions {
            switch expression.kind {
            case .binary(.symbol(.equal), let left, let right), .binary(.symbol(.unequal), let left, let right):
                if case .none = tree[right].kind { ask(left) }
                if case .none = tree[left].kind { ask(right) }
            case .call(let call):
                if call.method == nil, let name = tree.globalName(call.callee), name == "type" || name == "assert",
                    let first = call.arguments.first
                {
                    ask(first)
                }
            default: break
            }
        }
    }

    // MARK: - Where values come from

    private func tree(_ site: Site) -> SyntaxTree? { files[site.file].tree }

    /// The expression at a site, in whose tree it is.
    func expression(_ site: Site) -> Expression? { tree(site)?[site.id] }

    /// How many names a value may have gone through.
    private static let longestWay = 16

    /// The expression that a value comes from for sure: a variable that is given one value only is that value.
    /// Nil when it may be one or another.
    func origin(_ id: ExpressionID, in file: Int) -> Site? {
        var site = Site(file: file, id: id)
        for _ in 0..<Self.longestWay {
            guard let tree = tree(site) else { return nil }
            switch tree[site.id].kind {
            case .single(let inner): site.id = inner
            case .local(let variable):
                guard tree[variable].assignmentCount == 0, let value = tree[variable].value else { return nil }
                site.id = value
            case .global(let use):
                let name = tree.globals[use].name
                guard let values = assigned[name] else { return library.globals.contains(name) ? site : nil }
                guard isComplete, values.count == 1, let value = values[0], !library.globals.contains(name) else {
                    return nil
                }
                site = value
            default: return site
            }
        }
        return nil
    }

    /// The name under which the library has a value: `EthernetClientInterface`, `re.compile`. Nil when it is none of
    /// its.
    func libraryName(_ id: ExpressionID, in file: Int) -> String? {
        var names: [String] = []
        var (id, file) = (id, file)
        for _ in 0..<Self.longestWay {
            guard let site = origin(id, in: file), let tree = tree(site) else { return nil }
            switch tree[site.id].kind {
            case .global(let use):
                let name = tree.globals[use].name
                return ([name] + names.reversed()).joined(separator: ".")
            case .member(let table, let key):
                guard let name = tree.name(key) else { return nil }
                names.append(name)
                (id, file) = (table, site.file)
            case .call(let call):
                guard call.method == nil, tree.globalName(call.callee) == "require", !defines("require"),
                    let first = call.arguments.first, let module = tree.name(first),
                    library.hasModule(module)
                else { return nil }
                // A module that has a library's name is that; the others hold globals, and modules of their kind.
                if library.globals.contains(module), library.classes[module] == nil {
                    return ([module] + names.reversed()).joined(separator: ".")
                }
                guard let last = names.first, library.globals.contains(last) else { return nil }
                return last
            default: return nil
            }
        }
        return nil
    }

    /// The class of the library that a value is an object of for sure.
    func className(_ id: ExpressionID, in file: Int) -> String? {
        guard let site = origin(id, in: file), let tree = tree(site), case .call(let call) = tree[site.id].kind,
            call.method == nil, let name = libraryName(call.callee, in: site.file),
            library.constructor(name) != nil
        else { return nil }
        return name
    }

    /// The function of the program that a value is for sure.
    func function(_ id: ExpressionID, in file: Int) -> Function? {
        guard let site = origin(id, in: file), let tree = tree(site), case .function(let function) = tree[site.id].kind
        else { return nil }
        return tree[function]
    }

    // MARK: - Objects

    private func collectPatches(_ tree: SyntaxTree, file: Int) {
        for assignment in tree.assignments {
            guard case .member(let object, let key) = tree[assignment.target].kind, !isOwn(object, tree, file) else {
                continue
            }
            guard let name = tree.name(key) else {
                // An unknown name of an object of the library.
                if className(object, in: file) != nil || libraryName(object, in: file) != nil { isComplete = false }
                continue
            }
            if let className = className(object, in: file) {
                let member = library.member(name, of: className)
                if let member, member.kind != .method { continue }
                if member == nil, library.advice(for: name, of: className) != nil { continue }
            }
            patched.insert(name)
        }
        for expression in tree.expressions {
            guard case .call(let call) = expression.kind, call.method == nil, tree.globalName(call.callee) == "rawset",
                call.arguments.count >= 2, tree.globalName(call.arguments[0]) != "_G"
            else { continue }
            if let name = tree.name(call.arguments[1]) { patched.insert(name) } else { isComplete = false }
        }
    }

    /// Whether an object is the program's own for sure: `self`, or a variable that holds a table or a class that it
    /// made.
    private func isOwn(_ id: ExpressionID, _ tree: SyntaxTree, _ file: Int) -> Bool {
        if case .local(let variable) = tree[id].kind, tree[variable].name == "self" { return true }
        guard let site = origin(id, in: file), let tree = self.tree(site) else { return false }
        switch tree[site.id].kind {
        case .table: return true
        case .call(let call):
            guard call.method == nil, let name = tree.globalName(call.callee) else { return false }
            return name == "class" && !defines(name)
        default: return false
        }
    }
}

/// A place in the expressions of a program's files.
struct Site: Hashable {
    /// Which file it is.
    var file: Int
    var id: ExpressionID
}
