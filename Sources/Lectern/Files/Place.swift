internal import ByteText
internal import CBeneath
internal import ControlCore
internal import Glibc

/// Where a name leads when all links are followed: the folder that holds it, by descriptor, and the name in that
/// folder.
struct Place {
    /// The folder that holds it; the program's folder itself when ``names`` is empty.
    let parent: Descriptor
    /// The names from the program's folder to it.
    let names: [[UInt8]]
    /// The folders from the program's folder down to ``parent``.
    let above: [FileIdentity]
    /// What is there; nil when nothing is.
    let found: stat?
    /// Whether a link has led here and nothing is here.
    let isDangling: Bool

    static var dangling: FileFailure {
        .refused("is a link to something that is not there; nothing is made through it")
    }

    /// The name in ``parent``.
    var name: String { names.last.map { String(rawBytes: $0) } ?? "." }

    var isFolder: Bool { found.map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    func requireFile() throws(FileFailure) {
        guard let found else { throw .system(ENOENT) }
        guard found.st_mode & S_IFMT == S_IFREG else { throw .refused("is no regular file") }
    }

    func requireFolder() throws(FileFailure) {
        guard found != nil else { throw .system(ENOENT) }
        guard isFolder else { throw .refused("is no folder") }
    }

    /// Opens it. A link that has come there meanwhile is not followed.
    func open(_ flags: CInt) throws(FileFailure) -> Descriptor {
        let number = name.withRawCString { openat(parent.number, $0, flags | O_NOFOLLOW, 0o644) }
        guard number >= 0 else { throw .system() }
        return Descriptor(owning: number)
    }

    /// A call of the system about ``name``, which gives 0 when it is done.
    func call(_ body: (UnsafePointer<CChar>) -> CInt) throws(FileFailure) {
        guard name.withRawCString(body) == 0 else { throw .system() }
    }
}

/// Follows a name from the program's folder, part by part.
struct PlaceWalk {
    /// As many links as Linux itself follows in one name.
    private static let linkLimit = 40

    let root: Descriptor
    let identity: FileIdentity
    let path: String

    private static let slash = UInt8(ascii: "/")
    private static var outside: FileFailure {
        .refused("is outside of the program's folder; programs have their own folder only")
    }

    func place(of name: [UInt8]) throws(FileFailure) -> Place {
        var folders = [root]
        var above = [identity]
        var names: [[UInt8]] = []
        /// What is still to come, the next part last.
        var rest = Array(try parts(of: name).reversed())
        var links = 0
        /// Whether the last part was a link.
        var lastWasLink = false
        while let part = rest.popLast() {
            if part == [UInt8(ascii: ".")] { continue }
            if part == Array("..".utf8) {
                guard folders.count > 1 else { throw Self.outside }
                folders.removeLast()
                above.removeLast()
                names.removeLast()
                continue
            }
            let parent = folders[folders.count - 1]
            let text = String(rawBytes: part)
            var status = stat()
            guard text.withRawCString({ fstatat(parent.number, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
                guard errno == ENOENT, rest.isEmpty else { throw .system() }
                return Place(
                    parent: parent, names: names + [part], above: above, found: nil, isDangling: lastWasLink)
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                links += 1
                guard links <= Self.linkLimit else { throw .system(ELOOP) }
                if rest.isEmpty { lastWasLink = true }
                let target = try linkTarget(parent, text)
                if target.first == Self.slash {
                    folders = [root]
                    above = [identity]
                    names = []
                }
                rest += try parts(of: target).reversed()
            case S_IFDIR where !rest.isEmpty:
                let number = text.withRawCString {
                    openat(parent.number, $0, beneath_path_only | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                }
                guard number >= 0 else { throw .system() }
                folders.append(Descriptor(owning: number))
                // Of what was opened: it may have been replaced meanwhile.
                guard fstat(number, &status) == 0 else { throw .system() }
                above.append(FileIdentity(status))
                names.append(part)
            default:
                guard rest.isEmpty else { throw .system(ENOTDIR) }
                return Place(
                    parent: parent, names: names + [part], above: above, found: status, isDangling: false)
            }
        }
        return try folder(folders, names, above)
    }

    /// The place of a folder that the walk stands in.
    private func folder(
        _ folders: [Descriptor], _ names: [[UInt8]], _ above: [FileIdentity]
    ) throws(FileFailure) -> Place {
        let folder = folders[folders.count - 1]
        var status = stat()
        guard fstat(folder.number, &status) == 0 else { throw .system() }
        guard !names.isEmpty else {
            return Place(parent: folder, names: [], above: above, found: status, isDangling: false)
        }
        return Place(
            parent: folders[folders.count - 2], names: names, above: Array(above.dropLast()), found: status,
            isDangling: false)
    }

    /// The parts of a name below the program's folder. One that begins with a slash must lead into it.
    private func parts(of name: [UInt8]) throws(FileFailure) -> [[UInt8]] {
        guard !name.isEmpty else { throw .system(ENOENT) }
        return try below(name).split(separator: Self.slash).map(Array.init)
    }

    private func below(_ name: [UInt8]) throws(FileFailure) -> ArraySlice<UInt8> {
        guard name.first == Self.slash else { return name[...] }
        let own = path.rawBytes
        if name.starts(with: own), name.count == own.count || name[own.count] == Self.slash {
            return name[own.count...]
        }
        // It may lead there by another way. What follows is resolved from the folder itself.
        for end in name.indices.dropFirst() + [name.endIndex]
        where end == name.endIndex || name[end] == Self.slash {
            if FileIdentity(path: String(rawBytes: name[..<end])) == identity { return name[end...] }
        }
        throw Self.outside
    }

    private func linkTarget(_ folder: Descriptor, _ name: String) throws(FileFailure) -> [UInt8] {
        let size = Int(PATH_MAX)
        var target = [CChar](repeating: 0, count: size)
        let count = name.withRawCString { readlinkat(folder.number, $0, &target, size) }
        guard count > 0 else { throw .system(count < 0 ? errno : ENOENT) }
        return target[..<count].map { UInt8(bitPattern: $0) }
    }
}
