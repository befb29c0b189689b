/// A message's text is SECS-II, but not what the message demands.
///
/// A callback throws it to have the message answered so: with S9F7 from equipment, with SxF0 from a host.
public struct SecsIllegalData: Error, Sendable {
    /// What is wrong, for people.
    public let message: String

    /// An error with a message for the log.
    public init(_ message: String) {
        self.message = message
    }
}

extension SecsIllegalData: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}

extension Optional where Wrapped == SecsItem {
    /// The items of a list, of which there must be `count` when given.
    func list(_ count: Int? = nil) throws(SecsIllegalData) -> [SecsItem] {
        guard let items = self?.items, count == nil || items.count == count else {
            throw SecsIllegalData(count.map { "a list of \($0) is expected" } ?? "a list is expected")
        }
        return items
    }
}

extension SecsItem {
    /// The items of a list, of which there must be `count` when given.
    func list(_ count: Int? = nil) throws(SecsIllegalData) -> [SecsItem] {
        try Optional(self).list(count)
    }

    /// The identifier that the item is.
    func identifier() throws(SecsIllegalData) -> GemID {
        guard let id = GemID(self) else { throw SecsIllegalData("an identifier is expected") }
        return id
    }

    /// The most identifiers that one list of a message may hold.
    static let mostIdentifiers = 10_000

    /// The identifiers that a list holds. An array of numbers is taken too, as SEMI E5 lets a sender write it so.
    func identifiers() throws(SecsIllegalData) -> [GemID] {
        guard count <= Self.mostIdentifiers else {
            throw SecsIllegalData("there are \(count) identifiers; at most \(Self.mostIdentifiers) are read")
        }
        if let numbers = unsignedIntegers { return numbers.map(GemID.number) }
        var ids: [GemID] = []
        for item in try list() { ids.append(try item.identifier()) }
        return ids
    }

    /// The one byte or small number that the item is: senders use `B` and `U1` alike for codes.
    func code() throws(SecsIllegalData) -> UInt8 {
        guard let value = unsignedInteger, let code = UInt8(exactly: value) else {
            throw SecsIllegalData("a code of one byte is expected")
        }
        return code
    }

    /// The text that the item is.
    func requireText() throws(SecsIllegalData) -> SecsText {
        guard let text = secsText else { throw SecsIllegalData("a text is expected") }
        return text
    }
}
