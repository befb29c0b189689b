internal import ByteText
internal import LuaRuntime

/// Reads and compiles a program's main file and every module that it requires by a literal name, and theirs.
struct ProgramReader {
    private let runtime: LuaRuntime
    private let folders: ModuleFolders
    private(set) var files: [CheckedFile] = []
    /// What keeps them from loading.
    private(set) var problems: [ProgramProblem] = []
    /// The required modules that are Lectern's, because the program brings none of that name.
    private(set) var ownModules: Set<String> = []
    /// False when something of the program could not be read, so that nobody knows what it does.
    private(set) var isWhole = true

    init(_ runtime: LuaRuntime, _ folders: ModuleFolders) {
        self.runtime = runtime
        self.folders = folders
    }

    mutating func read(main text: [UInt8], path: String) {
        var seen: Set<String> = []
        var pending = [(text: text, path: path)]
        while let file = pending.popLast() {
            let tree = compile(file.text, path: file.path)
            files.append(CheckedFile(path: file.path, text: file.text, tree: tree))
            let needed =
                tree.map(Self.requirements)
                ?? RequireScanner.requirements(file.text).map { ($0.name, $0.line, nil, false) }
            for (name, line, column, isTried) in needed where !runtime.hasModule(name) && seen.insert(name).inserted {
                do throws(LuaFault) {
                    let module = try folders.module(name)
                    if ModuleFolders.isOwn(shownPath: module.shownPath) {
                        ownModules.insert(name)
                        continue
                    }
                    pending.append((module.text, module.shownPath))
                } catch {
                    isWhole = false
                    // What is only tried may be missing.
                    if isTried { continue }
                    problems.append(
                        ProgramProblem(
                            .missingModule, error.message.showingRawBytes, file: file.path, line: line, column: column))
                }
            }
        }
    }

    /// The tree of what Lua's own compiler accepts; otherwise a problem in its words.
    private mutating func compile(_ text: [UInt8], path: String) -> SyntaxTree? {
        let parsed = Result { () throws(SyntaxError) in try Parser.parse(text) }
        do throws(LuaFault) {
            try runtime.load(text, path: path, on: runtime.mainStack)
            _ = runtime.takeReference()
            return try? parsed.get()
        } catch {
            let (line, message) = Self.split(error.message, path: path)
            var column: Int?
            if case .failure(let failure) = parsed, failure.line == line { column = failure.column }
            problems.append(
                ProgramProblem(.syntaxError, message.showingRawBytes, file: path, line: line, column: column))
            return nil
        }
    }

    /// Takes the line out of a message of Lua's compiler, which begins with the path or, if that is long, its end.
    private static func split(_ message: String, path: String) -> (line: Int?, text: String) {
        guard let match = message.firstMatch(of: #/:([0-9]+): /#), let line = Int(match.1) else {
            return (nil, message)
        }
        return (line, String(message[match.range.upperBound...]))
    }

    /// The modules that a file requires by a literal name.
    /// - Returns: also whether a `pcall` is ready for one that is missing.
    private static func requirements(
        of tree: SyntaxTree
    ) -> [(name: String, line: Int, column: Int?, isTried: Bool)] {
        let guards = GuardedFunctions(tree)
        var found: [(String, Int, Int?, Bool)] = []
        for expression in tree.expressions {
            guard case .call(let call) = expression.kind, call.method == nil,
                let use = tree.globalName(call.callee)
            else { continue }
            let isTried = use == "pcall" || use == "xpcall"
            let at = use == "pcall" ? 1 : use == "xpcall" ? 2 : 0
            guard isTried || use == "require", call.arguments.count > at else { continue }
            if isTried, call.arguments.first.flatMap(tree.globalName) != "require" { continue }
            guard case .string(let name) = tree[call.arguments[at]].kind else { continue }
            let place = expression.place
            found.append(
                (String(rawBytes: name), place.line, place.column, isTried || guards.contains(expression.function)))
        }
        return found
    }
}

extension SyntaxTree {
    /// The name of a global; nil when the expression is something else.
    func globalName(_ id: ExpressionID) -> String? {
        guard case .global(let use) = self[id].kind else { return nil }
        return globals[use].name
    }

    /// A string that is spelled out.
    func string(_ id: ExpressionID) -> [UInt8]? {
        guard case .string(let bytes) = self[id].kind else { return nil }
        return bytes
    }

    /// The name after a dot, or in brackets and quotes.
    func name(_ id: ExpressionID) -> String? { string(id).map { String(rawBytes: $0) } }
}

/// A file of a program that is checked.
struct CheckedFile {
    /// As error messages show it.
    let path: String
    let text: [UInt8]
    /// Nil when it does not compile.
    let tree: SyntaxTree?
}
