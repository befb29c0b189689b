import Foundation
import Testing

/// docs/embedding.md builds a package file by file. The files in the folder Embedding are these, word for word, and
/// make the executable EmbeddedRoom. `scripts/embedding` builds them in a package of their own.
@Suite("Embedding")
struct EmbeddingTests {
    /// What stands between two fences.
    private struct Block {
        let language: String
        let text: String

        /// The first line.
        var head: String { String(text.prefix { $0 != "\n" }) }
        /// What follows it.
        var rest: String { String(text.dropFirst(head.count + 1)) }
    }

    private static let sources = "Sources/Room/"
    private static let end = "// at the end of Sources/Room/main.swift"

    private let blocks: [Block]

    init() throws {
        var blocks: [Block] = []
        var open: (language: String, text: String)?
        for line in try ProjectFiles.text(of: "docs/embedding.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if let (language, text) = open {
                if line == "```" {
                    blocks.append(Block(language: language, text: text))
                    open = nil
                } else {
                    open = (language, text + line + "\n")
                }
            } else if line.hasPrefix("```") {
                open = (String(line.dropFirst(3)), "")
            }
        }
        try #require(open == nil, "the last block has no end")
        self.blocks = blocks
    }

    /// The sources that the document shows, whole, by their names.
    private func shownSources() throws -> [String: String] {
        var files: [String: String] = [:]
        for block in blocks where block.language == "swift" {
            if block.head == Self.end {
                files["main.swift"] = try #require(files["main.swift"], "nothing to add to: \(block.text)") + block.rest
            } else if block.head.hasPrefix("// \(Self.sources)") {
                let name = String(block.head.dropFirst("// \(Self.sources)".count))
                #expect(files[name] == nil, "\(name) is there twice")
                files[name] = block.text
            } else {
                #expect(block.head.hasPrefix("// swift-tools-version: "), "of no file: \(block.text)")
            }
        }
        return files
    }

    /// The manifest that the document shows.
    private func shownManifest() throws -> String {
        let manifests = blocks.filter { $0.head.hasPrefix("// swift-tools-version: ") }
        #expect(manifests.count == 1)
        return try #require(manifests.first).text
    }

    @Test("Every block of the document is a source, the manifest, the program, a command or what is printed")
    func inventory() {
        #expect(blocks.filter { $0.language == "text" }.count >= 12)
        #expect(blocks.filter { $0.language == "lua" }.map(\.head) == ["-- main.lua"])
        for block in blocks {
            #expect(["swift", "lua", "sh", "text"].contains(block.language), "\(block.text)")
        }
    }

    @Test("The sources of the document are those that are compiled here, and no other is")
    func compiled() throws {
        let shown = try shownSources()
        #expect(try ProjectFiles.names(in: "Tests/LecternTests/Embedding") == shown.keys.sorted())
        for (name, text) in shown {
            #expect(try ProjectFiles.text(of: "Tests/LecternTests/Embedding/\(name)") == text, "\(name)")
        }
    }

    @Test("Every function and class of the document is used in its sources")
    func used() throws {
        let code = try shownSources().values.joined()
        let names = code.matches(of: /(?m)^(?:func|final class) (\w+)/).map { $0.output.1 }
        #expect(names.count > 15)
        for name in names {
            let uses = code.ranges(of: "\(name)(").count
            let declarations = code.ranges(of: "func \(name)(").count
            #expect(uses > declarations, "\(name) is never called")
        }
    }

    @Test("The manifest of the document names products and versions of this package")
    func manifest() throws {
        let shown = try shownManifest()
        let own = try ProjectFiles.text(of: "Package.swift")
        #expect(shown.prefix { $0 != "\n" } == own.prefix { $0 != "\n" })
        #expect(own.contains("name: \"lectern\""))
        for match in shown.matches(of: /\.package\(url: .*\)/) {
            #expect(own.contains(match.output), "\(match.output)")
        }
        let products = shown.matches(of: /\.product\(name: "(\w+)", package: "lectern"\)/).map { $0.output.1 }
        #expect(products.count == 5)
        for product in products { #expect(own.contains(".library(name: \"\(product)\""), "\(product)") }
    }

    @Test("The document names the packages that the build needs")
    func systemPackages() throws {
        let listed = try ProjectFiles.text(of: "scripts/lib/packages.sh")
        let command = "sudo apt-get install "
        let heads = blocks.filter { $0.language == "sh" }.map(\.head)
        #expect(heads.allSatisfy { $0 == "swift run" || $0.hasPrefix(command) })
        let named = heads.filter { $0.hasPrefix(command) }.flatMap { $0.dropFirst(command.count).split(separator: " ") }
        for package in named { #expect(listed.contains(package), "\(package)") }
        for match in try ProjectFiles.text(of: "Package.swift").matches(of: /\.apt\(\["([^"]+)"\]\)/) {
            #expect(named.contains(match.output.1), "\(match.output.1)")
        }
    }

    @Test("The sources of the document print what it says")
    func printed() throws {
        let program = try #require(blocks.first { $0.language == "lua" })
        let shown = Self.comparable(blocks.filter { $0.language == "text" }.map(\.text).joined())
        try ProjectFiles.withFolder(of: ["main.lua": program.text]) { folder in
            let (output, errors) = try run(in: folder)
            // swift-log writes to standard error.
            #expect(Self.comparable(errors) == shown.filter { $0.contains(" room: ") })
            #expect(Self.comparable(output) == shown.filter { !$0.contains(" room: ") })
        }
    }

    /// The lines of a text without what differs from run to run. Tabs are spaces in the document.
    private static func comparable(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            String(line).replacing(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d{4}|Z)?/, with: "TIME")
                .replacing(/[ \t]+/, with: " ")
        }
    }

    /// Runs what is compiled here to its end.
    private func run(in folder: String) throws -> (output: String, errors: String) {
        // Beside the tests that run.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("EmbeddedRoom")
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both are short: neither pipe fills while the other one is read.
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let logged = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(printed)\(logged)")
        return (printed, logged)
    }
}
