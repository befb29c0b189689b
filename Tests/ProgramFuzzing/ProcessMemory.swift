private import CMalloc
private import Glibc

/// What the process holds, whatever allocator it runs with.
package enum ProcessMemory {
    private typealias Count = @convention(c) () -> Int

    /// The address sanitizer's own count; nil without the sanitizer.
    private static let sanitizerCount: Count? = {
        guard let symbol = dlsym(nil, "__sanitizer_get_current_allocated_bytes") else { return nil }
        return unsafeBitCast(symbol, to: Count.self)  // the sanitizer declares it so: size_t (void)
    }()

    /// Whether the process runs with the address sanitizer.
    package static var isSanitized: Bool { sanitizerCount != nil }

    /// Bytes that were allocated and not released.
    package static var allocatedBytes: Int {
        if let sanitizerCount { return sanitizerCount() }
        let counts = mallinfo2()
        return Int(counts.uordblks) + Int(counts.hblkhd)
    }

    /// Bytes that are resident now.
    package static var residentBytes: Int { statusField("VmRSS:") }

    /// The most bytes that were resident since ``forgetPeak()``.
    package static var peakResidentBytes: Int { statusField("VmHWM:") }

    /// Lets the peak begin anew.
    /// - Returns: false where the system does not allow it.
    @discardableResult
    package static func forgetPeak() -> Bool {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return write(descriptor, "5", 1) == 1
    }

    private static func statusField(_ name: String) -> Int {
        let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        for line in bytes[..<count].split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
            let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return (Int(String(decoding: digits, as: UTF8.self)) ?? 0) << 10
        }
        return 0
    }

    /// Time that the calling thread has computed, in seconds: other processes do not add to it.
    package static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
