internal import ByteText
internal import CBeneath
internal import ControlCore
internal import Glibc

/// What decides a program's rights, and so is not the program's to write: its configuration, `.lectern`, known hosts,
/// the modules of others, certificates and keys, and its own source when the configuration seals it.
///
/// A file counts by what it is, not by its name: the names are looked up anew at each change, so that no link, other
/// spelling or new file is a way around.
struct ProgramRights {
    /// The most files and folders that are looked through for a change of a folder's name, or of a file with several
    /// names.
    static let scanLimit = 100_000

    /// Whether the program's own source is not its to write.
    let isSealed: Bool
    /// Files, whether they are there or not, and what each is.
    private let files: [(path: String, what: String)]
    /// Folders, all of whose files are protected.
    private let folders: [(path: String, what: String)]

    init(configuration: ProgramConfiguration, main: String?, folder: ProgramFolder) {
        isSealed = configuration.isSealed
        let own = folder.path
        var files: [(String, String)] = []
        if let file = configuration.file { files.append((file, "the configuration")) }
        files.append(("\(own)/\(FoldedName.configuration)", "the configuration"))
        if let file = configuration.ssh.knownHosts { files.append((file, "the file of known hosts")) }
        let keys = configuration.ssh.keys + configuration.ssh.hosts.values.flatMap { $0.keys ?? [] }
        files += keys.map { ($0, "a key of the configuration") }
        for identity in configuration.identities.values {
            for path in [identity.certificate, identity.key, identity.passphrase] {
                if let path { files.append((path, "a certificate or key of the configuration")) }
            }
        }
        files += configuration.authorities.values.map { ($0, "a certificate of the configuration") }
        if let path = configuration.mail.passwordFile { files.append((path, "a password of the configuration")) }
        if isSealed, let main { files.append((main, "the program's source, which is sealed")) }
        self.files = files
        var folders = [("\(own)/\(FoldedName.hostFolder)", "of the host")]
        if case .folder(let path) = configuration.persistent.place { folders.append((path, "of the host")) }
        for path in configuration.moduleFolders where !Self.holds(path, folder) {
            folders.append((path, "of a folder of modules"))
        }
        self.folders = folders
    }

    /// Whether the program's folder is in the folder at `path`, or is it: then it is the program's own after all.
    private static func holds(_ path: String, _ folder: ProgramFolder) -> Bool {
        guard let identity = FileIdentity(path: path) else { return false }
        return ancestors(of: folder.path).contains(identity)
    }

    /// Why the program must not make, change, remove or rename what is at `place`; nil when it may.
    func problem(changing place: Place, in folder: ProgramFolder) -> String? {
        if let problem = problem(names: place.names) { return problem }
        let found = place.found.map(FileIdentity.init)
        let parent = place.above.last
        for (path, what) in folders {
            guard let identity = FileIdentity(path: path) else { continue }
            if found == identity || place.above.contains(identity) { return Self.refusal(what) }
        }
        for (path, what) in files {
            if let found, FileIdentity(path: path) == found { return Self.refusal(what) }
            // One that is not there yet, and one that a link stands for.
            let (above, name) = Self.split(path)
            if parent != nil, FileIdentity(path: above) == parent, FoldedName(name).isAs(place.names.last ?? []) {
                return Self.refusal(what)
            }
        }
        guard let status = place.found, let found else { return nil }
        if place.isFolder {
            for (path, what) in files + folders where Self.ancestors(of: path).contains(found) {
                return "holds \(what.hasPrefix("of") ? "a folder " + what : what); " + Self.rule
            }
            return scan(place.parent, place.name) { name, _ in
                FoldedName(name).isReserved || isSealed && FoldedName(name).isSource
            }.map { "holds '\($0)'; \(Self.rule)" }
        }
        // A file with several names may have one among what is protected.
        guard status.st_nlink > 1 else { return nil }
        for (path, what) in folders {
            guard let open = Self.open(path) else { continue }
            if scan(open, ".", where: { _, identity in identity == found }) != nil { return Self.refusal(what) }
        }
        guard isSealed, let own = Self.open(folder.path) else { return nil }
        return scan(own, ".") { name, identity in identity == found && FoldedName(name).isSource }
            .map { _ in Self.refusal("the program's source, which is sealed") }
    }

    private func problem(names: [[UInt8]]) -> String? {
        if names.contains(where: { FoldedName($0).isHostFolder }) { return Self.refusal("of the host") }
        guard let last = names.last else { return nil }
        if FoldedName(last).isReserved { return Self.refusal("a configuration of Lectern") }
        if isSealed, FoldedName(last).isSource { return Self.refusal("the program's source, which is sealed") }
        return nil
    }

    private static let rule = "what decides the rights of programs is not theirs to change"

    private static func refusal(_ what: String) -> String { "is \(what): \(rule)" }

    // MARK: - Looking around

    /// The identities of the folders that hold what is at `path`, links followed.
    private static func ancestors(of path: String) -> Set<FileIdentity> {
        let (above, _) = split(path)
        var identities: Set<FileIdentity> = []
        if let root = FileIdentity(path: "/") { identities.insert(root) }
        for start in [path, above] {
            let real = start.withRawCString { name -> [UInt8]? in
                guard let real = realpath(name, nil) else { return nil }
                defer { free(real) }
                return Array(UnsafeRawBufferPointer(start: real, count: strlen(real)))
            }
            guard let real else { continue }
            for end in real.indices.dropFirst() + [real.endIndex]
            where end == real.endIndex || real[end] == UInt8(ascii: "/") {
                if let identity = FileIdentity(path: String(rawBytes: real[..<end])) { identities.insert(identity) }
            }
        }
        return identities
    }

    private static func split(_ path: String) -> (folder: String, name: [UInt8]) {
        let bytes = path.rawBytes
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (".", bytes) }
        return (slash == 0 ? "/" : String(rawBytes: bytes[..<slash]), Array(bytes[(slash + 1)...]))
    }

    private static func open(_ path: String) -> Descriptor? {
        let number = path.withRawCString { Glibc.open($0, beneath_path_only | O_DIRECTORY | O_CLOEXEC) }
        return number < 0 ? nil : Descriptor(owning: number)
    }

    /// The first name in and below a folder that is as asked for; also when there are too many to tell.
    private func scan(
        _ folder: Descriptor, _ name: String, where matches: ([UInt8], FileIdentity) -> Bool
    ) -> String? {
        var pending = [(folder, name)]
        var count = 0
        while let (parent, name) = pending.popLast() {
            let number = name.withRawCString {
                openat(parent.number, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
            guard number >= 0, let stream = fdopendir(number) else {
                // What cannot be looked into may hold anything.
                if number >= 0 { close(number) }
                return name.showingRawBytes
            }
            defer { closedir(stream) }
            let open = Descriptor(owning: dup(number))
            while let entry = readdir(stream) {
                let entryName = FileArea.name(of: entry)
                if entryName == [UInt8(ascii: ".")] || entryName == Array("..".utf8) { continue }
                count += 1
                guard count <= Self.scanLimit else { return "more than \(Self.scanLimit) files" }
                let text = String(rawBytes: entryName)
                var status = stat()
                guard text.withRawCString({ fstatat(open.number, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
                    continue  // gone meanwhile
                }
                if matches(entryName, FileIdentity(status)) { return text.showingRawBytes }
                if status.st_mode & S_IFMT == S_IFDIR { pending.append((open, text)) }
            }
        }
        return nil
    }
}

/// A file's name as file systems that tell no case apart, or drop what cannot be seen, may take it.
struct FoldedName {
    /// The name of a configuration beside its program.
    static let configuration = "lectern.yaml"
    /// The folder of what the host keeps.
    static let hostFolder = ".lectern"

    private let bytes: [UInt8]

    init(_ name: String) { self.init(name.rawBytes) }

    init(_ name: [UInt8]) {
        // Some drop dots and blanks at the end.
        let end = name.lastIndex { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: " ") }
        bytes = (end.map { name[...$0] } ?? name[...]).map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The letters, digits and signs of ASCII alone: characters that cannot be seen are dropped by some.
    private var visible: [UInt8] { bytes.filter { (0x21..<0x7F).contains($0) } }

    var isReserved: Bool { visible == Array(Self.configuration.utf8) || isHostFolder }
    var isHostFolder: Bool { visible == Array(Self.hostFolder.utf8) }
    var isSource: Bool { visible.suffix(4) == Array(".lua".utf8)[...] }

    func isAs(_ name: [UInt8]) -> Bool { bytes == FoldedName(name).bytes }
}
