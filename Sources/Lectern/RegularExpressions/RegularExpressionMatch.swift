extension RegularExpression {
    /// One match: where the groups lie in the subject.
    struct Match: Equatable, Sendable {
        /// The range of each group in bytes of the subject, nil for a group that took no part. Group 0 is the whole
        /// match.
        let ranges: [Range<Int>?]

        /// The number of the group that was closed last, or nil when no group took part.
        let lastIndex: Int?

        /// The range of the whole match.
        let range: Range<Int>

        /// The range of a group, nil when it took no part or does not exist.
        subscript(group: Int) -> Range<Int>? {
            ranges.indices.contains(group) ? ranges[group] : nil
        }
    }
}
