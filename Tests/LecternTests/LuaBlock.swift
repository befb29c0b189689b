import Testing

/// A block of Lua in a document, with what it says about itself.
///
/// - A first line `-- name.lua` gives it a file name, under which the blocks that follow may require it.
/// - Lines with `-- prints: text` tell all that is printed, in order; one with `-- prints: ...` lets anything follow.
/// - Lines with `-- logs: text` tell how the error entries of the log begin, in order.
/// - A block that is fenced as `lua fragment: reason` is not run.
struct LuaBlock: Sendable, CustomTestStringConvertible {
    let document: String
    let line: Int
    let text: String
    /// Why it cannot run alone; nil for a program.
    let fragmentReason: String?

    var testDescription: String { "\(document):\(line)" }

    /// The file that it is, if it says so.
    var file: String? {
        guard let first = text.split(separator: "\n").first, first.hasPrefix("-- "), first.hasSuffix(".lua") else {
            return nil
        }
        let name = first.dropFirst(3)
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" } ? String(name) : nil
    }

    var prints: [String] { remarks("-- prints: ") }

    var logs: [String] { remarks("-- logs: ") }

    private func remarks(_ mark: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            line.firstRange(of: mark).map { String(line[$0.upperBound...]) }
        }
    }

    /// The Lua blocks of a document, in order.
    static func all(in text: String, of document: String) -> [LuaBlock] {
        var blocks: [LuaBlock] = []
        var open: (line: Int, reason: String?, lines: [Substring])?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let block = open {
                if line == "```" {
                    blocks.append(
                        LuaBlock(
                            document: document, line: block.line, text: block.lines.joined(separator: "\n") + "\n",
                            fragmentReason: block.reason))
                    open = nil
                } else {
                    open?.lines.append(line)
                }
            } else if line == "```lua" {
                open = (index + 1, nil, [])
            } else if line.hasPrefix("```lua") {
                open = (index + 1, String(line.dropFirst("```lua ".count)), [])
            }
        }
        return blocks
    }
}
