/// What a check of a program has found: one mistake at one place.
public struct ProgramProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable, CaseIterable {
        /// The program does not load, or fails when it comes to this place.
        case error
        /// The program goes on, but hardly as it was meant.
        case warning
    }

    /// What kind of mistake it is. The raw values stay as they are: editors and scripts know them.
    public enum Code: String, Sendable, CaseIterable {
        /// The program or one of its folders cannot be read.
        case unreadable
        /// A text is no Lua.
        case syntaxError = "syntax-error"
        /// A module that is required is not there, or cannot be read.
        case missingModule = "missing-module"
        /// A global that nothing defines.
        case undefinedGlobal = "undefined-global"
        /// A global that another profile has.
        case notInProfile = "not-in-profile"
        /// A local variable's name further up than its `local`.
        case usedBeforeLocal = "used-before-local"
        /// A function was to be given, and what its call returns is: nothing.
        case calledTooEarly = "called-too-early"
        /// Arguments that a function refuses.
        case wrongArgument = "wrong-argument"
        /// A name that an object or a table does not have.
        case unknownMember = "unknown-member"
        /// A property that cannot be set is set.
        case readOnlyProperty = "read-only-property"
        /// A method is called with a dot.
        case dotForColon = "dot-for-colon"
        /// An event that a class does not have.
        case unknownEvent = "unknown-event"
        /// A declaration that `DeviceModule` refuses.
        case wrongDeclaration = "wrong-declaration"
    }

    /// The file, as error messages show it.
    public var file: String
    /// The line, from 1 on; nil when it concerns the whole file.
    public var line: Int?
    /// The byte in the line, from 1 on; nil when only the line is known.
    public var column: Int?
    /// How bad it is.
    public var severity: Severity
    /// What kind of mistake it is.
    public var code: Code
    /// What is wrong, and what to do.
    public var text: String

    init(
        _ code: Code, _ text: String, severity: Severity = .error, file: String, line: Int? = nil, column: Int? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.severity = severity
        self.code = code
        self.text = text
    }

    init(_ code: Code, _ text: String, severity: Severity = .error, at place: SourcePlace, in file: String) {
        self.init(code, text, severity: severity, file: file, line: place.line, column: place.column)
    }

    /// `file:line: text`, or the text alone, which names the file then.
    public var description: String { line.map { "\(file):\($0): \(text)" } ?? text }
}

extension ProgramProblem: Comparable {
    /// By file, then line, then column.
    public static func < (a: ProgramProblem, b: ProgramProblem) -> Bool {
        (a.file, a.line ?? 0, a.column ?? 0, a.text) < (b.file, b.line ?? 0, b.column ?? 0, b.text)
    }
}
