import Foundation
import Lectern
import Testing

/// File and RFile.
@Suite("Files of a program")
struct FileTests {
    /// Runs a program in a folder of its own, which holds a link to the world outside.
    private func lines(_ text: String) throws -> [String] {
        let outer = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
        let folder = "\(outer)/program"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: outer) }
        try "secret".write(toFile: "\(outer)/secret.txt", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: outer)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/dangling.txt", withDestinationPath: "\(outer)/new.txt")
        let stage = Stage()
        let room = try stage.start("room", text, folder: folder)
        stage.stop()
        #expect(!FileManager.default.fileExists(atPath: "\(outer)/new.txt"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: outer).sorted() == ["program", "secret.txt"])
        return room.lines
    }

    @Test("What is written is read again, by bytes and by lines, at any position")
    func readAndWrite() throws {
        #expect(
            try lines(
                """
                local f = File('notes.txt', 'w')
                print(f:write('one\\ntwo\\0\\xFF\\n'), f.Filename, f:tell())
                f:writelines({'three\\n', '\\xFE'})
                f:close()
                f:close()
                f = File('/notes.txt')
                for line in f do print(#line) end
                print(f:read() == '', f:readline() == '')
                print(f:seek(4), f:read(3), f:tell(), f:seek(-1, 2), f:read() == '\\xFE', f:seek(0), f:seek(2, 1))
                f:close()
                f = File('notes.txt', 'r+')
                f:readline()
                f:write('TWO')
                f:seek(0)
                print(f:read(7))
                f = File('notes.txt', 'a')
                f:write('!')
                print(#RFile('notes.txt', 'rb'):read())
                """) == [
                    "10\tnotes.txt\t10", "4", "6", "6", "1", "true\ttrue", "4\ttwo\t7\t16\ttrue\t0\t2", "one\nTWO",
                    "18",
                ])
    }

    @Test("A file of a block is closed at its end, also by an error")
    func blockEnd() throws {
        #expect(
            try lines(
                """
                local kept
                pcall(function()
                    local f <close> = File('notes.txt', 'w')
                    kept = f
                    error('stop')
                end)
                print(select(2, pcall(kept.write, kept, 'x')).kind)
                """) == ["IOError"])
    }

    @Test("Folders are made, entered, listed and removed")
    func folders() throws {
        #expect(
            try lines(
                """
                File.MakeDir('logs')
                File.ChangeDir('logs')
                print(File.GetCurrentDir(), RFile.GetCurrentDir())
                File('a.txt', 'w'):close()
                File('/logs/b.txt', 'w'):close()
                File.RenameFile('b.txt', '../c.txt')
                print(table.concat(File.ListDir(), ' '), table.concat(RFile.ListDir('/'), ' '))
                print(File.Exists('a.txt'), File.Exists('/logs'), File.Exists('b.txt'), File.Exists('../../c.txt'))
                print(pcall(File.DeleteDir, '/logs'))
                File.DeleteFile('a.txt')
                File.ChangeDir('/')
                File.DeleteDir('logs')
                print(File.Exists('logs'))
                """) == [
                    "/logs\t/", "a.txt\tc.txt dangling.txt link logs", "true\ttrue\tfalse\tfalse",
                    "false\troom.lua:9: IOError: '/logs': Directory not empty", "false",
                ])
    }

    @Test(
        "Nothing leads out of the program's folder",
        arguments: [
            "File('../secret.txt')", "File('/../secret.txt')", "File('link/secret.txt')", "File('link/new.txt', 'w')",
            "File('dangling.txt', 'w')", "File.ListDir('..')", "File.ListDir('link')", "File.ChangeDir('link')",
            "File.MakeDir('link/more')", "File.RenameFile('link/secret.txt', 'mine.txt')",
            "File.DeleteFile('link/secret.txt')", "File.DeleteDir('/')", "SaveProgramLog('../log.txt')",
        ])
    func confinement(_ call: String) throws {
        let lines = try lines("print(select(2, pcall(function() \(call) end)).kind)")
        #expect(lines == ["IOError"])
    }

    @Test(
        "Mistakes are errors that say what is wrong",
        arguments: [
            ("File('no.txt')", "IOError: 'no.txt': No such file or directory"),
            (
                "File('f', 'rw')",
                "ValueError: argument 'mode' of File must be 'r', 'w', 'a' or 'x', with '+', 'b' or 't', got 'rw'"
            ),
            ("local f = File('f', 'w') f:close() f:write('x')", "IOError: 'f' is not open"),
            ("File('f', 'w'):read()", "IOError: 'f' is not open for reading"),
            ("File('f', 'w'):writelines({5, {}})", "TypeError: argument 'seq' of writelines must be a list of strings"),
            ("File('f', 'x') File('f', 'x')", "IOError: 'f': File exists"),
        ])
    func mistakes(_ call: String, _ message: String) throws {
        let lines = try lines("print(select(2, pcall(function() \(call) end)))")
        #expect(lines == ["room.lua:1: \(message)"])
    }

    @Test("SaveProgramLog writes what was logged so far to a file, a folder or an open file")
    func saveProgramLog() throws {
        let lines = try lines(
            """
            ProgramLog('it began', 'info')
            ProgramLog('it failed')
            SaveProgramLog('log.txt')
            File.MakeDir('logs')
            SaveProgramLog('logs')
            SaveProgramLog()
            local f = File('mine.txt', 'w')
            f:write('# ')
            SaveProgramLog(f)
            f:close()
            print(table.concat(File.ListDir('logs'), ' '), File.ListDir()[1])
            print(File('mine.txt'):read() == '# ' .. File('log.txt'):read())
            print(File('log.txt'):read())
            print(select(2, pcall(SaveProgramLog, 5)))
            """)
        #expect(lines.count == 6)
        #expect(lines[2] == "ProgramLog 2026-01-01 000000.txt\tProgramLog 2026-01-01 000000.txt")
        #expect(lines[3] == "true")
        #expect(
            lines[4]
                == "2026-01-01 00:00:00.000 INFO    it began\n2026-01-01 00:00:00.000 ERROR   main chunk: it failed\n")
        #expect(
            lines[5]
                == "room.lua:14: TypeError: argument 'path' of SaveProgramLog must be a string or an open File, got a number"
        )
    }
}
