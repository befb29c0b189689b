import ControlCore
import Foundation
import Glibc
import LoopTesting
import Testing

@Suite("A file that outlives whatever ends the process")
struct KeptFileTests {
    /// A folder that goes with the test, and the file in it.
    private final class Scene {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func file(_ calls: WholeFile.Calls = WholeFile.Calls()) -> KeptFile {
            KeptFile(folder: "\(path)/kept", name: "values", limit: 1 << 20, calls: calls)
        }

        func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/kept/\(name)", encoding: .utf8) }

        var names: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/kept")) ?? []).sorted()
        }

        /// What the next process finds. Good is what begins with `good`.
        func found() throws -> (text: String?, troubles: [String]) {
            let file = file()
            defer { file.close() }
            let found = try file.open(judge: Self.judge)
            return (found.bytes.map { String(decoding: $0, as: UTF8.self) }, found.troubles)
        }

        static func judge(_ bytes: [UInt8]) -> String? {
            bytes.starts(with: "good".utf8) && bytes.last == UInt8(ascii: "!") ? nil : "it is not good"
        }
    }

    private static func bytes(_ number: Int) -> [UInt8] { Array("good \(number), whatever comes!".utf8) }

    @Test("What was written is found by the next process, and the content before is beside it")
    func copy() throws {
        let scene = try Scene()
        let file = scene.file()
        #expect(try file.open(judge: Scene.judge).bytes == nil)
        for turn in 1...3 { try file.replace(with: Self.bytes(turn), turn: turn) }
        file.close()
        #expect(scene.text("values") == "good 3, whatever comes!")
        #expect(scene.text("values.last") == "good 2, whatever comes!")
        let found = try scene.found()
        #expect(found.text == "good 3, whatever comes!")
        #expect(found.troubles == [])
        #expect(scene.names == ["lock", "values", "values.last"])
    }

    @Test("A damaged file is put aside, and the copy is used; so is a copy that is damaged too")
    func damage() throws {
        let scene = try Scene()
        let file = scene.file()
        _ = try file.open(judge: Scene.judge)
        for turn in 1...2 { try file.replace(with: Self.bytes(turn), turn: turn) }
        file.close()
        try "goo".write(toFile: "\(scene.path)/kept/values", atomically: false, encoding: .utf8)
        let first = try scene.found()
        #expect(first.text == "good 1, whatever comes!")
        #expect(
            first.troubles == [
                "\(scene.path)/kept/values is damaged: it is not good; it is kept as 'values.damaged'",
                "the copy from before, 'values.last', is used",
            ])
        #expect(scene.text("values.damaged") == "goo")
        try "ba".write(toFile: "\(scene.path)/kept/values.last", atomically: false, encoding: .utf8)
        let second = try scene.found()
        #expect(second.text == nil)
        #expect(second.troubles.count == 1)
        #expect(scene.names == ["lock", "values.damaged", "values.last.damaged"])
    }

    @Test("A second process does not get the folder, and gets it when the first one lets go")
    func lock() throws {
        let scene = try Scene()
        let first = scene.file()
        _ = try first.open(judge: Scene.judge)
        let second = scene.file()
        let refusal = FileFailure.refused("is in use by another program, of process \(getpid())")
        #expect(throws: refusal) { try second.open(judge: Scene.judge) }
        #expect(throws: refusal) { try second.replace(with: Self.bytes(1), turn: 1) }
        first.close()
        #expect(try second.open(judge: Scene.judge).bytes == nil)
        try second.replace(with: Self.bytes(2), turn: 1)
        #expect(scene.text("values") == "good 2, whatever comes!")
        // Closed, it writes no more: the folder may be another one's.
        try first.replace(with: Self.bytes(3), turn: 9)
        #expect(scene.text("values") == "good 2, whatever comes!")
    }

    @Test("An older content does not take the place of a newer one")
    func turns() throws {
        let scene = try Scene()
        let file = scene.file()
        try file.replace(with: Self.bytes(2), turn: 2)
        try file.replace(with: Self.bytes(1), turn: 1)
        #expect(scene.text("values") == "good 2, whatever comes!")
    }

    /// Calls that work until `count` of them were made and `bytes` bytes were written, and then fail for ever. What was
    /// begun stays, as a process leaves it that is ended there.
    private static func calls(ending count: Int, _ bytes: Int, hasLinks: Bool) -> WholeFile.Calls {
        let left = Locked((calls: count, bytes: bytes))
        @Sendable func mayCall() -> Bool {
            left.withLock { left in
                left.calls -= 1
                return left.calls >= 0
            }
        }
        var calls = WholeFile.Calls()
        let system = calls
        calls.write = { file, start, count in
            guard mayCall() else {
                errno = EIO
                return -1
            }
            let allowed = left.withLock { left in
                defer { left.bytes = max(left.bytes - count, 0) }
                return min(left.bytes, count)
            }
            guard allowed > 0 else {
                left.withLock { $0.calls = 0 }
                errno = EIO
                return -1
            }
            return system.write(file, start, allowed)
        }
        calls.sync = { mayCall() ? system.sync($0) : -1 }
        calls.rename = { mayCall() ? system.rename($0, $1, $2) : -1 }
        calls.link = { folder, from, to in
            guard mayCall() else { return -1 }
            guard hasLinks else {
                errno = EPERM
                return -1
            }
            return system.link(folder, from, to)
        }
        return calls
    }

    @Test(
        "A process that ends at any byte or any call leaves the content of before or the new one",
        arguments: [true, false])
    func crashes(hasLinks: Bool) throws {
        for (calls, bytes) in (0..<12).map({ ($0, 1_000) }) + (0..<60).map({ (1_000, $0) }) {
            let scene = try Scene()
            let before = scene.file()
            _ = try before.open(judge: Scene.judge)
            for turn in 1...2 { try before.replace(with: Self.bytes(turn), turn: turn) }
            before.close()
            let ending = scene.file(Self.calls(ending: calls, bytes, hasLinks: hasLinks))
            let failure = Result { try ending.replace(with: Self.bytes(3), turn: 1) }
            ending.close()
            // What a process leaves that is ended in the middle, besides.
            try "good".write(toFile: "\(scene.path)/kept/.lectern-1-0.tmp", atomically: false, encoding: .utf8)
            let found = try scene.found()
            let expected = (try? failure.get()) != nil ? [3] : [2, 3]
            #expect(
                expected.contains { found.text == String(decoding: Self.bytes($0), as: UTF8.self) },
                "\(calls) calls, \(bytes) bytes: \(found)")
            #expect(found.troubles == [])
            #expect(scene.names.filter { $0.hasSuffix(".tmp") } == [])
            #expect(Scene.judge(Array((scene.text("values.last") ?? "").utf8)) == nil)
        }
    }

    @Test("Without second names the copy is written anew")
    func withoutLinks() throws {
        let scene = try Scene()
        let file = scene.file(Self.calls(ending: .max, .max, hasLinks: false))
        for turn in 1...3 { try file.replace(with: Self.bytes(turn), turn: turn) }
        #expect(scene.text("values.last") == "good 2, whatever comes!")
        #expect(scene.text("values") == "good 3, whatever comes!")
    }
}
