package import LuaRuntime

/// The methods that strings have beside Lua's own, as the reference and the editor's annotations tell them. They are
/// written in C; a test compares names, parameters and what there is.
package enum StringMethods {
    /// What `string` has of Lua's own.
    package static let namesOfLua = [
        "byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep",
        "reverse", "sub", "unpack", "upper",
    ]

    private static let sep = LuaParameter.optional("sep", .string, "Where to cut; whitespace when left out.")
    private static let maxsplit = LuaParameter.optional("maxsplit", .integer, default: "-1", "The most cuts; -1: all.")
    private static let stripped = LuaParameter.optional("bytes", .string, "The set of bytes; whitespace when left out.")
    private static let sub = LuaParameter.required("sub", .string, "What to look for.")
    private static let part = [
        LuaParameter.optional("start", .integer, default: "1", "Where the part begins."),
        LuaParameter.optional("end", .integer, default: "-1", "Where the part ends; this byte belongs to it."),
    ]
    private static let width = LuaParameter.required("width", .integer, "The length to reach.")
    private static let fill = LuaParameter.optional("fillbyte", .string, default: "' '", "One byte.")

    private static let coding = [
        LuaParameter.optional("encoding", .string, default: "'utf-8'", "One of 'utf-8', 'ascii', 'latin-1'."),
        LuaParameter.optional(
            "errors", .oneOf(["strict", "ignore", "replace"]), default: "'strict'",
            "What becomes of bytes that the encoding does not have."),
    ]

    /// All of them, in order of their names.
    package static let all: [ClassSurface.Member] = [
        method("capitalize", [], "a string", "Makes the first byte a capital and the other letters small."),
        method(
            "casefold", [], "a string", "Makes all letters small, for comparisons without regard to case."),
        method("center", [width, fill], "a string", "Fills up at both ends."),
        method("count", [sub] + part, "a whole number", "Counts a string in the part, without overlaps."),
        method(
            "decode", coding, "a string",
            "Gives the same bytes, as text and bytes are both strings; a ValueError when they are no text of the encoding."
        ),
        method(
            "encode", coding, "a string",
            "Gives the same bytes, as text and bytes are both strings; with 'ascii' a ValueError when there are others."
        ),
        method(
            "endswith", [.required("suffix", .any, "A string, or a list of which one is enough.")] + part, "a boolean",
            "Tells whether the part ends so."),
        method(
            "expandtabs", [.optional("tabsize", .integer, default: "8", "Columns from one tab stop to the next.")],
            "a string", "Puts spaces for tabs."),
        method(
            "format_map",
            [.required("mapping", .table, "A table with a value for each name.")], "a string",
            "Fills in the fields of the text as formatted does, all of them by name."),
        method(
            "formatted",
            [
                .repeated(
                    "values", .any,
                    "The values of the fields; a table as the last one has those of the fields with names.")
            ], "a string", "Fills in the fields of the text, `{}`, `{0}` and `{name:>8.2f}`, as Python's format does."),
        method(
            "fromhex", [], "a string", "Gives the bytes of the hexadecimal digits; whitespace may stand between bytes."),
        method(
            "hex",
            [
                .optional("sep", .string, "One byte of ASCII to put between groups."),
                .optional(
                    "bytes_per_sep", .integer, default: "1",
                    "Bytes of a group, counted from the end; below 0: from the begin."),
            ], "a string", "Gives two hexadecimal digits for each byte."),
        method(
            "index", [sub] + part, "a whole number",
            "Gives the position of the first one; a ValueError when there is none."),
        method("isalnum", [], "a boolean", "Tells whether there are bytes, and all are letters or digits."),
        method("isalpha", [], "a boolean", "Tells whether there are bytes, and all are letters."),
        method("isascii", [], "a boolean", "Tells whether all bytes are below 128."),
        method("isdecimal", [], "a boolean", "Does what isdigit does."),
        method("isdigit", [], "a boolean", "Tells whether there are bytes, and all are digits."),
        method(
            "isidentifier", [], "a boolean",
            "Tells whether it could be a name: letters, digits and underscores, with no digit first."),
        method("islower", [], "a boolean", "Tells whether there are letters, and all are small."),
        method("isnumeric", [], "a boolean", "Does what isdigit does."),
        method("isprintable", [], "a boolean", "Tells whether all bytes are printable ASCII."),
        method("isspace", [], "a boolean", "Tells whether there are bytes, and all are whitespace."),
        method(
            "istitle", [], "a boolean", "Tells whether there are letters, and each run of them is as title makes it."),
        method("isupper", [], "a boolean", "Tells whether there are letters, and all are capitals."),
        method(
            "join", [.required("iterable", .table, "A list of strings or numbers.")], "a string",
            "Puts the string between those of the list."),
        method("ljust", [width, fill], "a string", "Fills up at the end."),
        method("lstrip", [stripped], "a string", "Takes bytes of a set away at the begin."),
        method(
            "maketrans", [.required("to", .string, "As many bytes.")], "a string of 256 bytes",
            "Makes a table for translate that gives the byte of `to` for each of this string."),
        method(
            "partition", [.required("sep", .string, "Where to cut.")], "what is before it, it, and what is behind it",
            "Cuts at the first one; without one gives the string and two empty ones."),
        method(
            "removeprefix", [.required("prefix", .string, "What to take away.")], "a string",
            "Takes it away if the string begins so."),
        method(
            "removesuffix", [.required("suffix", .string, "What to take away.")], "a string",
            "Takes it away if the string ends so."),
        method(
            "replace",
            [
                .required("old", .string, "What to replace."), .required("new", .string, "What to put there."),
                .optional("count", .integer, default: "-1", "The most replacements; -1: all."),
            ], "a string", "Puts one string for another."),
        method("rfind", [sub] + part, "a whole number, or nil", "Gives the position of the last one."),
        method(
            "rindex", [sub] + part, "a whole number",
            "Gives the position of the last one; a ValueError when there is none."),
        method("rjust", [width, fill], "a string", "Fills up at the begin."),
        method(
            "rpartition", [.required("sep", .string, "Where to cut.")], "what is before it, it, and what is behind it",
            "Cuts at the last one; without one gives two empty strings and the string."),
        method("rsplit", [sep, maxsplit], "a list of strings", "Cuts into pieces; maxsplit counts from the end."),
        method("rstrip", [stripped], "a string", "Takes bytes of a set away at the end."),
        method("split", [sep, maxsplit], "a list of strings", "Cuts into pieces; maxsplit counts from the begin."),
        method(
            "splitlines", [.optional("keepends", .boolean, default: "false", "Whether lines keep their ends.")],
            "a list of strings", "Cuts into lines, which end with LF, CR or CR LF."),
        method(
            "startswith", [.required("prefix", .any, "A string, or a list of which one is enough.")] + part,
            "a boolean",
            "Tells whether the part begins so."),
        method("strip", [stripped], "a string", "Takes bytes of a set away at both ends."),
        method("swapcase", [], "a string", "Makes capitals small and small letters capitals."),
        method("title", [], "a string", "Gives each run of letters a capital, and small letters behind it."),
        method(
            "translate",
            [
                .required("table", .string, "256 bytes, the new one for each; nil changes none."),
                .optional("delete", .string, default: "''", "The set of bytes to take out."),
            ], "a string", "Replaces each byte by the one that a table has for it."),
        method("zfill", [width], "a string", "Fills up with zeros at the begin, behind a sign."),
    ]

    private static func method(
        _ name: String, _ parameters: [LuaParameter], _ returns: String, _ documentation: String
    ) -> ClassSurface.Member {
        ClassSurface.Member(
            kind: .method, name: name, parameters: parameters, type: returns, documentation: documentation)
    }
}
