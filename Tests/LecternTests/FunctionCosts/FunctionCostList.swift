import Foundation
import Lectern
import LuaRuntime
import ProgramFuzzing

/// The list of all that a program can call, with its cost and its costliest legal call; see costs.txt, which tells its
/// form.
struct FunctionCostList {
    /// A call that is measured, for one name.
    struct Entry: CustomStringConvertible {
        /// Where the name is: `_G`, a table, a class, `file`, `language`.
        let place: String
        let name: String
        let cost: String
        /// What is made ready before.
        let setup: String
        let call: String
        let line: Int

        var description: String { "\(place).\(name), line \(line) of costs.txt" }

        /// Whether nothing in it can take long: such calls are measured together.
        var isCheap: Bool { cost == "O(1)" }
    }

    /// A line that has not the form that costs.txt tells.
    struct BadLine: Error { let number: Int }

    let entries: [Entry]

    /// Reads the list.
    init() throws {
        let text = try ProjectFiles.text(of: "Tests/LecternTests/FunctionCosts/costs.txt")
        var entries: [Entry] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let number = index + 1
            guard let colon = line.firstIndex(of: ":"),
                case let columns = line[line.index(after: colon)...].split(separator: " | ", maxSplits: 2),
                columns.count == 3, let gap = columns[2].range(of: ";; ")
            else { throw BadLine(number: number) }
            for place in line[..<colon].split(separator: "/").map(String.init) {
                for name in columns[0].split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                    func filled(_ text: Substring) -> String {
                        String(text.replacing("$C", with: place).replacing("$M", with: name))
                    }
                    entries.append(
                        Entry(
                            place: place, name: name, cost: columns[1].trimmingCharacters(in: .whitespaces),
                            setup: filled(columns[2][..<gap.lowerBound]), call: filled(columns[2][gap.upperBound...]),
                            line: number))
                }
            }
        }
        self.entries = entries
    }

    /// All that needs an entry, as `place.name`.
    static func needed() throws -> Set<String> {
        let surface = try ProgramSurface()
        var names = Set(surface.paths.map { $0.contains(".") ? $0 : "_G.\($0)" })
        names.formUnion(surface.stringMethods.map { "string.\($0)" })
        for of in surface.classes {
            for member in of.members {
                switch member.kind {
                case .property:
                    names.insert("\(of.name).\(member.name)")
                    if member.isWritable { names.insert("\(of.name).\(member.name)=") }
                case .method, .constructor: names.insert("\(of.name).\(member.name)")
                case .event: break
                }
            }
        }
        names.formUnion(surface.fileMethods.map { "file.\($0)" })
        return names
    }
}
