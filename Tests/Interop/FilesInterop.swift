import Foundation
import Testing

/// Files as the command and other programs see them: names, limits of the system, and what Python makes of the same
/// operations.
@Suite("Files of the command and of Python")
struct FilesInterop {
    private func run(_ script: String, in folder: String) async throws -> (code: Int32, lines: [String]) {
        let peer = try Peer("/bin/sh", ["-c", script.replacing("LECTERN", with: Project.lectern)], folder: folder)
        let code = try await peer.exitCode()
        return (code, peer.lines)
    }

    @Test("A configuration behind a broken link ends the start with code 1")
    func brokenLink() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write("print('ran')", to: "\(folder)/main.lua")
        for (target, problem) in [
            ("/nowhere/lectern.yaml", "No such file or directory (it is a link to nothing)"),
            ("lectern.yaml", "Too many levels of symbolic links"), ("/dev/zero", "is no regular file"),
        ] {
            let result = try await run("ln -sfn \(target) lectern.yaml; exec LECTERN run main.lua", in: folder)
            #expect(result.code == 1)
            #expect(result.lines == ["lectern: lectern.yaml: \(problem)"])
        }
    }

    @Test("A program whose name and folder are not UTF-8 runs, and its messages show the names escaped")
    func names() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write("profile: trusted", to: "\(folder)/conf")
        try Project.write(
            "print(require('mod'), os.execute ~= nil) File('new.txt', 'w'):close() error('stop')",
            to: "\(folder)/main")
        let script = """
            d=$(printf 'd\\351'); m=$(printf 'm\\352.lua'); mkdir "$d"; cp conf "$d/lectern.yaml"; cp main "$d/$m"
            echo 'return 7' > "$d/mod.lua"
            LECTERN check "$d/$m" && LECTERN run "$d/$m"; code=$?; ls "$d/new.txt" >/dev/null && exit $code
            """
        let result = try await run(script, in: folder)
        #expect(result.code == 1)
        #expect(result.lines.contains { $0.hasSuffix("INFO    7\tmod.lua\ttrue") || $0.hasSuffix("INFO    7\ttrue") })
        #expect(result.lines.contains("lectern: m\\xea.lua:1: stop"))
    }

    @Test("A log that cannot be saved whole leaves the old one, and nothing beside it")
    func fullDisk() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write("the log of yesterday\n", to: "\(folder)/l.txt")
        try Project.write(
            """
            for i = 1, 60 do print(('line %d %s'):format(i, ('x'):rep(400))) end
            print(pcall(SaveProgramLog, 'l.txt'))
            print(pcall(function() File('own.txt', 'w'):write(('x'):rep(1 << 20)) end))
            ExitProgram()
            """, to: "\(folder)/main.lua")
        let result = try await run("ulimit -f 16; exec LECTERN run main.lua", in: folder)
        #expect(result.code == 0)
        #expect(result.lines.contains { $0.contains("false\tmain.lua:2: IOError: 'l.txt': File too large") })
        #expect(result.lines.contains { $0.contains("IOError: 'own.txt': File too large") })
        #expect(try String(contentsOfFile: "\(folder)/l.txt", encoding: .utf8) == "the log of yesterday\n")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["l.txt", "main.lua", "own.txt"])
    }

    @Test("Files give what Python's give, for generated operations")
    func againstPython() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var random = SplitMix(seed: 6)
        var rows: [(mode: String, steps: [(String, String, String)])] = []
        for _ in 0..<600 {
            let mode = random.one(of: ["r", "w", "a", "x", "r+", "w+", "a+", "a", "a+"])
            let steps = (0..<6).map { _ -> (String, String, String) in
                switch random.one(of: ["read", "readline", "write", "writelines", "seek", "tell", "close", "rest"]) {
                case "read": return ("read", "\(random.one(of: [0, 1, 3, 100]))", "0")
                case "rest": return ("read", "-1", "0")
                case "write": return ("write", random.one(of: ["''", "'ab'", "'x\\ny'"]), "0")
                case "writelines": return ("writelines", "\(random.one(of: [0, 0, 1, 2]))", "0")
                case "seek":
                    return ("seek", "\(random.one(of: [-2, 0, 1, 4, 20]))", "\(random.one(of: [0, 1, 2]))")
                case let step: return (step == "close" && random.one(of: [0, 1, 2]) > 0 ? "tell" : step, "0", "0")
                }
            }
            rows.append((mode, steps))
        }
        func table(_ open: String, _ close: String) -> String {
            rows.map { row in
                let steps = row.steps.map { "\(open)'\($0.0)', \($0.1), \($0.2)\(close)" }
                return "\(open)'\(row.mode)', \(open)\(steps.joined(separator: ", "))\(close)\(close)"
            }.joined(separator: ",\n")
        }
        try Project.write(
            """
            local rows = {\(table("{", "}"))}
            local out = File('lua.txt', 'w')
            for number, row in ipairs(rows) do
                local f = File('f', 'w') f:write('one\\ntwo\\nthree') f:close()
                if row[1] == 'x' then File.DeleteFile('f') end
                f = File('f', row[1])
                local function step(name, a, b)
                    if name == 'read' then return (f:read(a):hex()) end
                    if name == 'readline' then return (f:readline():hex()) end
                    if name == 'write' then return f:write(a) end
                    if name == 'writelines' then f:writelines(({[0] = {}, {'q'}, {'r\\n', 's'}})[a]) return 'None' end
                    if name == 'seek' then return f:seek(a, b) end
                    if name == 'tell' then return f:tell() end
                    f:close() return 'None'
                end
                for at, s in ipairs(row[2]) do
                    local ok, result = pcall(step, s[1], s[2], s[3])
                    out:write(('%d.%d %s %s\\n'):format(number, at, s[1], ok and tostring(result) or 'error'))
                end
                f:close()
                out:write(File('f'):read():hex() .. '\\n')
            end
            out:close()
            ExitProgram()
            """, to: "\(folder)/main.lua")
        try Project.write(
            """
            import os
            rows = [\(table("[", "]"))]
            out = open('python.txt', 'w')
            for number, row in enumerate(rows, 1):
                with open('f', 'wb') as f: f.write(b'one\\ntwo\\nthree')
                if row[0] == 'x': os.remove('f')
                f = open('f', row[0] + 'b', buffering=0)
                def step(name, a, b):
                    if name == 'read': return f.read(a).hex()
                    if name == 'readline': return f.readline().hex()
                    if name == 'write': return f.write(a.encode())
                    if name == 'writelines': return f.writelines([[], [b'q'], [b'r\\n', b's']][a])
                    if name == 'seek': return f.seek(a, b)
                    if name == 'tell': return f.tell()
                    return f.close()
                for at, s in enumerate(row[1], 1):
                    try: result = str(step(*s))
                    except (OSError, ValueError): result = 'error'
                    out.write('%d.%d %s %s\\n' % (number, at, s[0], result))
                f.close()
                out.write(open('f', 'rb').read().hex() + '\\n')
            out.close()
            """, to: "\(folder)/script.py")
        try Project.write("limits: {endAfter: 60, warnAfter: 0}", to: "\(folder)/lectern.yaml")
        let result = try await run("python3 script.py && LECTERN run main.lua", in: folder)
        #expect(result.code == 0, "\(result.lines)")
        let lua = try String(contentsOfFile: "\(folder)/lua.txt", encoding: .utf8).split(separator: "\n")
        let python = try String(contentsOfFile: "\(folder)/python.txt", encoding: .utf8).split(separator: "\n")
        #expect(lua.count == python.count && lua.count > 600 * 6)
        let differing = zip(lua, python).filter { $0 != $1 }
        #expect(differing.isEmpty, "\(differing.prefix(10))")
    }
}

/// The same operations in each run.
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func one<Value>(of values: [Value]) -> Value {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return values[Int((z ^ (z >> 31)) % UInt64(values.count))]
    }
}
