extension SecsItem {
    /// Reads an item in SML, such as `<L [2] <A "START"> <U4 1 2>>`.
    ///
    /// The count in brackets is optional, and is checked. Numbers are decimal or hexadecimal (`0x1F`), texts stand in
    /// double or single quotes with bytes beside them (`"a" 0x0A "b"`), truth values are `T`, `F`, `True` or `False`.
    /// A localized string (`C2`) begins with the code of its encoding. Comments are `//` and `/* */`.
    /// - Throws: ``SmlError`` with line and column.
    public init(sml: String) throws(SmlError) {
        try self.init(sml: Array(sml.utf8))
    }

    /// Reads an item in SML; what stands in the quotes of a `C2` keeps its bytes.
    /// - Throws: ``SmlError`` with line and column.
    public init(sml: [UInt8]) throws(SmlError) {
        var reader = try SmlReader(sml)
        self = try reader.onlyItem()
    }
}

extension SecsMessage {
    /// Reads one message in SML, such as `S1F1 W .`; a name and a colon may stand before it, and stream and function
    /// in quotes.
    /// - Throws: ``SmlError`` with line and column.
    public init(sml: String) throws(SmlError) {
        try self.init(sml: Array(sml.utf8))
    }

    /// Reads one message in SML.
    /// - Throws: ``SmlError`` with line and column.
    public init(sml: [UInt8]) throws(SmlError) {
        var reader = try SmlReader(sml)
        self = try reader.onlyMessage()
    }

    /// Reads any number of messages in SML.
    /// - Throws: ``SmlError`` with line and column.
    public static func messages(sml: String) throws(SmlError) -> [SecsMessage] {
        var reader = try SmlReader(Array(sml.utf8))
        return try reader.messages()
    }
}

/// Reads SML.
struct SmlReader {
    private var scanner: SmlScanner
    /// How many items of the message were read.
    private var items = 0

    /// - Throws: when the text is longer than ``SecsLimits/longestSMLRead``.
    init(_ text: [UInt8]) throws(SmlError) {
        scanner = SmlScanner(text)
        guard text.count <= SecsLimits.longestSMLRead else {
            throw scanner.error(
                "the text has \(text.count) bytes, and at most \(SecsLimits.longestSMLRead) are read at once")
        }
    }

    mutating func onlyItem() throws(SmlError) -> SecsItem {
        let item = try item()
        guard try scanner.next() == .end else { throw scanner.error("nothing may follow the item") }
        return item
    }

    mutating func onlyMessage() throws(SmlError) -> SecsMessage {
        let message = try message()
        guard try scanner.next() == .end else { throw scanner.error("nothing may follow the message") }
        return message
    }

    mutating func messages() throws(SmlError) -> [SecsMessage] {
        var messages: [SecsMessage] = []
        while try scanner.peek() != .end { messages.append(try message()) }
        return messages
    }

    private mutating func message() throws(SmlError) -> SecsMessage {
        var head = try scanner.next()
        if try scanner.peek() == .colon {
            _ = try scanner.next()
            head = try scanner.next()
        }
        let name: String
        switch head {
        case .word(let text): name = text
        case .quoted(let bytes): name = String(decoding: bytes, as: UTF8.self)
        default: throw scanner.error("a message begins with its stream and function, such as S1F1")
        }
        guard let (stream, function) = Self.streamFunction(name) else {
            throw scanner.error("\(Self.shown(name)) is no stream and function such as S1F1")
        }
        var expectsReply = false
        items = 0
        var next = try scanner.peek()
        if case .word(let text) = next, text.uppercased() == "W" {
            _ = try scanner.next()
            expectsReply = true
            next = try scanner.peek()
        }
        let item = next == .opening ? try item() : nil
        guard try scanner.next() == .fullStop else { throw scanner.error("a message ends with a full stop") }
        return SecsMessage(stream: stream, function: function, expectsReply: expectsReply, item: item)
    }

    private static func streamFunction(_ name: String) -> (UInt8, UInt8)? {
        let parts = name.uppercased().dropFirst().split(separator: "F", omittingEmptySubsequences: false)
        guard name.first == "S" || name.first == "s", parts.count == 2, let stream = UInt8(parts[0]), stream < 128,
            let function = UInt8(parts[1])
        else { return nil }
        return (stream, function)
    }

    private struct OpenList {
        var items: [SecsItem] = []
        let announced: Int?
    }

    /// Reads one item, without recursion.
    private mutating func item() throws(SmlError) -> SecsItem {
        var open: [OpenList] = []
        while true {
            guard try scanner.next() == .opening else { throw scanner.error("an item begins with <") }
            guard case .word(let name) = try scanner.next() else { throw scanner.error("the item has no format") }
            guard let format = SecsFormat(name: name) else { throw scanner.error("\(Self.shown(name)) is no format") }
            try count()
            var announced: Int?
            if case .count(let count) = try scanner.peek() {
                _ = try scanner.next()
                announced = count
            }
            if format == .list {
                guard open.count < SecsLimits.deepest else {
                    throw scanner.error("lists are nested over \(SecsLimits.deepest) deep")
                }
                open.append(OpenList(announced: announced))
            } else {
                let item = SecsItem(try content(of: format))
                try check(item, has: announced)
                guard !open.isEmpty else { return item }
                open[open.count - 1].items.append(item)
            }
            while try scanner.peek() == .closing {
                _ = try scanner.next()
                let list = open.removeLast()
                let item = SecsItem.list(list.items)
                try check(item, has: list.announced)
                guard !open.isEmpty else { return item }
                open[open.count - 1].items.append(item)
            }
        }
    }

    private mutating func count() throws(SmlError) {
        items += 1
        guard items <= SecsLimits.mostItems else { throw scanner.error("there are over \(SecsLimits.mostItems) items") }
    }

    private func check(_ item: SecsItem, has announced: Int?) throws(SmlError) {
        guard let announced, announced != item.count else { return }
        throw scanner.error("[\(announced)] is announced, but there are \(item.count)")
    }

    /// What follows the format of what is no list, up to and with the closing bracket.
    private mutating func content(of format: SecsFormat) throws(SmlError) -> SecsItem.Content {
        switch format {
        case .list: preconditionFailure("lists are read by their parts")
        case .binary: .binary(try integers())
        case .boolean: .boolean(try values(Self.boolean, called: "truth value (T or F)"))
        case .ascii: .ascii(try text(isUTF8: false))
        case .jis8: .jis8(try text(isUTF8: false))
        case .localized: .localized(try localized())
        case .i8: .i8(try integers())
        case .i1: .i1(try integers())
        case .i2: .i2(try integers())
        case .i4: .i4(try integers())
        case .f8: .f8(try values({ Double($0) }, called: "number"))
        case .f4: .f4(try values({ Float($0) }, called: "number"))
        case .u8: .u8(try integers())
        case .u1: .u1(try integers())
        case .u2: .u2(try integers())
        case .u4: .u4(try integers())
        }
    }

    private mutating func integers<Value: FixedWidthInteger>() throws(SmlError) -> [Value] {
        try values({ Self.integer($0) }, called: "integer from \(Value.min) to \(Value.max)")
    }

    private mutating func values<Value>(
        _ read: (String) -> Value?, called kind: String
    ) throws(SmlError) -> [Value] {
        var values: [Value] = []
        while true {
            switch try scanner.next() {
            case .closing: return values
            case .word(let word):
                guard let value = read(word) else { throw scanner.error("\(Self.shown(word)) is no \(kind)") }
                values.append(value)
            default: throw scanner.error("here may stand: \(kind), or >")
            }
        }
    }

    private mutating func localized() throws(SmlError) -> LocalizedText? {
        switch try scanner.peek() {
        case .closing:
            _ = try scanner.next()
            return nil
        case .word(let word):
            _ = try scanner.next()
            guard let encoding: UInt16 = Self.integer(word) else {
                throw scanner.error("\(Self.shown(word)) is no code of an encoding")
            }
            return LocalizedText(encoding: encoding, bytes: try text(isUTF8: encoding == LocalizedText.utf8))
        default:
            _ = try scanner.next()
            throw scanner.error("a localized string begins with the code of its encoding")
        }
    }

    private mutating func text(isUTF8: Bool) throws(SmlError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            switch try scanner.next() {
            case .closing: return bytes
            case .quoted(let text):
                guard isUTF8 || text.allSatisfy({ $0 < 0x80 }) else {
                    throw scanner.error("only ASCII may stand in quotes; write other bytes as 0x80")
                }
                bytes += text
            case .word(let word):
                guard let byte: UInt8 = Self.integer(word) else {
                    throw scanner.error("\(Self.shown(word)) is no byte")
                }
                bytes.append(byte)
            default: throw scanner.error("here may stand: a text in quotes, a byte, or >")
            }
        }
    }

    /// A word in an error message, which is for people.
    private static func shown(_ word: String) -> String {
        word.utf8.count <= 80 ? "'\(word)'" : "'\(word.prefix(40))…'"
    }

    private static func boolean(_ word: String) -> Bool? {
        switch word.uppercased() {
        case "T", "TRUE", "1": true
        case "F", "FALSE", "0": false
        default: nil
        }
    }

    private static func integer<Value: FixedWidthInteger>(_ word: String) -> Value? {
        if let value = Value(word) { return value }
        let lower = word.lowercased()
        if lower.hasPrefix("0x") { return Value(lower.dropFirst(2), radix: 16) }
        if lower.hasPrefix("0b") { return Value(lower.dropFirst(2), radix: 2) }
        return nil
    }
}
