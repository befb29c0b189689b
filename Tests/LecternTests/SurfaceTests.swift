import Glibc
import Lectern
import LuaRuntime
import Testing

/// What programs see is written down; a change of it changes a checked-in file.
/// `LECTERN_UPDATE=1` writes the files anew.
@Suite("The visible surface")
struct SurfaceTests {
    /// The anchors that the headings of a page get where it is shown: a second one of a name has a number.
    private static func anchors(of text: String) -> Set<String> {
        var counts: [String: Int] = [:]
        var anchors: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("#") {
            let words = line.drop { $0 == "#" }.dropFirst().lowercased().replacing(" ", with: "-")
            let anchor = words.replacing(/[^\w-]/, with: "")
            anchors.insert(counts[anchor].map { "\(anchor)-\($0)" } ?? anchor)
            counts[anchor, default: 0] += 1
        }
        return anchors
    }

    private func expect(_ text: String, in path: String) throws {
        if let update = getenv("LECTERN_UPDATE"), String(cString: update) == "1" {
            try ProjectFiles.write(text, to: "\(ProjectFiles.root)/\(path)")
        }
        let written = try ProjectFiles.text(of: path)
        #expect(
            written == text,
            "\(path) is not what the declarations say; LECTERN_UPDATE=1 scripts/test --plain writes it anew")
    }

    @Test("The reference and the editor's annotations are those of the declarations")
    func reference() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        let writer = ReferenceWriter(room.program)
        let pages = writer.pages()
        for page in pages { try expect(page.text, in: page.path) }
        let files = try ProjectFiles.names(in: "docs/reference").map { "docs/reference/\($0)" }
        #expect(files == pages.dropFirst().map(\.path).sorted(), "a page of no subject is stale: remove it")
        try expect(writer.annotations(), in: "docs/lectern.lua")
    }

    @Test("Each class and function is on just one page, and a link within the reference leads to a heading")
    func places() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        let writer = ReferenceWriter(room.program)
        #expect(writer.misplaced.isEmpty, "add it to a page of ReferenceSubject, or take it from one")
        let pages = writer.pages()
        for of in room.program.runtime.surface {
            #expect(pages.count { $0.text.contains("\n## \(of.name)\n") } == 1, "\(of.name)")
        }
        for page in pages {
            let folder = page.path.hasPrefix("docs/reference/") ? "docs/reference/" : "docs/"
            for link in page.text.matches(of: /\]\(([^)#:]*)#([^)]+)\)/) {
                guard !link.1.hasPrefix("..") else { continue }
                let path = link.1.isEmpty ? page.path : folder + link.1
                let target = try #require(pages.first { $0.path == path }, "\(page.path): \(link.0)")
                #expect(Self.anchors(of: target.text).contains(String(link.2)), "\(page.path): \(link.0)")
            }
        }
    }

    @Test("The editor knows the types of handlers, of what calls return, and of the methods of strings")
    func annotations() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        let lines = ReferenceWriter(room.program).annotations().split(separator: "\n").map(String.init)
        func has(_ line: String) -> Bool { lines.contains { $0.hasPrefix(line) } }
        #expect(has("---@field Connected fun(interface: EthernetClientInterface, state: 'Connected')|nil "))
        #expect(has("---@field ReceiveData fun(client: ClientObject, data: string)|nil "))
        #expect(has("---@field StateChanged fun(object: Timer, state: 'Running'|'Paused'|'Stopped')|nil "))
        #expect(has("---@field Function fun(object: Wait)|nil "))
        #expect(
            has(
                "---@overload fun(objects: SerialInterface, names: 'Offline', "
                    + "f: fun(interface: SerialInterface, state: 'Offline')): function"))
        #expect(has("---@return string # the response up to the delimiter"))
        #expect(has("---@return string, string? # 'Connected', 'ConnectedAlready'"))
        #expect(has("function string.zfill(self, width) end"))
        #expect(has("function string.count(self, sub, start, end_) end"))
        #expect(has("---@return boolean, string? # true, or false and the reason"))
        #expect(has("---@class RawTcpHandler : ConnectionHandler"))
    }

    @Test("The editor's file is Lua")
    func compiles() throws {
        let stage = Stage()
        let writer = ReferenceWriter(try stage.start("room", "").program)
        try ProjectFiles.withFolder(of: ["lectern.lua": writer.annotations()]) { folder in
            let reader = try stage.start("reader", "print(select(2, loadfile('lectern.lua')))", folder: folder)
            #expect(reader.lines == ["nil"])
        }
    }

    @Test("The editor is told 'any' only where a value may be anything, and never of a result or an event")
    func untyped() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        let runtime = room.program.runtime
        let members = runtime.surface.flatMap { of in of.members.map { ("\(of.name).\($0.name)", $0) } }
        let functions = (runtime.globalFunctions + StringMethods.all).map { ($0.name, $0) }
        var untyped: [String] = []
        for (name, member) in members + functions {
            #expect(!member.type.annotation.contains(/\bany\b/), "\(name): give its type where it is declared")
            for parameter in member.parameters where parameter.type.annotation.contains(/\bany\b/) {
                untyped.append("\(name) \(parameter.name)")
            }
        }
        // What programs log and format, and what stands for a group that took no part.
        #expect(
            Set(untyped) == ["Match.groups default", "Match.groupdict default", "ProgramLog Entry", "formatted values"])
    }

    @Test("The guide's table of limits is made of the values that bind")
    func limits() throws {
        let guide = try ProjectFiles.text(of: "docs/guide.md")
        let begin = try #require(guide.firstRange(of: "| What | Limit | Key | Then |\n"))
        let end = guide[begin.upperBound...].firstRange(of: "\n\n")?.lowerBound ?? guide.endIndex
        let table = LimitTable().markdown().dropLast()
        try expect(String(guide[..<begin.lowerBound]) + table + guide[end...], in: "docs/guide.md")
    }

    @Test("Every declared name has its sentence of documentation")
    func documented() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        for of in room.program.runtime.surface {
            #expect(of.documentation.hasSuffix("."), "\(of.name)")
            for member in of.members {
                #expect(member.documentation.hasSuffix("."), "\(of.name).\(member.name)")
                for parameter in member.parameters {
                    #expect(parameter.documentation.hasSuffix("."), "\(of.name).\(member.name) \(parameter.name)")
                }
            }
        }
    }

    @Test(
        "Each profile shows exactly the globals and library members that are written down",
        arguments: LuaProfile.allCases)
    func globals(_ profile: LuaProfile) throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.profile = profile
        let room = try stage.start(
            "room",
            """
            local names = {}
            local _ = math.isclose, time.localtime -- what is added to these comes with the first of it
            local function add(prefix, t)
                for name, value in next, t do
                    local path = prefix .. tostring(name)
                    names[#names + 1] = path .. ' ' .. type(value)
                    if prefix == '' and type(value) == 'table' and name ~= '_G' and name ~= 'package' then
                        add(path .. '.', value)
                    end
                end
            end
            add('', _G)
            table.sort(names)
            print(table.concat(names, '\\n'))
            """, configuration: configuration, register: { $0.openLibraries() })
        try expect((room.lines.first ?? "") + "\n", in: "Tests/LecternTests/Surface/\(profile.rawValue).txt")
    }
}
