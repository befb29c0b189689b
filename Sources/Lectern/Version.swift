internal import LuaRuntime

/// The versions that are in use.
public enum LecternVersion {
    /// The version of Lectern.
    public static let current = "0.1.0"

    /// The release of the Lua library, such as "Lua 5.4.4".
    public static var lua: String { LuaRuntime.luaRelease }
}
