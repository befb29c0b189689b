import Glibc

/// The descriptors that this process has open.
enum OpenDescriptors {
    struct Unreadable: Error {}

    static func count() throws -> Int {
        guard let directory = opendir("/proc/self/fd") else { throw Unreadable() }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
