import ByteText
import ControlCore
import Foundation
import Glibc
import Lectern
import LuaRuntime
import Testing

/// Faults of files, configuration and rights that trials have found. This file only grows.
@Suite("Trials: files and rights")
struct FileTrialTests {
    // MARK: - What decides a program's rights

    /// Ways in which a program may try to change the file NAME.
    static let changes = [
        "File('NAME', 'w')", "File('NAME', 'a')", "File('NAME', 'r+')", "RFile('NAME', 'w+')", "File('NAME', 'x')",
        "io.open('NAME', 'w')", "io.open('NAME', 'r+')", "io.open('NAME', 'a')", "os.remove('NAME')",
        "os.rename('NAME', 'other.txt')", "os.rename('mine.txt', 'NAME')", "File.RenameFile('mine.txt', 'NAME')",
        "File.RenameFile('NAME', 'other.txt')", "File.DeleteFile('NAME')", "SaveProgramLog('NAME')",
        "RFile.DeleteFile('NAME')",
    ]

    private func expectRefusals(
        _ folder: TrialFolder, _ names: [String], _ configuration: ProgramConfiguration,
        _ changes: [String] = FileTrialTests.changes
    ) throws {
        try folder.write("mine", "mine.txt")
        let before = folder.snapshot
        // Lua's own functions return nil for what is not there.
        var text = "local function try(text, f) local ok, e = pcall(f)\n"
        text += "if ok and e ~= nil or not ok and e.kind ~= 'IOError' then print(text, ok, e) end end\n"
        for name in names {
            for change in changes {
                let call = change.replacing("NAME", with: name)
                text += "try([==[\(call)]==], function() return \(call) end)\n"
            }
        }
        #expect(try folder.lines(text, configuration: configuration) == [])
        #expect(folder.snapshot == before)
    }

    @Test("The configuration is not the program's to write, by whatever name")
    func configurationIsProtected() throws {
        let folder = try TrialFolder()
        try folder.write("profile: standard\n", "lectern.yaml")
        try folder.write("x", "sub/x.txt")
        try folder.link("soft.txt", to: "lectern.yaml")
        try folder.link("absolute.txt", to: "\(folder.path)/lectern.yaml")
        try folder.link("around", to: "sub/..")
        try folder.hardLink("hard.txt", to: "lectern.yaml")
        var configuration = Stage.configuration()
        configuration.file = "\(folder.path)/lectern.yaml"
        try expectRefusals(
            folder,
            [
                "lectern.yaml", "./lectern.yaml", "sub/../lectern.yaml", "LECTERN.YAML", "Lectern.Yaml", "soft.txt",
                "absolute.txt", "around/lectern.yaml", "hard.txt", "lectern.yaml.", "lec\\u{200B}tern.yaml",
            ], configuration)
        let message =
            "room.lua:1: IOError: 'lectern.yaml' is a configuration of Lectern: "
            + "what decides the rights of programs is not theirs to change"
        #expect(try folder.lines("print(select(2, pcall(File, 'lectern.yaml', 'w')))") == [message])
        // To read it is no harm.
        #expect(
            try folder.lines("print(File('lectern.yaml'):read(), io.open('soft.txt'):read('l'))") == [
                "profile: standard\n\tprofile: standard"
            ])
    }

    @Test("Where there is no configuration, a program makes none")
    func configurationIsNotMade() throws {
        let folder = try TrialFolder()
        try folder.link("soft.txt", to: "lectern.yaml")
        try expectRefusals(
            folder, ["lectern.yaml", "LECTERN.yaml", ".lectern", ".lectern/known_hosts", "soft.txt"],
            Stage.configuration())
        try expectRefusals(
            folder, [".lectern", "lectern.yaml", ".LECTERN"], Stage.configuration(),
            ["File.MakeDir('NAME')", "RFile.MakeDir('NAME')"])
        #expect(
            try folder.lines("File.MakeDir('sub') print(pcall(File, 'sub/lectern.yaml', 'w'))").first?
                .hasPrefix("false") == true)
    }

    @Test("Known hosts, modules, certificates and keys are not the program's to write, nor are the folders they are in")
    func theRestIsProtected() throws {
        let folder = try TrialFolder()
        for name in [
            ".lectern/known_hosts", "lib/shared.lua", "lib/deep/data.txt", "tls/cert.pem", "tls/key.pem", "tls/pass",
            "tls/ca.pem", "keys/room", "keys/wall", "etc/room.yaml", "etc/hosts",
        ] { try folder.write("old", name) }
        try folder.hardLink("hard1.txt", to: "lib/deep/data.txt")
        try folder.hardLink("hard2.txt", to: ".lectern/known_hosts")
        try folder.hardLink("hard3.txt", to: "keys/wall")
        try folder.link("way", to: "lib/deep")
        var configuration = Stage.configuration()
        configuration.file = "\(folder.path)/etc/room.yaml"
        configuration.moduleFolders = ["\(folder.path)/lib"]
        configuration.identities["room"] = .init(
            certificate: "\(folder.path)/tls/cert.pem", key: "\(folder.path)/tls/key.pem",
            passphrase: "\(folder.path)/tls/pass")
        configuration.authorities["house"] = "\(folder.path)/tls/ca.pem"
        configuration.ssh.keys = ["\(folder.path)/keys/room"]
        configuration.ssh.hosts["wall"] = .init()
        configuration.ssh.hosts["wall"]?.keys = ["\(folder.path)/keys/wall"]
        configuration.ssh.knownHosts = "\(folder.path)/etc/hosts"
        try expectRefusals(
            folder,
            [
                ".lectern/known_hosts", ".lectern/new", "lib/shared.lua", "lib/new.lua", "lib/deep/data.txt",
                "way/data.txt", "way/new.txt", "tls/cert.pem", "tls/key.pem", "tls/pass", "tls/ca.pem", "keys/room",
                "keys/wall", "etc/room.yaml", "etc/hosts", "hard1.txt", "hard2.txt", "hard3.txt",
            ], configuration)
        try expectRefusals(
            folder, ["lib", "lib/deep", "way", "tls", "keys", "etc", ".lectern"], configuration,
            ["File.RenameFile('NAME', 'moved')", "File.DeleteDir('NAME')"])
        // The absence of a file that the configuration names is not the program's to end.
        try FileManager.default.removeItem(atPath: "\(folder.path)/etc/hosts")
        try expectRefusals(folder, ["etc/hosts", "etc/HOSTS"], configuration)
    }

    @Test("What is beside what is protected stays the program's")
    func theProgramsOwn() throws {
        let folder = try TrialFolder()
        try folder.write("return 1", "mod.lua")
        try folder.write("old", "data/log.txt")
        try folder.hardLink("twin.txt", to: "data/log.txt")
        var configuration = Stage.configuration()
        configuration.moduleFolders = [folder.outer]  // the program's own folder is in it
        #expect(
            try folder.lines(
                """
                local f = io.open('mod.lua', 'w') f:write('return 2') f:close()
                print(require 'mod')
                File('twin.txt', 'w'):write('new')
                print(File('data/log.txt'):read())
                File.RenameFile('data', 'kept')
                print(os.rename('kept/log.txt', 'kept/l.txt'), os.remove('kept/l.txt'), os.remove('kept/l.txt'))
                File.DeleteDir('kept')
                print(#File.ListDir())
                """, configuration: configuration) == [
                    "2\tmod.lua", "new", "true\ttrue\tnil\tkept/l.txt: No such file or directory\t2", "2",
                ])
    }

    @Test("A sealed program does not write its own source, by whatever name")
    func sealed() throws {
        let folder = try TrialFolder()
        try folder.write("return 'mod'", "mod.lua")
        try folder.write("return 'deep'", "parts/deep.lua")
        try folder.write("return 'by a link'", "data.txt")
        try folder.link("linked.lua", to: "data.txt")
        try folder.hardLink("twin.txt", to: "mod.lua")
        var configuration = Stage.configuration()
        configuration.isSealed = true
        try expectRefusals(
            folder, ["mod.lua", "MOD.LUA", "parts/deep.lua", "new.lua", "parts/new.lua", "twin.txt"], configuration)
        try expectRefusals(folder, ["parts"], configuration, ["File.RenameFile('NAME', 'moved')"])
        #expect(
            try folder.lines(
                "print(require 'mod', (select(2, pcall(require, 'linked')))) File('data.txt', 'w'):write('x')",
                configuration: configuration) == [
                    "mod\troom.lua:1: ImportError: module 'linked': 'linked.lua' is a link to a file that the program may "
                        + "write, and the program is sealed"
                ])
        #expect(try folder.lines("print(pcall(File, 'new.lua', 'w'))").first?.hasPrefix("true") == true)
    }

    // MARK: - Confinement

    @Test("No way makes the target of a link to nothing, and none leads out")
    func links() throws {
        let folder = try TrialFolder()
        try ProjectFiles.write("secret", to: "\(folder.outer)/secret.txt")
        try folder.write("in", "sub/in.txt")
        try folder.link("dangling.txt", to: "\(folder.outer)/new.txt")
        try folder.link("near.txt", to: "nowhere.txt")
        try folder.link("out", to: "..")
        try folder.link("loop", to: "loop")
        try folder.link("absolute.txt", to: "\(folder.path)/sub/in.txt")
        try folder.link("inside", to: "sub/../sub")
        try expectRefusals(
            folder, ["dangling.txt", "near.txt"], Stage.configuration(),
            [
                "File('NAME', 'w')", "File('NAME', 'x')", "io.open('NAME', 'w')", "io.open('NAME', 'a+')",
                "SaveProgramLog('NAME')", "os.rename('mine.txt', 'NAME')", "File.MakeDir('NAME')",
            ])
        try expectRefusals(
            folder, ["out/secret.txt", "out/new.txt", "\(folder.outer)/secret.txt", "../secret.txt", "/etc/passwd"],
            Stage.configuration(),
            ["io.open('NAME')", "io.open('NAME', 'w')", "io.lines('NAME')", "os.remove('NAME')", "loadfile('NAME')()"]
                .filter { !$0.hasPrefix("loadfile") } + ["dofile('NAME')"])
        #expect(
            try folder.lines(
                """
                print(io.open('absolute.txt'):read('a'), io.open('inside/in.txt'):read('a'), File('absolute.txt'):read())
                print(io.open('\(folder.path)/sub/in.txt'):read('a'))
                print(io.open('loop'))
                print(io.open('none/x', 'w'))
                print(io.open('sub/in.txt/x'))
                """) == [
                    "in\tin\tin", "in", "nil\tloop: Too many levels of symbolic links\t40",
                    "nil\tnone/x: No such file or directory\t2", "nil\tsub/in.txt/x: Not a directory\t20",
                ])
    }

    @Test("io.open gives Lua's own files, with Lua's own modes and results")
    func luaFiles() throws {
        let folder = try TrialFolder()
        #expect(
            try folder.lines(
                """
                local f = assert(io.open('a.txt', 'w'))
                print(io.type(f), f:write('one\\ntwo\\n') == f, f:close(), io.type(f))
                for line in io.lines('a.txt') do print(line) end
                f = io.open('a.txt', 'a+') f:write('3') f:seek('set') print(f:read('a', 'l')) f:close()
                f = io.open('a.txt', 'r+b') f:write('ONE') f:seek('set') print(f:read('l', 'n')) f:close()
                print(pcall(io.open, 'a.txt', 'rw'))
                print(io.open('none.txt'))
                print(pcall(io.lines, 'none.txt'))
                local next = io.lines('a.txt', 1)
                repeat until next() == nil
                print((select(2, pcall(next)):gsub('^.-: ', '')))
                print(select(2, pcall(io.open)))
                """) == [
                    "file\ttrue\ttrue\tclosed file", "one", "two", "one\ntwo\n3\tnil", "ONE\tnil",
                    "false\troom.lua:6: bad argument #2 to 'open' (invalid mode)",
                    "nil\tnone.txt: No such file or directory\t2",
                    "false\troom.lua:8: none.txt: No such file or directory",
                    "file is already closed",
                    "room.lua:12: TypeError: argument 'path' of open is missing: it must be a string",
                ])
    }

    // MARK: - Sizes

    @Test("A source text has a largest size, and what is no file is no source")
    func sourceSizes() throws {
        let folder = try TrialFolder()
        try folder.write("return 1", "fine.lua")
        for (name, size) in [("tera.lua", 1 << 40), ("large.lua", BoundedFile.sourceLimit + 1)] {
            try folder.write("x", name)
            #expect(truncate("\(folder.path)/\(name)", size) == 0)
        }
        #expect(mkfifo("\(folder.path)/pipe.lua", 0o600) == 0)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/folder.lua", withIntermediateDirectories: true)
        let lines = try folder.lines(
            """
            for _, name in ipairs {'tera', 'large', 'pipe', 'folder'} do
                print(select(2, pcall(require, name)))
                print(select(2, loadfile(name .. '.lua')))
                print(select(2, pcall(dofile, name .. '.lua')))
            end
            print(require 'fine')
            """)
        #expect(lines.count == 13)
        for (index, line) in lines.dropLast().enumerated() {
            let problem =
                index < 6 ? "is larger than the 16384 KiB that are read of such a file" : "is no regular file"
            #expect(line.hasSuffix(problem), "\(line)")
        }
        for name in ["tera.lua", "pipe.lua", "folder.lua"] {
            let source = ProgramSource.file("\(folder.path)/\(name)")
            let problems = ProgramCheck(source: source, configuration: ProgramConfiguration()).report().problems
            #expect(problems.count == 1)
            #expect(problems.first?.description.hasPrefix("\(folder.path)/\(name): is ") == true)
        }
    }

    @Test("Absent is only a configuration that is not there; whatever else cannot be read is an error")
    func unreadableConfiguration() throws {
        let folder = try TrialFolder()
        let main = "\(folder.path)/main.lua"
        let path = "\(folder.path)/lectern.yaml"
        #expect(try ProgramConfiguration.read(beside: main, chosen: nil) == ProgramConfiguration())
        func problem() -> String? {
            defer { try? FileManager.default.removeItem(atPath: path) }
            do {
                _ = try ProgramConfiguration.read(beside: main, chosen: nil)
                return nil
            } catch {
                return "\(error)".replacing(folder.path, with: "p")
            }
        }
        try folder.link("lectern.yaml", to: "/mnt/nowhere/lectern.yaml")
        #expect(problem() == "p/lectern.yaml: No such file or directory (it is a link to nothing)")
        try folder.link("lectern.yaml", to: "lectern.yaml")
        #expect(problem() == "p/lectern.yaml: Too many levels of symbolic links")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(problem() == "p/lectern.yaml: is no regular file")
        #expect(mkfifo(path, 0o600) == 0)
        #expect(problem() == "p/lectern.yaml: is no regular file")
        try folder.link("lectern.yaml", to: "/dev/zero")
        #expect(problem() == "p/lectern.yaml: is no regular file")
        try folder.write("", "lectern.yaml")
        #expect(truncate(path, 1 << 40) == 0)
        #expect(problem() == "p/lectern.yaml: is larger than the 1024 KiB that are read of such a file")
        try folder.write("profile: strict", "real.yaml")
        try folder.link("lectern.yaml", to: "real.yaml")
        let read = try ProgramConfiguration.read(beside: main, chosen: nil)
        #expect(read.profile == .strict)
        #expect(read.file == path)
    }

    @Test("A configuration that grows by its aliases is refused, soon")
    func aliases() throws {
        var laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (one, next) in zip("abcdefghij", "bcdefghijk") {
            laughs += "\(next): &\(next) [\(Array(repeating: "*\(one)", count: 9).joined(separator: ", "))]\n"
        }
        let wide =
            "x: &x {" + (0..<5000).map { "k\($0): 1" }.joined(separator: ", ") + "}\ndevices: {"
            + (0..<5000).map { "d\($0): *x" }.joined(separator: ", ") + "}\n"
        let anchors = (0..<5000).map { "- &a\($0) x\n" }.joined()
        for (yaml, problem) in [
            (laughs, "it has more than 100000 values, aliases followed"),
            (wide, "it has more than 100000 values, aliases followed"), (anchors, "has more than 4096 anchors"),
            (String(repeating: "[", count: 500_000), ""), (String(repeating: "- ", count: 400_000), ""),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try ProgramConfiguration(yaml: yaml, file: "f") }
            #expect(error?.description.hasSuffix(problem) == true, "\(error?.description ?? "")")
        }
        #expect(try ProgramConfiguration(yaml: "sealed: true", file: "f").isSealed)
    }

    // MARK: - Bytes

    @Test("Names of files are bytes: those that are not UTF-8 stay apart, and are listed as they are")
    func names() throws {
        let folder = try TrialFolder()
        #expect(
            try folder.lines(
                """
                for _, b in ipairs {'\\xe9', '\\xe8', '\\xff', '\\xc3\\xa9', 'e\\xcc\\x81', '\\xf4\\x8f\\xbf\\xa9'} do
                    local f = File('caf' .. b .. '.txt', 'w') f:write(b:hex()) f:close()
                end
                for _, name in ipairs(File.ListDir()) do
                    print(name:sub(4, -5):hex(), File(name):read(), io.open(name):read('a'), File(name).Filename == name)
                end
                print(File.Exists('caf\\xe7.txt'), os.rename('caf\\xff.txt', 'caf\\xfe.txt'), os.remove('caf\\xfe.txt'))
                print(select(2, pcall(File, 'caf\\xe7.txt')))
                print(select(2, io.open('caf\\xe7.txt')))
                File.MakeDir('d\\xe9') File.ChangeDir('d\\xe9') print(File.GetCurrentDir():hex())
                File('m\\xe9.lua', 'w'):write('return ...') File.ChangeDir('/')
                print((select(2, require('d\\xe9.m\\xe9')):hex()))
                print(File.Exists('caf' .. '\\xe9' .. '.txt'), File.Exists('/./caf\\xe8.txt'))
                """) == [
                    "65cc81\t65cc81\t65cc81\ttrue", "c3a9\tc3a9\tc3a9\ttrue", "e8\te8\te8\ttrue", "e9\te9\te9\ttrue",
                    "f48fbfa9\tf48fbfa9\tf48fbfa9\ttrue", "ff\tff\tff\ttrue", "false\ttrue\ttrue",
                    "room.lua:8: IOError: 'caf\\xe7.txt': No such file or directory",
                    "caf\\xe7.txt: No such file or directory\t2", "2f64e9", "64e92f6de92e6c7561", "true\ttrue",
                ])
    }

    @Test("A user, a password and a host's name keep their bytes")
    func credentials() throws {
        let folder = try TrialFolder()
        #expect(
            try folder.lines(
                """
                local c = EthernetClientInterface('h\\xe4', 22, 'SSH', {Credentials = {'\\xfc', 'p\\xe4\\xc3\\xa4'}})
                print(c.Hostname:hex(), c.Credentials[1]:hex(), c.Credentials[2]:hex(), c.IPAddress:hex())
                """) == ["68e4\tfc\t70e4c3a4\t68e4"])
        #expect("p\u{10FFE4}".rawBytes == [0x70, 0xE4])
    }

    @Test("Any bytes become a text of their own, and come back")
    func byteTexts() {
        var generator = SystemRandomNumberGenerator()
        // Parts of sequences, whole ones, and what the kept bytes are written as.
        let pieces: [[UInt8]] = [
            [0xF4, 0x8F, 0xBF, 0xA9], [0xF4, 0x8F], [0xBE, 0x80], [0xC3, 0xA9], [0xC3], [0xED, 0xA0, 0x80], [0x41],
            [0xF0, 0x9F, 0x98, 0x80], [0xE2, 0x82], [0x00], [0xFF], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0x80], [0xF4],
        ]
        var texts: [[UInt8]: [UInt8]] = [:]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...5, using: &generator)).flatMap { _ in
                Bool.random(using: &generator) ? pieces.randomElement() ?? [] : [UInt8.random(in: 0...255)]
            }
            let text = String(rawBytes: bytes)
            #expect(text.rawBytes == bytes)
            #expect(text.withRawBytes { Array($0) } == bytes)
            let other = texts.updateValue(bytes, forKey: Array(text.utf8))
            #expect(other == nil || other == bytes)
        }
        #expect(String(rawBytes: Array("é😀".utf8)) == "é😀")
        #expect(String(rawBytes: [0x61, 0xE9]).showingRawBytes == "a\\xe9")
    }

    @Test("What is printed and logged of bytes that are not UTF-8 is shown escaped")
    func logOfBytes() throws {
        let folder = try TrialFolder()
        #expect(
            try folder.lines("print('caf\\xe9 \\xc3\\xa9') ProgramLog('\\xff', 'info') warn('@on')")
                .map { $0.replacing("main chunk: ", with: "") }.prefix(2) == ["caf\\xe9 é", "\\xff"])
    }

    // MARK: - Whole or not there

    @Test("A file that cannot be written whole stays as it was, and nothing is left beside it", arguments: 0..<5)
    func wholeFiles(_ step: Int) throws {
        let folder = try TrialFolder()
        try folder.write("the log of yesterday", "log.txt")
        #expect(chmod("\(folder.path)/log.txt", 0o640) == 0)
        let descriptor = Descriptor(owning: open(folder.path, O_RDONLY | O_DIRECTORY))
        var calls = WholeFile.Calls()
        switch step {
        case 0:
            calls.write = { _, _, _ in
                errno = ENOSPC; return -1
            }
        case 1:
            calls.write = { file, bytes, count in
                let done = lseek(file, 0, SEEK_CUR)
                if done >= 8 { errno = EFBIG; return -1 }
                return Glibc.write(file, bytes, min(count, 4))
            }
        case 2:
            calls.sync = { _ in
                errno = EIO; return -1
            }
        case 3:
            calls.rename = { _, _, _ in
                errno = EACCES; return -1
            }
        default: break
        }
        let file = WholeFile(folder: descriptor, name: "log.txt", calls: calls)
        let new = Array("the log of today, which is longer".utf8)
        if step < 4 {
            #expect(throws: FileFailure.self) { try file.replace(with: new) }
            #expect(folder.text("log.txt") == "the log of yesterday")
        } else {
            try file.replace(with: new)
            #expect(folder.text("log.txt") == "the log of today, which is longer")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["log.txt"])
        var status = stat()
        #expect(stat("\(folder.path)/log.txt", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
    }

    // MARK: - Positions

    @Test("A file that is opened to append begins at its end")
    func appending() throws {
        let folder = try TrialFolder()
        #expect(
            try folder.lines(
                """
                local function log(line)
                    local f <close> = File('log.csv', 'a')
                    if f:tell() == 0 then f:write('time,value\\n') end
                    f:write(line .. '\\n')
                end
                log('1,a') log('2,b')
                print(File('log.csv'):read())
                local g <close> = File('log.csv', 'a+')
                print(g:tell(), #g:read(), g:seek(-4, 1), g:read(), g:write('x'), g:tell())
                local r = File('log.csv')
                print(r:writelines({}), r:read(4), pcall(r.writelines, r, {'x'}))
                r:close()
                print(pcall(r.writelines, r, {}))
                """) == [
                    "time,value\n1,a\n2,b\n", "19\t0\t15\t2,b\n\t1\t20",
                    "nil\ttime\tfalse\troom.lua:11: IOError: 'log.csv' is not open for writing",
                    "false\troom.lua:13: IOError: 'log.csv' is not open",
                ])
    }

    // MARK: - Secrets

    @Test(
        "A secret is in no error, wherever it was given",
        arguments: [
            "'h', 22, 'SSH', {Credentials = 'admin:TOPSECRETPW'}", "'h', 22, 'SSH', 0, 'TOPSECRETPW'",
            "'h', 22, 'TOPSECRETPW'", "'h', 'TOPSECRETPW'", "'h', 22, {Protocol = 'TOPSECRETPW'}",
            "'h', 22, 'SSH', {Credentials = {'admin', 'TOPSECRETPW', 'TOPSECRETPW'}}",
            "'h', 22, 'SSH', {Credentials = {user = 'admin', password = 'TOPSECRETPW'}}",
            "'h', 22, 'SSH', {Credential = {'admin', 'TOPSECRETPW'}}", "'h', 22, 'SSH', {TOPSECRETPW = 'admin'}",
            "'h', 22, 'SSH', {Credentials = {'admin', 'TOPSECRETPW\\0'}}", "'h', 22, 'SSH', 'TOPSECRETPW'",
            "'h', 22, 'TCP', 0, nil, 'TOPSECRETPW'", "'h', 22, 'SSH', 0, {'u', 'p'}, 1, 'TOPSECRETPW'",
        ])
    func secrets(_ arguments: String) throws {
        let folder = try TrialFolder()
        let lines = try folder.lines(
            """
            local ok, e = pcall(EthernetClientInterface, \(arguments))
            print(ok, e, type(e) == 'table' and e.traceback or '')
            EthernetClientInterface(\(arguments))
            """.replacing(
                "EthernetClientInterface(\(arguments))",
                with: "Wait(0, function() EthernetClientInterface(\(arguments)) end)"))
        #expect(lines.count == 2)
        for line in lines { #expect(!line.contains("TOPSECRETPW"), "\(line)") }
        #expect(lines.first?.hasPrefix("false") == true)
    }

    @Test("An object with a secret does not show it, nor does a passphrase that stands in its file's place")
    func secretObjects() throws {
        let folder = try TrialFolder()
        try folder.write("x", "cert.pem")
        var configuration = Stage.configuration()
        configuration.identities["room"] = .init(
            certificate: "\(folder.path)/cert.pem", passphrase: "\(folder.path)/TOPSECRETPW")
        let lines = try folder.lines(
            """
            local c = EthernetClientInterface('h', 22, 'SSH', {Credentials = {'admin', 'TOPSECRETPW'}})
            print(c, select(2, pcall(function() c.Credentials = 'TOPSECRETPW' end)))
            print(select(2, pcall(function() c.Credential = 'TOPSECRETPW' end)))
            print(select(2, pcall(function() return c:Connect('TOPSECRETPW' and {}) end)))
            local t = EthernetClientInterface('h', 443)
            print(select(2, pcall(t.SSLWrap, t, 'room')))
            """, configuration: configuration)
        #expect(lines.count == 4)
        for line in lines { #expect(!line.contains("TOPSECRETPW"), "\(line)") }
        #expect(lines[3].hasSuffix("which lectern.yaml names: No such file or directory"), "\(lines[3])")
    }

    // MARK: - The log

    @Test("JSON and text escape what turns, ends or drives lines")
    func escapes() {
        let text = "a\u{85}\u{9B}\u{202E}b\u{2066}\u{2028}\u{2029}\u{200F}\u{61C}\u{7F}é"
        func written(_ format: ConsoleLog.Format) -> String {
            var all = ""
            let log = ConsoleLog(
                format: format, level: .info, colours: false, timeZone: RuleTimeZone.european(offset: 3600)
            ) { all += $0 }
            log.write(ProgramLogEntry(time: 0, severity: .error, task: text, text: text, traceback: [text]))
            return all
        }
        let json = #"a\u0085\u009b\u202eb\u2066\u2028\u2029\u200f\u061c\u007fé"#
        #expect(written(.json).components(separatedBy: json).count == 4)
        let plain = #"a\x85\x9b\u{202e}b\u{2066}\u{2028}\u{2029}\u{200f}\u{61c}\x7fé"#
        #expect(written(.text).components(separatedBy: plain).count == 4)
    }

    @Test("An entry over the limit is cut and says so, and none is lost", .needsMemory)
    func longEntries() throws {
        let folder = try TrialFolder()
        let lines = try folder.lines(
            """
            print(('x'):rep(5 << 20))
            print(('\\xc3\\xa9'):rep(200000))
            print(('x'):rep(1000))
            SaveProgramLog('log.txt')
            print(#File('log.txt'):read() > 512 << 10)
            """)
        #expect(lines.count == 4)
        #expect(lines[0].hasSuffix("x… (cut: it has 5242880 bytes, and the log takes 262144)"))
        #expect(lines[0].utf8.count < 263_000)
        #expect(lines[1].hasSuffix("é… (cut: it has 400000 bytes, and the log takes 262144)"))
        #expect(lines[2].utf8.count == 1000)
        #expect(lines[3] == "true")
    }
}
