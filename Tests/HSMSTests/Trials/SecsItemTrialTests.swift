import Bytes
import HSMS
import Testing

/// Items that are deep, that hold one part many times, or whose texts are no ASCII.
@Suite("SECS-II items at their bounds")
struct SecsItemTrialTests {
    private func doubled(_ times: Int, _ leaf: SecsItem = "x") -> SecsItem {
        (0..<times).reduce(leaf) { item, _ in [item, item] }
    }

    private func nested(_ depth: Int) -> SecsItem { (1..<depth).reduce([]) { item, _ in [item] } }

    // MARK: - Size

    @Test("The size of an item is that of its bytes, whatever it holds")
    func size() throws {
        for (item, _) in SmlTests.texts {
            #expect(try item.encodedBytes == item.encoded().readableBytes)
        }
        let long: SecsItem = [
            .ascii([UInt8](repeating: 65, count: 70_000)), .u8([UInt64](repeating: 1, count: 300)), [],
        ]
        #expect(try long.encodedBytes == long.encoded().readableBytes)
        #expect(long.itemCount == 4)
        #expect(long.depth == 2)
        #expect(long.valueCount == 1 + 1 + 301 + 1)
        #expect(long.heldBytes > long.encodedBytes)
        // Other spellings are counted as they were read.
        let spelt = try #require(try SecsItem.decode([0x03, 0, 0, 1, 0x42, 0, 1, 0x61]))
        #expect(spelt.encodedBytes == 8)
    }

    @Test("An item that holds itself twice, again and again, is told to be too large before anything is made of it")
    func shared() throws {
        let item = doubled(40)
        let other = doubled(40)
        #expect(item.itemCount == Int(UInt32.max))
        #expect(throws: SecsEncodingError.tooLarge(bytes: Int(UInt32.max), items: Int(UInt32.max))) {
            try item.encoded()
        }
        #expect(throws: SecsEncodingError.self) { try item.sml() }
        #expect(throws: SecsEncodingError.self) { try item.checkValues() }
        #expect(item.description.contains("over the limit"))
        #expect(item == item)
        #expect(item != other)
        var set: Set<SecsItem> = [item, other]
        set.insert(item)
        #expect(set.count == 2)
    }

    @Test("Items of a million parts are still written, and one part more is not")
    func largest() throws {
        let parts = [SecsItem](repeating: .u1(1), count: SecsLimits.mostItems - 1)
        #expect(try SecsItem.list(parts).encoded().readableBytes == 4 + 3 * parts.count)
        #expect(throws: SecsEncodingError.self) { try SecsItem.list(parts + [.u1(1)]).encoded() }
    }

    @Test("A list of numbers has a value for each, and more of them than a table should have are told")
    func manyValues() throws {
        let item = SecsItem.u1([UInt8](repeating: 1, count: SecsLimits.mostItems))
        #expect(throws: SecsEncodingError.tooManyValues(SecsLimits.mostItems + 1)) { try item.checkValues() }
        #expect(try item.encoded().readableBytes == 4 + SecsLimits.mostItems)
    }

    // MARK: - Depth

    @Test("Items as deep as they may be are compared, hashed, printed, written, read and released")
    func deepest() throws {
        let item = nested(SecsLimits.deepest)
        #expect(item.depth == SecsLimits.deepest)
        #expect(item == nested(SecsLimits.deepest))
        #expect(item.hashValue == nested(SecsLimits.deepest).hashValue)
        #expect(item != nested(SecsLimits.deepest - 1))
        let limits = SecsLimits(maximumDepth: SecsLimits.deepest)
        #expect(try SecsItem.decode(item.encoded(), limits: limits) == item)
        #expect(try SecsItem(sml: item.sml()) == item)
        #expect(item.value == nested(SecsLimits.deepest).value)
        // A message around it is no harm, and is told when it is written.
        let wrapped: SecsItem = [[item]]
        #expect(throws: SecsEncodingError.tooDeep) { try wrapped.encoded() }
        #expect(wrapped == [[nested(SecsLimits.deepest)]])
    }

    @Test("Items differ where they differ, at any place and depth")
    func comparison() {
        let left: SecsItem = [[.u1(1), ["a", []]], .u1(2)]
        #expect(left == [[.u1(1), ["a", []]], .u1(2)])
        #expect(left != [[.u1(1), ["b", []]], .u1(2)])
        #expect(left != [[.u1(1), ["a", []]], .u1(3)])
        #expect(left != [[.u1(1), [[], "a"]], .u1(2)])
        #expect(left != [[.u1(1), ["a"], []], .u1(2)])
        let different = Set([left, [[.u1(1), ["a", []]], .u1(2)], [[.u1(1), ["b", []]], .u1(2)]])
        #expect(different.count == 2)
    }

    // MARK: - SML

    @Test("SML that is too long, too deep or of too many items is refused")
    func sml() throws {
        let long = [UInt8](repeating: 0x20, count: SecsLimits.longestSMLRead + 1)
        #expect(throws: SmlError.self) { try SecsItem(sml: long) }
        let text = "<L " + String(repeating: "<L>", count: SecsLimits.mostItems) + ">"
        let error = #expect(throws: SmlError.self) { try SecsItem(sml: text) }
        #expect(error?.message == "there are over \(SecsLimits.mostItems) items")
        let word = #expect(throws: SmlError.self) { try SecsItem(sml: "<U1 " + String(repeating: "9", count: 100_000)) }
        #expect((word?.message.count ?? .max) < 100)
    }

    @Test("What stands in the quotes of a C2 keeps its bytes, whatever they are")
    func smlBytes() throws {
        let text: [UInt8] = Array("<C2 2 \"".utf8) + [0xE9, 0xC3, 0x84] + Array("\">".utf8)
        #expect(
            try SecsItem(sml: text)
                == .localized(LocalizedText(encoding: LocalizedText.utf8, bytes: [0xE9, 0xC3, 0x84])))
    }

    // MARK: - Texts

    @Test("Texts of GEM keep their bytes, and people read them as Latin-1")
    func texts() throws {
        let text = SecsText([0xB0, 0x43])
        #expect(SecsItem.ascii(text) == .ascii([0xB0, 0x43]))
        #expect(SecsItem.ascii([0xB0, 0x43] as [UInt8]).secsText == text)
        #expect(text.description == "°C")
        #expect(GemID(.ascii(text)) == .text(text))
        #expect(GemID.text(text).item() == .ascii(text))
        #expect(SecsItem.jis8([0xB1]).secsText == SecsText([0xB1]))
        #expect(SecsItem.u1(1).secsText == nil)
    }

    @Test("A time that no clock can tell is no time")
    func times() throws {
        let pair = try GemPair()
        for text in ["9999123123595999", "9999-12-31T23:59:59Z", "2262-04-12T00:00:00.5+00:00", "\u{B2}"] {
            let item = SecsItem.ascii(text)
            let reply = try pair.result {
                pair.host.send(
                    SecsMessage(stream: 2, function: 31, expectsReply: true, item: item), completion: $0)
            }
            #expect(try reply.get()?.item?.byte == 1)
        }
        #expect(pair.equipment.isCommunicating)
    }

    // MARK: - What a peer may make this side keep

    @Test("A host may not define more reports than there is space for")
    func reports() throws {
        let pair = try GemPair { equipment in
            try equipment.variables.add(statusVariable: GemVariable(id: 10, name: "Pressure", value: .u4(7)))
            try equipment.events.add(GemEvents.Event(id: 100, name: "Started"))
        }
        let variables = [GemID](repeating: 10, count: 10_000)
        var codes: [UInt8] = []
        for report in UInt64(1)...11 {
            codes.append(
                try pair.answer { pair.host.define(report: .number(report), variables: variables, completion: $0) })
        }
        #expect(codes == [UInt8](repeating: 0, count: 10) + [1])
        let linked = [GemID](repeating: 1, count: 11)
        #expect(try pair.answer { pair.host.link(event: 100, reports: linked, completion: $0) } == 1)
        #expect(try pair.answer { pair.host.link(event: 100, reports: [1, 2], completion: $0) } == 0)
        #expect(try pair.answer { pair.host.deleteReports(completion: $0) } == 0)
        #expect(try pair.answer { pair.host.define(report: 1, variables: variables, completion: $0) } == 0)
    }

    @Test("The store of process programs is bounded in number and bytes")
    func programs() throws {
        let pair = try GemPair()
        pair.equipment.processPrograms.maximumPrograms = 2
        pair.equipment.processPrograms.maximumBytes = 10_000
        func send(_ id: SecsText, _ count: Int) throws -> GemProcessPrograms.Acknowledge {
            try pair.answer {
                pair.host.processPrograms.send(
                    id, body: .binary([UInt8](repeating: 1, count: count)), completion: $0)
            }
        }
        #expect(try send("a", 1_000) == .accepted)
        #expect(try send("a", 9_000) == .accepted)
        #expect(try send("b", 2_000) == .overflow)
        #expect(try send("a", 10) == .accepted)
        #expect(try send("b", 2_000) == .accepted)
        #expect(try send("c", 1) == .overflow)
        #expect(
            try pair.answer { pair.host.processPrograms.announce("c", length: 1, completion: $0) } == .noSpace)
        #expect(pair.equipment.processPrograms.heldBytes < 10_000)
    }

    @Test("Many faulty parameters of a command are told in time")
    func parameters() throws {
        let pair = try GemPair { equipment in
            try equipment.commands.add(GemRemoteCommands.Command("START", parameters: ["LOT"]) { $0.reply(.done) })
        }
        let faulty = (0..<10_000).map { (name: SecsText("P\($0)"), value: SecsItem.u1(1)) }
        let reply = try pair.answer { pair.host.command("START", parameters: faulty, completion: $0) }
        #expect(reply.code == 3)
        #expect(reply.faults.map(\.name) == faulty.map(\.name))
        let more = faulty + [(name: "Q", value: .u1(1))]
        #expect(throws: SecsFailure.errorMessage(.illegalData)) {
            try pair.answer { pair.host.command("START", parameters: more, completion: $0) }
        }
    }
}
