/// A value of a YAML document, and where it stands.
///
/// Scalars are texts: whoever reads them knows what they must be, so the surprises of YAML's own types (`on`, `1:30`)
/// have no part in it.
struct YAMLNode {
    /// What it is.
    enum Content {
        /// A text; plain when it is written without quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the document; no key that is a scalar is there twice.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content
    /// Counted from 1.
    let line: Int

    /// The text of a scalar.
    var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }
}

/// Why a text is no YAML document that is accepted.
struct YAMLError: Error {
    /// Counted from 1; nil when the problem is not at a line.
    var line: Int?
    var problem: String
}
