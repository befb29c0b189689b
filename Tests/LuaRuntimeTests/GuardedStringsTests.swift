import CLua
import Glibc
import Testing

@testable import LuaRuntime

/// The string library that programs see: what it promises, and that it does what Lua's own does.
@Suite("Guarded strings")
struct GuardedStringsTests {
    /// The limits are the documented ones: the scripts know them. Slow builds need their time.
    private func probe() throws -> Probe {
        var limits = LuaLimits()
        limits.taskBurst = .zero
        limits.slowTaskWarning = .zero
        return try Probe(limits: limits)
    }

    /// Runs a script of the folder `Lua` beside this file and gives what it returned, as text.
    private func run(_ name: String, in probe: Probe) throws -> String? {
        // On one line with the script's first, so that messages name its lines.
        let text = "print((function(...) \(try script(name))\nend)())"
        try probe.run(text, file: name)
        #expect(probe.failures.isEmpty, "\(probe.failures.map { "\($0)" })")
        return probe.printed.last
    }

    private func script(_ name: String) throws -> String {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = (folder + ["Lua", Substring(name)]).joined(separator: "/")
        let file = try #require(fopen(path, "r"), "\(path) cannot be read")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("The string library keeps its promises")
    func promises() throws {
        // It returns nothing; a broken promise is an error.
        #expect(try run("guarded_strings.lua", in: probe()) == "")
    }

    @Test("Random patterns give what Lua's own string library gives")
    func agreesWithStock() throws {
        let probe = try probe()
        setStock(probe.runtime)
        #expect(try run("guarded_strings_against_stock.lua", in: probe) == "true")
    }

    /// Defines `stock`, Lua's own string library. Only a lack of memory could raise here.
    private func setStock(_ runtime: LuaRuntime) {
        let L = runtime.L
        // Opening the library also makes it the one of every string: the guarded one is put back.
        lua_pushstring(L, "")
        lua_getmetatable(L, -1)
        lua_pushcclosure(L, luaopen_string, 0)
        lua_callk(L, 0, 1, 0, nil)
        lua_setglobal(L, "stock")
        lua_setmetatable(L, -2)
        lua_settop(L, -2)
    }
}
