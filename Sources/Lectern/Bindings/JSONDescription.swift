internal import LuaRuntime

/// What the reference, editors and checks tell of `json`, which is written in C: Sources/CLuaShim/json.c. A test
/// compares names and parameters.
enum JSONDescription {
    private static let shape = "table|string|number|boolean|userdata"

    private static let value = LuaParameter.data(
        "value", .any.annotated("\(shape)|nil"),
        "A string, a number, a boolean, json.null, nil, or a table of such values; tables are read raw.")
    private static let text = LuaParameter.required("text", .string, "The text of one value.")
    private static let sorting = LuaParameter.optional(
        "sort_keys", .boolean, default: "false", "Whether the members of objects are sorted by their names' bytes.")

    private static let reading = [
        text,
        .optional(
            "encoding", .oneOf(["utf-8", "latin-1", "bytes"]), default: "'utf-8'",
            "What bytes from 128 on are: UTF-8, which is checked; characters of Latin-1, of which UTF-8 is made; or just bytes."
        ),
        .optional("drop_nulls", .boolean, default: "false", "Whether members that are null are left out."),
    ]

    /// The functions, in order of their names.
    static let functions: [ClassSurface.Member] = [
        function(
            "array", [.optional("t", .table, "The table; a new one when it is left out.")],
            .of("table", "the same table"),
            "Marks a table as an array, also when it is empty or has holes, which become null. A field `n` is its length."
        ),
        function(
            "decode", reading, .of(shape, "the value"),
            "Makes a value of the text of JSON. Raises ValueError with line, column and path when it is none."),
        function(
            "dumps",
            [
                value,
                .optional(
                    "indent", .any.annotated("integer|string"),
                    "Spaces of a step, or its text; without it all is one line."),
                sorting,
                .optional(
                    "ensure_ascii", .boolean, default: "true",
                    "Whether other characters than those of ASCII are escaped."),
                .optional(
                    "separators", .table.annotated("{[1]: string, [2]: string}"),
                    "What stands between two members, and behind a name; by default {', ', ': '}, with an indent {',', ': '}."
                ),
            ], .of("string"), "Does what encode does, with the parameters and defaults of Python's json.dumps."),
        function(
            "encode",
            [
                value,
                .optional(
                    "pretty", .boolean, default: "false",
                    "Whether each member has a line of its own, indented by two spaces."),
                sorting,
                .optional(
                    "ascii", .boolean, default: "false", "Whether other characters than those of ASCII are escaped."),
                .optional(
                    "encoding", .oneOf(["utf-8", "latin-1", "bytes"]), default: "'utf-8'",
                    "What bytes from 128 on of strings are: UTF-8, which is checked; characters of Latin-1; or just bytes."
                ),
            ], .of("string"), "Writes a value as JSON. Raises ValueError with the path of what JSON does not have."),
        function("loads", reading, .of(shape, "the value"), "Does what decode does, by Python's name."),
        function(
            "object", [.optional("t", .table, "The table; a new one when it is left out.")],
            .of("table", "the same table"),
            "Marks a table as an object, so that its numbers among the keys become names."),
    ]

    /// What it has beside functions.
    static let values = [
        GlobalTable.Value(
            name: "null", type: "userdata", documentation: "Stands for null in lists and objects. It counts as true.")
    ]

    private static func function(
        _ name: String, _ parameters: [LuaParameter], _ returns: LuaShape, _ documentation: String
    ) -> ClassSurface.Member {
        ClassSurface.Member(
            kind: .method, name: "json.\(name)", parameters: parameters, type: returns, documentation: documentation)
    }
}

extension BindingContext {
    /// Tells the reference, editors and checks of `json`.
    func describeJSON() {
        runtime.describeGlobal(
            table: "json", functions: JSONDescription.functions, values: JSONDescription.values)
    }
}
