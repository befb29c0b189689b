// How tables of programs are stored: as JSON that people can read. What JSON cannot say is an object with one member,
// whose name begins with a `$`:
//
//     {"$float": "nan"}        a float that is no number: "inf", "-inf" or "nan"
//     {"$bytes": "\u00ff"}     a string that is not UTF-8: each character is one byte
//     {"$table": [[1, "a"]]}   a table with other keys than those of a list or names: its pairs
//     {"$array": [1]}          what json.array marks
//     {"$object": {}}          what json.object marks
//
// A list is an array, and a table of names an object, in the order of the names' bytes: the same table gives the same
// text. Whole numbers are integers, numbers with a point or an exponent are floats. null is json.null.

/// The words of the form.
enum StoredMark: String {
    case float = "$float"
    case bytes = "$bytes"
    case table = "$table"
    case array = "$array"
    case object = "$object"

    /// A name that begins so is not written as a member's.
    static let sign = UInt8(ascii: "$")
}

/// Bounds of what is stored.
package enum StoredBounds {
    /// Tables within one another.
    package static let depth = 100
    /// Arrays and objects within one another in a text: a table may need four of them.
    static let textDepth = 4 * depth + 4
}

/// Why a value cannot be stored.
package struct UnstorableValue: Error, Equatable {
    /// Where it is in the table, as a program would write it: `volume.curve`; empty: the table itself.
    package let path: String
    /// What is wrong, to stand after the path: `is a function, which cannot be stored`.
    package let problem: String
}

/// What is wrong with a stored text, and where.
package struct StoredTextDamage: Error, Equatable {
    /// What is wrong, in one line.
    package let problem: String

    /// Damage that is at no certain place.
    package init(_ problem: String) { self.problem = problem }

    init(_ problem: String, at offset: Int) { self.problem = "\(problem) at byte \(offset + 1)" }
}
