/// A file of a program that is checked.
struct CheckedFile {
    /// As error messages show it.
    let path: String
    let text: [UInt8]
    /// Nil when it does not compile.
    let tree: SyntaxTree?
}

/// A place in the expressions of a program's files.
struct Site: Hashable {
    /// Which file it is.
    var file: Int
    var id: ExpressionID
}
