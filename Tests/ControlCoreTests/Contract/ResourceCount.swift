import CMalloc
import Glibc

/// What this process has at the moment.
struct ResourceCount: CustomStringConvertible {
    let descriptors: Int
    let threads: Int
    /// Bytes that are allocated on the heap.
    let memory: Int

    /// Counts now.
    static func now() -> ResourceCount {
        let heap = mallinfo2()
        return ResourceCount(
            descriptors: entries(of: "/proc/self/fd"), threads: entries(of: "/proc/self/task"),
            memory: Int(heap.uordblks) + Int(heap.hblkhd))
    }

    var description: String { "\(descriptors) descriptors, \(threads) threads, \(memory) bytes" }

    /// How many entries a folder has; the one that reads it counts always.
    private static func entries(of path: String) -> Int {
        guard let folder = opendir(path) else { preconditionFailure("every Linux process has \(path)") }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
