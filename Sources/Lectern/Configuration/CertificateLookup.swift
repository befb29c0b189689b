internal import ControlCore
internal import LuaRuntime

/// Finds the certificates that a program names: by an alias of the configuration, or by a path in the program's folder.
struct CertificateLookup {
    let configuration: ProgramConfiguration
    let folder: ProgramFolder
    /// Whose argument names them, for messages.
    var function = "SSLWrap"

    /// The certificate and key that `name` stands for. A file of the program's folder holds both.
    func identity(_ name: String, parameter: String) throws(LuaFault) -> TLSIdentity {
        guard let files = configuration.identities[name] else {
            let bytes = try file(name, parameter: parameter, aliases: configuration.identities.keys.sorted())
            return TLSIdentity(certificateChain: bytes, privateKey: bytes)
        }
        let certificate = try read(files.certificate)
        let key = try files.key.map { (path) throws(LuaFault) in try read(path) }
        var passphrase = try files.passphrase.map { (path) throws(LuaFault) in try readPassphrase(path, of: name) }
        // Editors end a file with a line end.
        while let last = passphrase?.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            passphrase?.removeLast()
        }
        return TLSIdentity(certificateChain: certificate, privateKey: key ?? certificate, passphrase: passphrase)
    }

    /// The certificates of the authorities that `name` stands for.
    func authorities(_ name: String, parameter: String) throws(LuaFault) -> [UInt8] {
        if let path = configuration.authorities[name] { return try read(path) }
        return try file(name, parameter: parameter, aliases: configuration.authorities.keys.sorted())
    }

    /// Of a passphrase that was written where its file belongs no message may show anything.
    private func readPassphrase(_ path: String, of name: String) throws(LuaFault) -> [UInt8] {
        do throws(FileFailure) {
            return try BoundedFile.read(path, limit: BoundedFile.certificateLimit)
        } catch {
            throw LuaFault(
                .ioError,
                "the file with the passphrase of '\(name)', which lectern.yaml names: \(error.problem)")
        }
    }

    /// A file that the configuration names.
    private func read(_ path: String) throws(LuaFault) -> [UInt8] {
        do throws(FileFailure) {
            return try BoundedFile.read(path, limit: BoundedFile.certificateLimit)
        } catch {
            throw LuaFault(.ioError, error.message(path: path))
        }
    }

    private func file(_ name: String, parameter: String, aliases: [String]) throws(LuaFault) -> [UInt8] {
        let known = aliases.isEmpty ? "" : " (aliases: \(aliases.joined(separator: ", ")))"
        // The profile without files has no paths.
        if configuration.profile != .strict {
            do throws(FileFailure) {
                return try BoundedFile.read(try folder.openToRead(name), limit: BoundedFile.certificateLimit)
            } catch {
                throw LuaFault(
                    .valueError,
                    "argument '\(parameter)' of \(function) must be an alias of lectern.yaml\(known) or a file of the "
                        + "program's folder; \(error.message(name: name))")
            }
        }
        throw LuaFault(
            .valueError,
            "argument '\(parameter)' of \(function) must be an alias of lectern.yaml\(known); '\(name)' is none")
    }
}
