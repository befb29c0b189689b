internal import ControlCore
internal import LuaRuntime

/// Finds the certificates that a program names: by an alias of the configuration, or by a path in the program's folder.
struct CertificateLookup {
    let configuration: ProgramConfiguration
    let folder: ProgramFolder

    /// The certificate and key that `name` stands for. A file of the program's folder holds both.
    func identity(_ name: String, parameter: String) throws(LuaFault) -> TLSIdentity {
        guard let files = configuration.identities[name] else {
            let bytes = try file(name, parameter: parameter, aliases: configuration.identities.keys.sorted())
            return TLSIdentity(certificateChain: bytes, privateKey: bytes)
        }
        let certificate = try ProgramFolder.read(files.certificate)
        let key = try files.key.map { (path) throws(LuaFault) in try ProgramFolder.read(path) }
        var passphrase = try files.passphrase.map { (path) throws(LuaFault) in try ProgramFolder.read(path) }
        // Editors end a file with a line end.
        while let last = passphrase?.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            passphrase?.removeLast()
        }
        return TLSIdentity(certificateChain: certificate, privateKey: key ?? certificate, passphrase: passphrase)
    }

    /// The certificates of the authorities that `name` stands for.
    func authorities(_ name: String, parameter: String) throws(LuaFault) -> [UInt8] {
        if let path = configuration.authorities[name] { return try ProgramFolder.read(path) }
        return try file(name, parameter: parameter, aliases: configuration.authorities.keys.sorted())
    }

    private func file(_ name: String, parameter: String, aliases: [String]) throws(LuaFault) -> [UInt8] {
        let known = aliases.isEmpty ? "" : " (aliases: \(aliases.joined(separator: ", ")))"
        // The profile without files has no paths.
        if configuration.profile != .strict {
            do throws(LuaFault) {
                return try ProgramFolder.read(try folder.confine(name, "r"))
            } catch {
                throw LuaFault(
                    .valueError,
                    "argument '\(parameter)' of SSLWrap must be an alias of lectern.yaml\(known) or a file of the "
                        + "program's folder; \(error.message)")
            }
        }
        throw LuaFault(
            .valueError,
            "argument '\(parameter)' of SSLWrap must be an alias of lectern.yaml\(known); '\(name)' is none")
    }
}
