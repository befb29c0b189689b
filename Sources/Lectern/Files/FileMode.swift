internal import Glibc
internal import LuaRuntime

/// How a program opens a file, as Python's `open` has it: `r`, `w`, `a` or `x`, with `+`, `b` or `t`.
struct FileMode {
    let canRead: Bool
    let canWrite: Bool
    /// Whether it begins at the end, where all that is written goes.
    let appends: Bool
    /// For `open`.
    let flags: CInt

    init(_ mode: String) throws(LuaFault) {
        let letters = Set(mode)
        let isUpdating = letters.contains("+")
        let base = letters.intersection(["r", "w", "a", "x"])
        guard base.count == 1, letters.count == mode.count, letters.isSubset(of: ["r", "w", "a", "x", "+", "b", "t"]),
            !letters.isSuperset(of: ["b", "t"]), let kind = base.first
        else {
            throw LuaFault(
                .valueError, "argument 'mode' of File must be 'r', 'w', 'a' or 'x', with '+', 'b' or 't', got '\(mode)'"
            )
        }
        canRead = kind == "r" || isUpdating
        canWrite = kind != "r" || isUpdating
        appends = kind == "a"
        var flags = canRead ? (canWrite ? O_RDWR : O_RDONLY) : O_WRONLY
        switch kind {
        case "w": flags |= O_CREAT | O_TRUNC
        case "a": flags |= O_CREAT | O_APPEND
        case "x": flags |= O_CREAT | O_EXCL
        default: break
        }
        self.flags = flags
    }
}
