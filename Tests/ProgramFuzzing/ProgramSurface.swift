internal import ControlCore
internal import Foundation
internal import Lectern
package import LuaRuntime

/// All that a program can call, found at run time: what is added to the product later is here by itself.
package struct ProgramSurface: Sendable {
    /// Declared classes with constructor, properties, methods and events.
    package let classes: [ClassSurface]
    /// Declared functions; those of a table have its name before a dot.
    package let functions: [ClassSurface.Member]
    /// The paths of all functions that a walk of the globals finds, such as `string.rep`; declared ones included.
    package let paths: [String]
    /// The names of the methods of strings.
    package let stringMethods: [String]
    /// The names of the methods of what `io.open` gives.
    package let fileMethods: [String]

    /// Lua text that prints a line for each function below the globals, and one for each method of strings.
    private static let walk = """
        local lines = {}
        local _ = math.isclose, time.localtime -- what is added to these comes with the first of it
        local function add(prefix, t)
            for name, value in next, t do
                local path = prefix .. tostring(name)
                if type(value) == 'function' then lines[#lines + 1] = path end
                local deeper = type(value) == 'table' and name ~= '_G' and name ~= 'package'
                if deeper and prefix == '' then add(path .. '.', value) end
            end
        end
        add('', _G)
        local index = getmetatable('').__index
        for name, value in next, type(index) == 'table' and index or string do
            if type(value) == 'function' then lines[#lines + 1] = ':' .. name end
        end
        local file = io and io.open('lectern-surface.tmp', 'w')
        if file then
            -- Their metatable is not shown, so their names are asked for one by one.
            for _, name in ipairs({'close', 'flush', 'lines', 'read', 'seek', 'setvbuf', 'write'}) do
                if file[name] then lines[#lines + 1] = '=' .. name end
            end
            file:close()
            os.remove('lectern-surface.tmp')
        end
        table.sort(lines)
        print(table.concat(lines, '\\n'))
        """

    /// Reads the surface of a profile from a program that runs in a stage of its own.
    package init(profile: LuaProfile = .standard) throws {
        let folder = NSTemporaryDirectory() + "lectern-surface-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = MemoryLog(capacity: 10)
        let world = SimulatedWorld(seed: 1)
        var configuration = ProgramConfiguration()
        configuration.profile = profile
        configuration.limits.taskBurst = .seconds(30)
        let program = try Program(
            source: .text(Self.walk, folder: folder),
            environment: world.environment(named: "surface", address: "10.0.0.1"), configuration: configuration,
            log: log, register: { $0.openLibraries() })
        try program.start()
        classes = program.runtime.surface
        functions = program.runtime.globalFunctions
        let lines = (log.entries.first?.text ?? "").split(separator: "\n").map(String.init)
        program.stop()
        paths = lines.filter { !$0.hasPrefix(":") && !$0.hasPrefix("=") }
        fileMethods = lines.filter { $0.hasPrefix("=") }.map { String($0.dropFirst()) }
        stringMethods = lines.filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
    }
}
