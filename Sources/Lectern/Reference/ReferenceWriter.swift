internal import LuaRuntime

/// Writes the reference of the Lua interface from its declarations: Markdown for people, annotations for editors.
public struct ReferenceWriter {
    private let surface: LibrarySurface

    /// Reads the declarations of a program's runtime.
    public init(_ program: Program) { surface = LibrarySurface(program.runtime) }

    /// The reference: an index and a page for each subject.
    /// - Returns: each page with its path from the package's folder, the index first.
    public func pages() -> [(path: String, text: String)] {
        let pages = ReferenceSubject.all.map { ReferencePage($0, of: surface) }
        return [("docs/reference.md", Self.index(of: pages))]
            + pages.map { ("docs/reference/\($0.subject.name).md", $0.markdown) }
    }

    /// Annotations for the Lua language server, as they stand in `docs/lectern.lua`.
    public func annotations() -> String { EditorAnnotations(surface).text }

    private static func index(of pages: [ReferencePage]) -> String {
        var text = """
            # Lua API reference

            This reference is made from the declarations in `Sources/Lectern/Bindings`. A test checks that it is up to date.
            Parameters in brackets may be left out. Every parameter can also be given by name, in a table after the positional
            ones. A call marked *Waits* may suspend its task; everything else goes on meanwhile. Editors read
            [lectern.lua](lectern.lua).

            Types are written as the Lua language server writes them: `string|nil` is a string or nil, `string[]` a list of
            strings, `table<string, integer>` a table with strings as keys and whole numbers as values,
            `{id: integer, name: string}` a table with these fields, `{[1]: string, [2]: string}` a list of two strings,
            `fun(count: integer): string` a function. A `?` behind a result says that it may be missing.

            | Page | What is there |
            |---|---|

            """
        for page in pages {
            let path = "reference/\(page.subject.name).md"
            let entries = page.entries.map { "[`\($0.name)`](\(path)#\($0.anchor))" }
            text += "| [\(page.subject.title)](\(path)) | \(entries.joined(separator: ", ")) |\n"
        }
        return text
    }

    /// What no page shows, and what two show; a complete reference has none.
    package var misplaced: [String] {
        let classes = surface.classes.map(\.name).filter { name in
            ReferenceSubject.all.count { $0.classes.contains(name) } != 1
        }
        let functions = surface.functions.map(\.name).filter { name in
            ReferenceSubject.all.count { $0.has(function: name) } != 1
        }
        return classes + functions
    }
}
