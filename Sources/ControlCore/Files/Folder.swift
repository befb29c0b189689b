internal import ByteText
internal import Glibc

/// Folders of the host's own.
enum Folder {
    /// Opens the folder at `path`, and makes it with those above it if they are not there.
    static func make(_ path: String) throws(FileFailure) -> Descriptor {
        let bytes = path.rawBytes
        var ends = bytes.indices.dropFirst().filter { bytes[$0] == UInt8(ascii: "/") }
        ends.append(bytes.endIndex)
        for end in ends {
            let made = String(rawBytes: bytes[..<end]).withRawCString { mkdir($0, 0o700) }
            // That a folder further up cannot be made shows at the last one.
            guard made == 0 || errno == EEXIST || end != bytes.endIndex else { throw .system() }
        }
        let number = path.withRawCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else { throw .system() }
        return Descriptor(owning: number)
    }
}
