internal import LuaRuntime

/// What of Lua and Lectern a program of this profile sees, by name.
struct LibraryNames {
    let runtime: LuaRuntime
    /// The globals of the profile.
    let globals: Set<String>
    /// The classes that programs can make objects of.
    let classes: [String: ClassSurface]
    /// The declared functions; those of a table have its name and a dot before theirs.
    let functions: [String: ClassSurface.Member]

    private let ownModules: Set<String>

    /// - Parameter ownModules: modules that are Lectern's in this program, beside those that are so in each.
    init(_ runtime: LuaRuntime, ownModules: Set<String>) {
        self.runtime = runtime
        self.ownModules = ownModules
        let libraries = PythonLibraries.declarations(of: runtime)
        globals = Set(runtime.globalNames)
        // The first of a name, should an embedder declare one again.
        classes = Dictionary(runtime.surface.map { ($0.name, $0) }) { first, _ in first }
        functions = Dictionary((runtime.globalFunctions + libraries.functions).map { ($0.name, $0) }) { first, _ in
            first
        }
    }

    /// Whether `require(name)` gives a module of Lectern or of Lua itself.
    func hasModule(_ name: String) -> Bool { runtime.hasModule(name) || ownModules.contains(name) }

    /// What a declared class has under a name.
    func member(_ name: String, of className: String) -> ClassSurface.Member? {
        classes[className]?.members.first { $0.name == name }
    }

    /// Whether objects of a class have a name for sure, or may have it.
    func mayHave(_ name: String, _ className: String) -> Bool {
        guard let surface = classes[className], !surface.answersOtherNames else { return true }
        return surface.members.contains { $0.name == name } || name.hasPrefix("__")
            || runtime.fieldNames(ofGlobal: className).contains(name)
    }

    /// The name of a class that a misspelt one was meant to be, with what the runtime says to it.
    func advice(for name: String, of className: String) -> String? {
        guard let members = classes[className]?.members,
            let near = NearMiss.find(name, in: members.map(\.name))
        else { return nil }
        let isMethod = members.contains { $0.name == near && $0.kind == .method }
        return "\(className) has no '\(name)'; did you mean \(isMethod ? "\(near)(…) with a colon" : near)?"
    }

    /// What is wrong with a call of a declared constructor or function, or of a method of a class.
    func refusal(
        of member: ClassSurface.Member, as name: String, arguments: [SketchedValue], mayHaveMore: Bool
    ) -> String? {
        runtime.refusal(of: name, member.parameters, arguments: arguments, mayHaveMore: mayHaveMore)?.message
    }

    /// How programs make an object of a class; nil when they cannot.
    func constructor(_ className: String) -> ClassSurface.Member? {
        classes[className]?.members.first { $0.kind == .constructor }
    }
}
