import Glibc
import LuaRuntime

/// The suite's other ways to run: `LECTERN_TEST_MEMORY` forces a low memory limit on every state that a test opens.
enum ForcedLimits {
    static func apply(to limits: LuaLimits) -> LuaLimits {
        guard let text = getenv("LECTERN_TEST_MEMORY"), let bytes = Int(String(cString: text)) else { return limits }
        var forced = limits
        forced.memoryBytes = bytes
        return forced
    }
}
