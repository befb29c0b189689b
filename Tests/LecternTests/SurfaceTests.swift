import Glibc
import Lectern
import LuaRuntime
import Testing

/// What programs see is written down; a change of it changes a checked-in file.
/// `LECTERN_UPDATE=1` writes the files anew.
@Suite("The visible surface")
struct SurfaceTests {
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
        try expect(writer.markdown(), in: "docs/reference.md")
        try expect(writer.annotations(), in: "docs/lectern.lua")
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
            """, configuration: configuration)
        try expect((room.lines.first ?? "") + "\n", in: "Tests/LecternTests/Surface/\(profile.rawValue).txt")
    }
}
