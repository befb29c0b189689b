package import LuaRuntime

/// The methods that strings have beside Lua's own, as the reference and the editor's annotations tell them. They are
/// written in C; a test compares names, parameters and what there is.
package enum StringMethods {
    /// What `string` has of Lua's own.
    package static let namesOfLua = [
        "byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep",
        "reverse", "sub", "unpack", "upper",
    ]

    private static let sep = LuaParameter.optional("sep", .string, "Where to cut; by default at whitespace.")
    private static let maxsplit = LuaParameter.optional("maxsplit", .integer, default: "-1", "The most cuts; -1: all.")
    private static let stripped = LuaParameter.optional("bytes", .string, "The set of bytes; by default whitespace.")
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
            "What happens to bytes that the encoding does not have."),
    ]

    /// All of them, in order of their names.
    package static let all: [ClassSurface.Member] = [
        method("capitalize", [], .of("string"), "Makes the first byte a capital and the other letters small."),
        method(
            "casefold", [], .of("string"), "Makes all letters small, for comparisons without regard to case."),
        method("center", [width, fill], .of("string"), "Adds fill bytes at both ends."),
        method("count", [sub] + part, .of("integer"), "Counts a string in the part, without overlaps."),
        method(
            "decode", coding, .of("string"),
            "Gives the same string: text and bytes are both strings. Raises ValueError when the bytes are not valid in the encoding."
        ),
        method(
            "encode", coding, .of("string"),
            "Gives the same string: text and bytes are both strings. With 'ascii', raises ValueError when there are other bytes."
        ),
        method(
            "endswith",
            [
                .required(
                    "suffix", .any.annotated("string|string[]"),
                    "A string, or a list of strings of which one has to fit.")
            ]
                + part, .of("boolean"),
            "Tells whether the part ends with the suffix."),
        method(
            "expandtabs", [.optional("tabsize", .integer, default: "8", "Columns from one tab stop to the next.")],
            .of("string"), "Replaces tabs by spaces."),
        method(
            "format_map",
            [.required("mapping", .table, "A table with a value for each name.")], .of("string"),
            "Fills in the fields of the text as formatted does, all of them by name."),
        method(
            "formatted",
            [
                .repeated(
                    "values", .any,
                    "The values of the fields. A table as the last argument has the values of the named fields.")
            ], .of("string"),
            "Fills in the fields of the text, `{}`, `{0}` and `{name:>8.2f}`, as Python's format does."),
        method(
            "fromhex", [], .of("string"),
            "Gives the bytes of the hexadecimal digits; whitespace may stand between bytes."),
        method(
            "hex",
            [
                .optional("sep", .string, "One byte of ASCII to put between groups."),
                .optional(
                    "bytes_per_sep", .integer, default: "1",
                    "The bytes of a group. Groups are counted from the end, with a negative number from the beginning."),
            ], .of("string"), "Gives two hexadecimal digits for each byte."),
        method(
            "index", [sub] + part, .of("integer"),
            "Gives the position of the first one. Raises ValueError when there is none."),
        method("isalnum", [], .of("boolean"), "Tells whether there are bytes, and all are letters or digits."),
        method("isalpha", [], .of("boolean"), "Tells whether there are bytes, and all are letters."),
        method("isascii", [], .of("boolean"), "Tells whether all bytes are below 128."),
        method("isdecimal", [], .of("boolean"), "Does what isdigit does."),
        method("isdigit", [], .of("boolean"), "Tells whether there are bytes, and all are digits."),
        method(
            "isidentifier", [], .of("boolean"),
            "Tells whether it could be a name: letters, digits and underscores, with no digit first."),
        method("islower", [], .of("boolean"), "Tells whether there are letters, and all are small."),
        method("isnumeric", [], .of("boolean"), "Does what isdigit does."),
        method("isprintable", [], .of("boolean"), "Tells whether all bytes are printable ASCII."),
        method("isspace", [], .of("boolean"), "Tells whether there are bytes, and all are whitespace."),
        method(
            "istitle", [], .of("boolean"),
            "Tells whether there are letters, and each run of them begins with a capital and goes on with small letters."
        ),
        method("isupper", [], .of("boolean"), "Tells whether there are letters, and all are capitals."),
        method(
            "join", [.required("iterable", .table.annotated("(string|number)[]"), "A list of strings or numbers.")],
            .of("string"),
            "Joins the strings of the list, with this string between them."),
        method("ljust", [width, fill], .of("string"), "Adds fill bytes at the end."),
        method("lstrip", [stripped], .of("string"), "Removes bytes of a set at the beginning."),
        method(
            "maketrans", [.required("to", .string, "The new bytes, as many as this string has.")],
            .of("string", "256 bytes"),
            "Makes a table for translate that replaces each byte of this string by the byte of `to` at the same place."),
        method(
            "partition", [.required("sep", .string, "Where to cut.")],
            .of("string, string, string", "what is before it, it, and what is behind it"),
            "Cuts at the first separator. Without one it gives the string and two empty strings."),
        method(
            "removeprefix", [.required("prefix", .string, "What to remove.")], .of("string"),
            "Removes the prefix if the string begins with it."),
        method(
            "removesuffix", [.required("suffix", .string, "What to remove.")], .of("string"),
            "Removes the suffix if the string ends with it."),
        method(
            "replace",
            [
                .required("old", .string, "What to replace."), .required("new", .string, "What to put there."),
                .optional("count", .integer, default: "-1", "The most replacements; -1: all."),
            ], .of("string"), "Replaces one string by another."),
        method("rfind", [sub] + part, .of("integer|nil"), "Gives the position of the last one."),
        method(
            "rindex", [sub] + part, .of("integer"),
            "Gives the position of the last one. Raises ValueError when there is none."),
        method("rjust", [width, fill], .of("string"), "Adds fill bytes at the beginning."),
        method(
            "rpartition", [.required("sep", .string, "Where to cut.")],
            .of("string, string, string", "what is before it, it, and what is behind it"),
            "Cuts at the last separator. Without one it gives two empty strings and the string."),
        method("rsplit", [sep, maxsplit], .of("string[]"), "Cuts into pieces, at most maxsplit times from the end."),
        method("rstrip", [stripped], .of("string"), "Removes bytes of a set at the end."),
        method(
            "split", [sep, maxsplit], .of("string[]"), "Cuts into pieces, at most maxsplit times from the beginning."),
        method(
            "splitlines", [.optional("keepends", .boolean, default: "false", "Whether lines keep their ends.")],
            .of("string[]"), "Cuts into lines, which end with LF, CR or CR LF."),
        method(
            "startswith",
            [
                .required(
                    "prefix", .any.annotated("string|string[]"),
                    "A string, or a list of strings of which one has to fit.")
            ]
                + part,
            .of("boolean"),
            "Tells whether the part begins with the prefix."),
        method("strip", [stripped], .of("string"), "Removes bytes of a set at both ends."),
        method("swapcase", [], .of("string"), "Makes capitals small and small letters capitals."),
        method(
            "title", [], .of("string"), "Makes the first letter of each run of letters a capital, and the others small."
        ),
        method(
            "translate",
            [
                .required("table", .string, "256 bytes: the new byte for each byte; nil changes none."),
                .optional("delete", .string, default: "''", "The set of bytes to take out."),
            ], .of("string"), "Replaces each byte by the one that a table has for it."),
        method("zfill", [width], .of("string"), "Adds zeros at the beginning, after the sign if there is one."),
    ]

    private static func method(
        _ name: String, _ parameters: [LuaParameter], _ returns: LuaShape, _ documentation: String
    ) -> ClassSurface.Member {
        ClassSurface.Member(
            kind: .method, name: name, parameters: parameters, type: returns, documentation: documentation)
    }
}
