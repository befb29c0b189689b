import Glibc
import LuaRuntime
import Testing

/// The suite's other ways to run: `LECTERN_TEST_MEMORY` forces a low memory limit on every state that a test opens.
enum ForcedLimits {
    static func apply(to limits: LuaLimits) -> LuaLimits {
        guard let text = getenv("LECTERN_TEST_MEMORY"), let bytes = Int(String(cString: text)) else { return limits }
        var forced = limits
        forced.memoryBytes = bytes
        return forced
    }
}

extension Trait where Self == ConditionTrait {
    /// Left out where every state has a low memory limit: the test needs more to show what it is about.
    static var needsMemory: Self {
        .enabled(if: getenv("LECTERN_TEST_MEMORY") == nil, "the low memory limit leaves it too little")
    }
}
