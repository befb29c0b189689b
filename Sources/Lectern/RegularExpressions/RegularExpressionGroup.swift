/// What the text of a pattern says of one capturing group.
struct RegularExpressionGroup: Sendable {
    /// The number of the capturing group around this one, 0 for none.
    let parent: Int

    /// Whether the group lies in a lookahead or lookbehind, and so may end beyond the match.
    let isInLookaround: Bool

    /// Whether its closing parenthesis has been read.
    var isClosed = false
}
