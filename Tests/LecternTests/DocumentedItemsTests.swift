import Lectern
import LuaRuntime
import Testing

/// The tables of docs/connection-handlers.md that say what is there and what tests it are true.
@Suite("The table of the connection handlers")
struct DocumentedItemsTests {
    /// The cells of the rows below `heading`, table after table.
    private func rows() throws -> [[String]] {
        let text = try ProjectFiles.text(of: "docs/connection-handlers.md")
        let start = try #require(text.firstRange(of: "## What is here, and what tests it"))
        return text[start.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
    }

    /// What is quoted as code in a cell, up to a parenthesis.
    private func names(in cell: String) -> [String] {
        cell.matches(of: /`([^`(]+)[^`]*`/).map { String($0.1) }
    }

    @Test("Every test that the tables name is there")
    func tests() throws {
        let rows = try rows()
        #expect(rows.count > 35)
        for row in rows where row.last != "Test" {
            let tests = names(in: row.last ?? "")
            #expect(!tests.isEmpty, "\(row)")
            for test in tests {
                let parts = test.split(separator: ".")
                try #require(parts.count == 2, "\(test)")
                let text = try ProjectFiles.text(of: "Tests/LecternTests/\(parts[0]).swift")
                #expect(text.contains("    func \(parts[1])("), "\(test)")
            }
        }
    }

    @Test("Every member of a handler is in the table, and only for the classes that have it")
    func members() throws {
        let stage = Stage()
        let surface = try stage.start("room", "").program.runtime.surface
        let rows = try rows()
        let header = try #require(rows.first { $0.first == "Member" })
        for (column, title) in header.enumerated().dropFirst().dropLast() {
            let name = title.replacing("\u{AD}", with: "")
            let members = try #require(surface.first { $0.name == name }, "\(name)").members.map(\.name)
            for row in rows where row.count == header.count && row != header {
                let item = try #require(names(in: row[0]).first)
                #expect(members.contains(item) == (row[column] == "yes"), "\(name).\(item)")
            }
        }
    }

    @Test("Every argument of GetConnectionHandler is in the table")
    func arguments() throws {
        let reference = try ProjectFiles.text(of: "docs/reference/connection-handlers.md")
        let heading = try #require(
            reference.split(separator: "\n").first { $0.hasPrefix("### `GetConnectionHandler(") })
        let parameters = heading.matches(of: /\w+/).map { String($0.0) }.dropFirst()
        #expect(parameters.count >= 8)
        let text = try ProjectFiles.text(of: "docs/connection-handlers.md")
        let items = try rows().filter { $0.count == 2 }.flatMap { names(in: $0[0]) }
        for parameter in parameters {
            #expect(text.contains("| `\(parameter)` |"), "\(parameter)")
            // These are Lectern's own; the document has no such arguments.
            let isOwn = ["ConnectedOn", "Retry", "connectRetryLimit"].contains(parameter)
            #expect(items.contains(parameter) || isOwn, "\(parameter)")
        }
    }
}
