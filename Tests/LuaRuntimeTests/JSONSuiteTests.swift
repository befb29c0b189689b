import Glibc
import LuaRuntime
import Testing

/// Nicolas Seriot's JSON Parsing Test Suite, in the folder `JSONSuite`: what begins with `y_` is JSON, with `n_` is
/// none, and with `i_` is left open.
@Suite("The JSON parsing test suite")
struct JSONSuiteTests {
    private static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return (parts + ["JSONSuite"]).joined(separator: "/")
    }()

    static let names: [String] = {
        guard let directory = opendir(folder) else { return [] }  // none: then the inventory fails
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".json") { names.append(name) }
        }
        return names.sorted()
    }()

    /// What is left open and accepted; the rest of it is refused.
    private static let accepted: Set = [
        "i_number_double_huge_neg_exp.json", "i_number_real_underflow.json", "i_number_too_big_neg_int.json",
        "i_number_too_big_pos_int.json", "i_number_very_big_negative_int.json", "i_structure_500_nested_arrays.json",
        "i_structure_UTF-8_BOM_empty_object.json",
    ]

    /// Lua text that gives the bytes.
    private static func literal(_ bytes: [UInt8]) -> String {
        "'"
            + bytes.map { byte in
                let digits = String(byte)
                return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }.joined() + "'"
    }

    @Test("A text of the suite is read when it is JSON and refused when it is none", arguments: names)
    func file(_ name: String) throws {
        let file = try #require(fopen("\(Self.folder)/\(name)", "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        let probe = try Probe(limits: ContainmentTests.patient())
        // What is read is written and read again, with the same result.
        try probe.run(
            """
            local ok, value = pcall(json.decode, \(Self.literal(bytes)))
            if not ok then print(value.kind, (value.message:find('json.decode: line %d+, column %d+'))) return end
            local text = json.encode(value, {sort_keys = true})
            print(text == json.encode(json.decode(text), {sort_keys = true}))
            """)
        let isRead = name.hasPrefix("y_") || Self.accepted.contains(name)
        #expect(probe.printed == [isRead ? "true" : "ValueError\t1"], "\(probe.failures)")
    }

    @Test("The suite is there as a whole")
    func inventory() {
        #expect(Self.names.count { $0.hasPrefix("y_") } == 95)
        #expect(Self.names.count { $0.hasPrefix("n_") } == 188)
        #expect(Self.names.count { $0.hasPrefix("i_") } == 35)
        #expect(Self.accepted.isSubset(of: Self.names))
    }
}
