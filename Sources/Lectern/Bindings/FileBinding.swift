internal import LuaRuntime

extension BindingContext {
    /// Makes `File` and `RFile` known to the program. They do the same, each with a current folder of its own.
    func registerFiles() {
        for (name, sentence) in [
            ("File", "A file of the program's folder, which is the root '/'."),
            ("RFile", "The same as File, under another name: a file of the program's folder."),
        ] {
            let area = FileArea(folder)
            runtime.register(declareFile(name, sentence, area))
            runtime.setClassFunctions(name, declareFileFunctions(name, area))
            if name == "File" { runtime.setGlobal(declareSaveProgramLog(self, area)) }
        }
    }

    private func declareFile(_ name: String, _ sentence: String, _ area: FileArea) -> LuaClass<ProgramFile> {
        let limit = configuration.limits.stringBytes
        var c = LuaClass<ProgramFile>(name, sentence) { $0.name }
        c.holds(1024, also: { $0.heldBytes })
        c.constructor(
            [
                .required("Filename", .string, "The file's name."),
                .optional("mode", .string, default: "'r'", "'r', 'w', 'a' or 'x', with '+', 'b' or 't'."),
                .optional("encoding", .string, "For ported programs: text is bytes here."),
                .optional("newline", .string, "For ported programs: line ends are left as they are."),
            ], "Opens a file. Raises IOError when that is not possible."
        ) { (call) throws(LuaFault) in
            try area.open(call.string(1) ?? "", try FileMode(call.string(2) ?? "r"))
        }
        c.property("Filename", .string, "The name as given.") { $0.name }
        c.method(
            "read",
            [.optional("size", .integer(-1...Int.max), default: "-1", "How many bytes; -1: all that are left.")],
            returns: .of("string", "'' at the end of the file"), "Reads."
        ) { (file, call) throws(LuaFault) in
            let size = call.integer(1).flatMap { $0 < 0 ? nil : $0 }
            call.stack.push(try file.read(size, limit: limit))
            return .values(1)
        }
        c.method(
            "readline", [], returns: .of("string", "the line with its '\\n', '' at the end of the file"),
            "Reads a line."
        ) {
            (file, call) throws(LuaFault) in
            call.stack.push(try file.readLine(limit: limit))
            return .values(1)
        }
        c.method(
            "seek",
            [
                .required("offset", .integer, "How far, in bytes."),
                .optional("whence", .integer(0...2), default: "0", "From 0: the beginning, 1: here, 2: the end."),
            ], returns: .of("integer", "the new position"), "Moves to another position."
        ) { (file, call) throws(LuaFault) in
            call.returning(try file.seek(call.integer(1) ?? 0, whence: call.integer(2) ?? 0))
        }
        c.method("tell", [], returns: .of("integer", "the position, from 0"), "Tells the position in the file.") {
            (file, call) throws(LuaFault) in
            call.returning(try file.position())
        }
        c.method(
            "write", [.required("data", .string, "What to write.")], returns: .of("integer", "the number of bytes"),
            "Writes."
        ) {
            (file, call) throws(LuaFault) in
            try call.withBytes(1) { (bytes) throws(LuaFault) in
                guard let bytes else { return .none }
                try file.write(Array(bytes))
                return call.returning(bytes.count)
            }
        }
        c.method(
            "writelines", [.required("seq", .table.annotated("string[]"), "A list of strings.")],
            "Writes strings, one after the other."
        ) {
            (file, call) throws(LuaFault) in
            guard let lines = call.byteStrings(1) else {
                throw LuaFault(.typeError, "argument 'seq' of writelines must be a list of strings")
            }
            try file.writeLines(lines)
            return .none
        }
        c.method("close", "Closes the file. Has no effect when it is closed.") { (file, _) throws(LuaFault) in
            file.close()
            return .none
        }
        return c
    }

    private func declareFileFunctions(_ name: String, _ area: FileArea) -> [LuaFunction] {
        let path = LuaParameter.required(
            "path", .string, "A path from the current folder, or from the root if it begins with '/'.")
        return [
            LuaFunction("\(name).ChangeDir", [path], "Makes a folder the current one.") { (call) throws(LuaFault) in
                try area.enter(call.string(1) ?? "")
                return .none
            },
            LuaFunction("\(name).DeleteDir", [path], "Removes an empty folder.") { (call) throws(LuaFault) in
                try area.removeFolder(call.string(1) ?? "")
                return .none
            },
            LuaFunction("\(name).DeleteFile", [.required("filename", .string, "The file.")], "Removes a file.") {
                (call) throws(LuaFault) in
                try area.removeFile(call.string(1) ?? "")
                return .none
            },
            LuaFunction("\(name).Exists", [path], returns: .of("boolean"), "Tells whether a file or folder is there.") {
                (call) throws(LuaFault) in call.returning(area.exists(call.string(1) ?? ""))
            },
            LuaFunction(
                "\(name).GetCurrentDir", [], returns: .of("string", "its path from the root"),
                "Tells the current folder."
            ) {
                (call) throws(LuaFault) in call.returning(area.currentFolder)
            },
            LuaFunction(
                "\(name).ListDir", [.optional("path", .string, "A folder; nil: the current one.")],
                returns: .of("string[]", "the names, in order"), "Lists a folder."
            ) { (call) throws(LuaFault) in call.returning(try area.list(call.string(1) ?? "")) },
            LuaFunction("\(name).MakeDir", [path], "Makes a folder inside an existing one.") {
                (call) throws(LuaFault) in
                try area.makeFolder(call.string(1) ?? "")
                return .none
            },
            LuaFunction(
                "\(name).RenameFile",
                [.required("oldname", .string, "What is there."), .required("newname", .string, "Its new name.")],
                "Renames a file or a folder. A file that has the new name is replaced."
            ) { (call) throws(LuaFault) in
                try area.rename(call.string(1) ?? "", to: call.string(2) ?? "")
                return .none
            },
        ]
    }
}
