internal import LuaRuntime

extension BindingContext {
    /// Makes `File` and `RFile` known to the program. They do the same, each with a current folder of its own.
    func registerFiles() throws(LuaFault) {
        for (name, sentence) in [
            ("File", "A file of the program's folder, which is the root '/'."),
            ("RFile", "The same as File, under another name: a file of the program's folder."),
        ] {
            let area = FileArea(folder)
            runtime.register(declareFile(name, sentence, area))
            runtime.setClassFunctions(name, declareFileFunctions(name, area))
            if name == "File" { runtime.setGlobal(declareSaveProgramLog(self, area)) }
        }
        try runtime.run(PackageResources.files_lua, chunk: "=[lectern files]", arguments: [])
    }

    private func declareFile(_ name: String, _ sentence: String, _ area: FileArea) -> LuaClass<ProgramFile> {
        let limit = configuration.limits.stringBytes
        var c = LuaClass<ProgramFile>(name, sentence) { $0.name }
        c.holds(1024, also: { $0.heldBytes })
        var opening = ParameterList()
        let filename = opening.required("Filename", .string, "The file's name.")
        let mode = opening.optional(
            "mode", .string, default: "r", "'r', 'w', 'a' or 'x', with '+', 'b' or 't'.")
        _ = opening.optional("encoding", .string, "For ported programs: text is bytes here.")
        _ = opening.optional("newline", .string, "For ported programs: line ends are left as they are.")
        c.constructor(opening, "Opens a file. Raises IOError when that is not possible.") { (call) throws(LuaFault) in
            try area.open(call[filename], try FileMode(call[mode]))
        }
        c.property("Filename", .string, "The name as given.") { $0.name }
        var reading = ParameterList()
        let size = reading.optional(
            "size", .integer(-1...Int.max), default: -1, "How many bytes; -1: all that are left.")
        c.method("read", reading, returns: .of("string", "'' at the end of the file"), "Reads.") {
            (file, call) throws(LuaFault) in
            let size = call[size]
            call.stack.push(try file.read(size < 0 ? nil : size, limit: limit))
            return .values(1)
        }
        c.method(
            "readline", returns: .of("string", "the line with its '\\n', '' at the end of the file"),
            "Reads a line."
        ) {
            (file, call) throws(LuaFault) in
            call.stack.push(try file.readLine(limit: limit))
            return .values(1)
        }
        var seeking = ParameterList()
        let offset = seeking.required("offset", .integer, "How far, in bytes.")
        let whence = seeking.optional(
            "whence", .integer(0...2), default: 0, "From 0: the beginning, 1: here, 2: the end.")
        c.method("seek", seeking, returns: .of("integer", "the new position"), "Moves to another position.") {
            (file, call) throws(LuaFault) in
            call.returning(try file.seek(call[offset], whence: call[whence]))
        }
        c.method("tell", returns: .of("integer", "the position, from 0"), "Tells the position in the file.") {
            (file, call) throws(LuaFault) in
            call.returning(try file.position())
        }
        var writing = ParameterList()
        let data = writing.required("data", .bytes, "What to write.")
        c.method("write", writing, returns: .of("integer", "the number of bytes"), "Writes.") {
            (file, call) throws(LuaFault) in
            let bytes = call[data]
            try file.write(bytes)
            return call.returning(bytes.count)
        }
        var writingLines = ParameterList()
        let lines = writingLines.required("seq", .table.annotated("string[]"), "A list of strings.")
        c.method("writelines", writingLines, "Writes strings, one after the other.") { (file, call) throws(LuaFault) in
            guard let lines = call[lines].byteStrings else {
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
        var ofPath = ParameterList()
        let path = ofPath.required(
            "path", .string, "A path from the current folder, or from the root if it begins with '/'.")
        var ofFile = ParameterList()
        let filename = ofFile.required("filename", .string, "The file.")
        var listing = ParameterList()
        let folder = listing.optional("path", .string, "A folder; nil: the current one.")
        var renaming = ParameterList()
        let oldName = renaming.required("oldname", .string, "What is there.")
        let newName = renaming.required("newname", .string, "Its new name.")
        return [
            LuaFunction("\(name).ChangeDir", ofPath, "Makes a folder the current one.") { (call) throws(LuaFault) in
                try area.enter(call[path])
                return .none
            },
            LuaFunction("\(name).DeleteDir", ofPath, "Removes an empty folder.") { (call) throws(LuaFault) in
                try area.removeFolder(call[path])
                return .none
            },
            LuaFunction("\(name).DeleteFile", ofFile, "Removes a file.") { (call) throws(LuaFault) in
                try area.removeFile(call[filename])
                return .none
            },
            LuaFunction("\(name).Exists", ofPath, returns: .of("boolean"), "Tells whether a file or folder is there.") {
                (call) throws(LuaFault) in call.returning(area.exists(call[path]))
            },
            LuaFunction(
                "\(name).GetCurrentDir", returns: .of("string", "its path from the root"),
                "Tells the current folder."
            ) {
                (call) throws(LuaFault) in call.returning(area.currentFolder)
            },
            LuaFunction(
                "\(name).ListDir", listing, returns: .of("string[]", "the names, in order"), "Lists a folder."
            ) { (call) throws(LuaFault) in call.returning(try area.list(call[folder] ?? "")) },
            LuaFunction("\(name).MakeDir", ofPath, "Makes a folder inside an existing one.") {
                (call) throws(LuaFault) in
                try area.makeFolder(call[path])
                return .none
            },
            LuaFunction(
                "\(name).RenameFile", renaming,
                "Renames a file or a folder. A file that has the new name is replaced."
            ) { (call) throws(LuaFault) in
                try area.rename(call[oldName], to: call[newName])
                return .none
            },
        ]
    }
}
